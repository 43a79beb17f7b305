"""Simulations by ngspice of the circuit as netlisted, each with its limits."""
