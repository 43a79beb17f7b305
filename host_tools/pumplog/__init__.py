"""pumplog: pulls the log of the gateway beside a drug-infusion pump, and prints its tables."""

__version__ = "0.1.0"
