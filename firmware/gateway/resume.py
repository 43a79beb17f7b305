"""What a reset would forget: kept in memory that outlives it, noted at the next boot.

     0  2  magic "PR", or "PS": the board was in service since (boards/loader)
     2  4  boot     6  4  uptime_s     10  2  uptime_ms
    12  4  counts, 16 4 presses: since the last minute record, whose end was
    20  4  span_ms before
    24 24  the same again: a write that was cut, or memory that faded, shows
"""

import struct

from micropython import const
from pumpwire import records

from .note import note

_MAGIC = 0x5250
_SERVED = 0x5350
_FORMAT = "<HIIHIII"
_BYTES = const(24)
_LOST_MS = const(25000)  # the watchdog's 10 s, 10 s between two snapshots, and the boot
_QUICK = (2, 3, 5)  # reset reasons after which the board was back at once


class Memory:
    """retained: the board's port (load(buf) -> bool, save(buf))."""

    def __init__(self, retained):
        self._retained = retained
        self._buf = bytearray(2 * _BYTES)

    def save(self, boot, uptime, span_ms, counts, presses):
        """Keeps how far this boot came; allocates nothing."""
        buf = self._buf
        s = uptime.s
        ms = uptime.ms
        struct.pack_into(_FORMAT, buf, 0, _MAGIC, boot, s, ms, counts, presses, span_ms)
        struct.pack_into(_FORMAT, buf, _BYTES, _MAGIC, boot, s, ms, counts, presses, span_ms)
        self._retained.save(buf)

    def note_resumed(self, log, boot, reason):
        """Writes RESUMED if the memory holds the boot before this one."""
        buf = self._buf
        if not self._retained.load(buf):
            return
        if buf[:_BYTES] != buf[_BYTES:]:
            return
        magic, before, s, ms, counts, presses, span_ms = struct.unpack_from(_FORMAT, buf, 0)
        if magic in (_MAGIC, _SERVED) and before == boot - 1:
            lost_ms = _LOST_MS if magic == _MAGIC and reason in _QUICK else 0
            note(log, records.RESUMED, before, s, ms, span_ms, counts, presses, lost_ms)
