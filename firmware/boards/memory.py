"""The memory port of both boards: what the chip's system could still give, on MicroPython's `esp32`.

On the ESP32 Python's heap grows out of the internal memory from which the radio's C code takes its own,
and keeps what it took. Where that code finds none the chip crashes in C, past any `except`. Sources, of
MicroPython 1.27.0: gc_try_add_heap in py/gc.c (a heap that is full doubles, or takes the largest piece
there is), gc_get_max_new_split in ports/esp32/gccollect.c, CONFIG_SPIRAM_MALLOC_ALWAYSINTERNAL in
ports/esp32/boards/sdkconfig.spiram_esp32 (with PSRAM the heap lies there); the crash:
github.com/KristianP26/ble-scale-sync/issues/139. Where that happens again and again the radio stays off
for a start, so that a board never does nothing but crash.
"""

import sys

from esp32 import HEAP_DATA, idf_heap_info
from micropython import const
from pumpwire.units import RADIO_RESERVE_BYTES

_RADIO_BYTES = const(32768)  # what the stack takes as it starts: Moddable-OpenSource/moddable, issue 640
_CODE_BYTES = const(57344)  # what Python's heap still takes for the firmware: it doubles once
_MOST_INTERNAL = const(1 << 19)  # a larger region is PSRAM, of which the radio takes none
_STARTS = "starts"  # in the settings: so many, in a row, that followed a stop and did not last
_MOST_STARTS = const(3)


class Memory:
    """nvs: the board's settings. short: whether the radio was not started, or was stopped, for want of
    memory."""

    def __init__(self, nvs):
        self._nvs = nvs
        self._starts = 0
        self.short = False

    def left(self):
        """Returns (free, largest, lowest): bytes of internal memory that are left, those in one piece,
        the fewest that were left since the board began. Allocates."""
        free = largest = lowest = 0
        for size, here, piece, least in idf_heap_info(HEAP_DATA):
            if size < _MOST_INTERNAL:
                free += here
                largest = max(largest, piece)
                lowest += least
        return free, largest, lowest

    def radio(self, stopped):
        """Returns the radio, started; None where it and the firmware's code cannot both have room, and
        where the board stopped soon after each of its last starts. stopped: whether it starts because
        of that, rather than of power or service."""
        self._starts = self._kept()
        often = stopped and self._starts >= _MOST_STARTS
        self._keep(self._starts + 1 if stopped and not often else 0)
        needed = _RADIO_BYTES + RADIO_RESERVE_BYTES
        if not any(region[0] >= _MOST_INTERNAL for region in idf_heap_info(HEAP_DATA)):
            needed += _CODE_BYTES
        self.short = often or self.left()[0] < needed
        if self.short:
            return None
        from radio import Radio

        return Radio(self._nvs)

    def lasted(self):
        """This start lasted: what was counted is over."""
        self._keep(0)

    def _kept(self):
        try:
            kept = self._nvs.get(_STARTS)
        except OSError:
            kept = None
        return kept[0] if kept else 0

    def _keep(self, starts):
        if starts == self._starts:
            return
        self._starts = starts
        try:
            self._nvs.set(_STARTS, bytes((starts,)))
        except OSError:
            pass

    def stop(self, radio):
        """Switches the radio off for good: its memory and that of its code are there for others."""
        self.short = True
        radio.stop()
        for name in ("radio", "radio_bonds", "radio_peers", "radio_secrets"):
            sys.modules.pop(name, None)
