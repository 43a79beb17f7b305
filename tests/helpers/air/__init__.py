"""Boards on the virtual air: a ward, its rounds, what disturbs a pull, attackers, other clients."""
