"""Memory that outlives a reset: the RTC's RAM. Lost without power, doubtful after a brownout.

It may then have kept some bits and lost others: who saves puts a check into what is saved.
"""

from machine import RTC


class Retained:
    """One buffer of up to 256 bytes kept over resets."""

    def __init__(self):
        self._rtc = RTC()  # making it checks the chip's own mark, so it comes before memory()

    def save(self, buf):
        """Keeps a copy of `buf`. Allocates nothing."""
        self._rtc.memory(buf)

    def served(self):
        """Returns whether the loader marked it: the board was in service since it was saved."""
        return self._rtc.memory()[:2] == b"PS"

    def load(self, buf):
        """Fills `buf` with what was saved; False, leaving it alone, unless that is as long."""
        kept = self._rtc.memory()
        if len(kept) != len(buf):
            return False
        buf[:] = kept
        return True
