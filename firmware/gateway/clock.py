"""Time as the gateway keeps it: milliseconds modulo 2^30 from the board, seconds since boot."""

from micropython import const

_MASK = const((1 << 30) - 1)  # pumpwire.units.TICKS_WRAP
_HALF = const(1 << 29)


def ticks_diff(later_ms, earlier_ms):
    """Returns later - earlier in ms, right across the wrap for spans under 2^29 ms (6.2 days)."""
    return (((later_ms - earlier_ms) & _MASK) ^ _HALF) - _HALF  # never passes 2^30 on the way


class Uptime:
    """Seconds (`s`) and milliseconds (`ms`, 0..999) since boot; stays below 2^30 for 34 years."""

    def __init__(self):
        self.s = 0
        self.ms = 0
        self._last_ms = 0

    def advance(self, now_ms):
        """Moves on to the board's now_ms; to be called at least every 6 days."""
        ms = self.ms + (((now_ms - self._last_ms) & _MASK) ^ _HALF) - _HALF  # ticks_diff, inline
        self._last_ms = now_ms
        while ms >= 1000:
            ms -= 1000
            self.s += 1
        self.ms = ms

    def at(self, now_ms):
        """Returns (s, ms) of the board's now_ms, which may lie ahead of where this stands."""
        ms = self.ms + ticks_diff(now_ms, self._last_ms)
        return self.s + ms // 1000, ms % 1000
