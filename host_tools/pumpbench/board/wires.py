"""The virtual chip's pins and its load cell, in a file that the bench and the chip both map.

    wires.bin   40 pins of <u32 level> <u32 rose> <u32 fell>, then <i32 what the load cell reads>
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

PINS = 40
AT_REST_LOW = (34, 18, 25)  # the count, the light, the load cell's clock: low when nothing happens
NO_CELL = 0x7FFFFF


class Wires:
    """The board's pins: levels and edges, and what the load cell reads.

    Each number is written in one store of 32 bits. `struct` clears the bytes first and then writes them
    one by one; the chip, another process, would read a count that goes back, which is a whole turn of
    its pulse counter.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            levels = [0 if pin in AT_REST_LOW else 1 for pin in range(PINS)]
            path.write_bytes(b"".join(struct.pack("<III", level, 0, 0) for level in levels)
                             + struct.pack("<i", 140_700))
        with open(path, "r+b") as file:
            whole = memoryview(mmap.mmap(file.fileno(), 0))
        self._pins = whole[: 12 * PINS].cast("I")  # level, rises, falls of each
        self._cell = whole[12 * PINS :].cast("i")

    def level(self, pin: int) -> int:
        """Returns a pin's level."""
        return self._pins[3 * pin]

    def drive(self, pin: int, level: int) -> None:
        """Drives a pin; an edge counts."""
        if level != self.level(pin):
            self._pins[3 * pin] = level
            self._pins[3 * pin + (1 if level else 2)] += 1

    def pulse(self, pin: int, n: int = 1) -> None:
        """Gives a pin n pulses away from its level, at once: counted in hardware they are all there."""
        self._pins[3 * pin + 1] += n
        self._pins[3 * pin + 2] += n

    def weigh(self, raw: int) -> None:
        """Sets what the load cell reads; NO_CELL: there is none."""
        self._cell[0] = raw
