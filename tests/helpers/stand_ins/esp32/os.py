"""Stand-in for MicroPython's `os`: random bytes, the same in every run."""

_drawn = 0


def urandom(n):
    global _drawn
    _drawn += 1
    return bytes((_drawn * 37 + i * 11 + 5) & 255 for i in range(n))
