"""The chip's 4 MiB of NOR flash in a file: programming only clears bits, erasing sets 4096 bytes.

With cut_in in the settings, power goes inside that operation, half of it done. With a file
`operations` in the state folder, every operation is added to it: <u8 E or P> <u32 at> <u32 n> data.
An erase takes erase_ms of the board's time, in which nothing else runs.
"""

import struct

import bench
import time

SECTOR = 4096
_ERASED = b"\xff" * SECTOR

_cells = open(bench.settings["state"] + "/flash.bin", "r+b")
_low, _high, _left = bench.settings["cut_in"] or (0, 0, 0)
try:
    _told = open(bench.settings["state"] + "/operations", "ab")
    if not bench.settings["record"]:
        _told = None
except OSError:
    _told = None


def _operate(kind, at, data):
    global _left
    if _low <= at < _high:
        _left -= 1
        if _left < 0:
            _cells.seek(at)
            _cells.write(data[: len(data) // 2])
            bench.end("power cut")
    if _told:
        _told.write(struct.pack("<BII", ord(kind), at, len(data)) + (data if kind == "P" else b""))
    _cells.seek(at)
    _cells.write(data)


def read(at, buf):
    """Fills `buf`."""
    _cells.seek(at)
    _cells.readinto(buf)


def erase(at):
    """Erases a sector."""
    _operate("E", at, _ERASED)
    time.sleep_ms(bench.settings["erase_ms"])


def program(at, data):
    """Clears the bits that are 0 in `data`."""
    cells = bytearray(len(data))
    read(at, cells)
    for i in range(len(data)):
        cells[i] &= data[i]
    _operate("P", at, cells)
