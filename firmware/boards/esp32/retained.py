"""Memory that outlives a reset: the RTC's RAM. Lost without power, doubtful after a brownout.

     0  2  length   of the data
     2  2  check    CRC-16 over length and data: a brownout may leave some bits and lose others
     4  n  data     up to 256 bytes
"""

from machine import RTC
from micropython import const
from pumpwire.check import crc16

_HEAD = const(4)
_MOST_BYTES = const(256)


class Retained:
    """One buffer kept over resets."""

    def __init__(self):
        self._rtc = RTC()  # making it checks the chip's own mark, so it comes before memory()
        self._frame = bytearray(_HEAD + _MOST_BYTES)

    def save(self, buf):
        """Keeps a copy of `buf`, up to 256 bytes. Allocates nothing."""
        frame = self._frame
        n = len(buf)
        frame[0] = n & 255
        frame[1] = n >> 8
        for i in range(n):
            frame[_HEAD + i] = buf[i]
        check = self._check(frame, n)
        frame[2] = check & 255
        frame[3] = check >> 8
        self._rtc.memory(frame)

    def load(self, buf):
        """Fills `buf` with what was saved; False, leaving it alone, unless that is whole and as long."""
        frame = self._rtc.memory()
        n = len(buf)
        if len(frame) < _HEAD + n or frame[0] | frame[1] << 8 != n:
            return False
        if frame[2] | frame[3] << 8 != self._check(frame, n):
            return False
        for i in range(n):
            buf[i] = frame[_HEAD + i]
        return True

    def _check(self, frame, n):
        return crc16(frame, _HEAD, _HEAD + n, crc16(frame, 0, 2))
