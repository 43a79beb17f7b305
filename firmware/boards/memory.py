"""The memory port of both boards: what the chip's system could still give, on MicroPython's `esp32`.

On the ESP32 Python's heap grows out of the internal memory from which the radio's C code takes its own,
and keeps what it took. Where that code finds none the chip crashes in C, past any `except`. Sources, of
MicroPython 1.27.0: gc_try_add_heap in py/gc.c (a heap that is full doubles, or takes the largest piece
there is), gc_get_max_new_split in ports/esp32/gccollect.c, CONFIG_SPIRAM_MALLOC_ALWAYSINTERNAL in
ports/esp32/boards/sdkconfig.spiram_esp32 (with PSRAM the heap lies there); the crash:
github.com/KristianP26/ble-scale-sync/issues/139.
"""

import sys

from esp32 import HEAP_DATA, idf_heap_info
from micropython import const
from pumpwire.units import RADIO_RESERVE_BYTES

_RADIO_BYTES = const(32768)  # what the stack takes as it starts: Moddable-OpenSource/moddable, issue 640
_CODE_BYTES = const(57344)  # what Python's heap still takes for the firmware: it doubles once
_MOST_INTERNAL = const(1 << 19)  # a larger region is PSRAM, of which the radio takes none


class Memory:
    """short: whether the radio was not started, or was stopped, for want of memory."""

    def __init__(self):
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

    def radio(self, nvs):
        """Returns the radio, started; None where it and the firmware's code cannot both have room."""
        needed = _RADIO_BYTES + RADIO_RESERVE_BYTES
        if not any(region[0] >= _MOST_INTERNAL for region in idf_heap_info(HEAP_DATA)):
            needed += _CODE_BYTES
        self.short = self.left()[0] < needed
        if self.short:
            return None
        from radio import Radio

        return Radio(nvs)

    def stop(self, radio):
        """Switches the radio off for good: its memory and that of its code are there for others."""
        self.short = True
        radio.stop()
        for name in ("radio", "radio_bonds", "radio_peers", "radio_secrets"):
            sys.modules.pop(name, None)
