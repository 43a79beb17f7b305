"""Boots the ESP32's firmware on the virtual chip, its radio on; prints what it takes of the heap.

Prints: bytes that the chip's own modules take (they are C on the ESP32), then free bytes and bytes in
the largest free piece, after a collection once the firmware has run for ten seconds.
"""

import gc
import io
import sys
import time  # noqa: F401

import bluetooth  # noqa: F401
import esp32  # noqa: F401
import machine
import micropython

_left = 10


class _Told(io.IOBase):
    """Takes what mem_info prints."""

    def __init__(self):
        self.text = b""

    def write(self, data):
        self.text += bytes(data)
        return len(data)


def _feed(self):
    global _left
    _left -= 1
    if not _left:
        gc.collect()
        print("heap", _chip, gc.mem_free())
        micropython.mem_info()
        sys.exit()


machine.WDT.feed = _feed
gc.collect()
_chip = gc.mem_alloc()
import main  # noqa: E402, F401
