"""Current Elapsed Time, 0x2BF2: a tick counter, for a board knows its uptime for sure and no wall clock.

    0  1  flags         tick counter, resolution 100 ms, present timeline
    1  6  time          tenths of seconds since the board started
    7  1  source        7: not synchronised
    8  1  offset        0: no time zone
    9  1  clock status  0
   10  1  capabilities  0
"""

import struct

from .units import const

BODY = "<BIHBbBB"
_FLAGS = const(0x25)
_NOT_SYNCHRONISED = const(7)


def value(uptime_s, uptime_ms):
    """Returns the value at that uptime."""
    return struct.pack(BODY, _FLAGS, uptime_s * 10 + uptime_ms // 100, 0, _NOT_SYNCHRONISED, 0, 0, 0)
