"""What Python leaves to the chip's system, out of which the radio's own code takes what a link needs.

Below the reserve no link is taken and no pairing window opens; the cable goes on. A record says when
less is left than ever since the boot, once that is little.
"""

from micropython import const
from pumpwire import records
from pumpwire.units import RADIO_PIECE_BYTES, RADIO_RESERVE_BYTES

from .note import note

_PLENTY_BYTES = const(61440)  # with so much left there is nothing to tell
_STEP_BYTES = const(1024)  # a new low is told when it is lower by so much


class Headroom:
    """memory: the board's port; log: the event log. free, largest, lowest: as last read, bytes;
    held: whether the radio takes no link, or is off, for want of memory."""

    def __init__(self, memory, log):
        self._memory = memory
        self._log = log
        self._told = _PLENTY_BYTES
        self.held = False
        self.free, self.largest, self.lowest = memory.left()

    def look(self, when):
        """Reads what is left; returns whether it suffices for a link. Allocates: not in a tick."""
        self.free, self.largest, self.lowest = self._memory.left()
        off = self._memory.short
        held = off or self.free < RADIO_RESERVE_BYTES or self.largest < RADIO_PIECE_BYTES
        lower = self.lowest <= self._told - _STEP_BYTES
        if lower or held != self.held or held and when == records.AT_WINDOW:
            self._told = min(self._told, self.lowest)
            self.held = held
            radio = records.RADIO_OFF if off else records.RADIO_HELD if held else records.RADIO_ON
            note(self._log, records.MEMORY, when, self.free, self.largest, self.lowest, radio)
        return not held
