"""Years of uptime, over every wrap of the board's ticks."""

from gateway.clock import Uptime
from pumpwire.units import TICKS_WRAP

DAYS_OF_34_YEARS = 34 * 365


def count_last_days(n):
    """Counts through the last n of 34 years' days: to the second, and in small integers."""
    uptime = Uptime()
    uptime.s = (DAYS_OF_34_YEARS - n) * 86400
    for day in range(1, n + 1):
        uptime.advance(day * 86400000 % TICKS_WRAP)
    assert (uptime.s, uptime.ms) == (DAYS_OF_34_YEARS * 86400, 0)
    assert uptime.s < 1 << 30
