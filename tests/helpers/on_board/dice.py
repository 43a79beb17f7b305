"""Seeded random numbers on every runtime (the 32-bit one has no `random`)."""

_state = 1


def seed(value):
    global _state
    _state = value


def bits(n):
    """Returns n random bits, n up to 15."""
    global _state
    _state = (_state * 1103 + 12345) % 1000003
    return (_state * 7 // 3) & ((1 << n) - 1)


def chance(share):
    """Returns True in this share of calls."""
    return bits(12) < share * 4096
