"""MicroPython's `esp32` for the virtual chip: partitions by the table on its flash, NVS, PCNT.

NVS keeps its blobs in a file beside the flash: the real one's format in the nvs partition is not copied.
"""

import json
import struct

import bench
import chip_memory
import flash_chip
from flash_chip import SECTOR

HEAP_DATA = 4
_TABLE_AT = 0x8000
_NOT_FOUND = -0x1102
_share, _psram = bench.settings["memory"]
# for the radio, which is imported later
chip_memory.chip = chip_memory.ChipMemory([n * _share // 100 for n in chip_memory.REGIONS], _psram)


def _table():
    """Yields (type, subtype, at, size, label) of the partition table."""
    entry = bytearray(32)
    at = _TABLE_AT
    while True:
        flash_chip.read(at, entry)
        magic, kind, subtype, start, size, label, _ = struct.unpack("<HBBII16sI", entry)
        if magic != 0x50AA:
            return
        yield kind, subtype, start, size, label.rstrip(b"\0").decode()
        at += 32


class Partition:
    """A partition as a block device of 4096-byte blocks."""

    TYPE_APP, TYPE_DATA = 0, 1
    BOOT, RUNNING = 0, 1

    def __init__(self, id, block_size=SECTOR):
        for kind, subtype, at, size, label in _table():
            if label == id or (id == Partition.RUNNING and kind == 0):
                self._info = kind, subtype, at, size, label, False
                self._at = at
                self._size = size
                return
        raise OSError(2)

    @classmethod
    def find(cls, type=TYPE_APP, subtype=0xFF, label=None):
        return [cls(name) for kind, sub, _, _, name in _table()
                if kind == type and subtype in (0xFF, sub) and label in (None, name)]

    def info(self):
        return self._info

    def readblocks(self, block, buf, offset=0):
        flash_chip.read(self._at + block * SECTOR + offset, buf)

    def writeblocks(self, block, buf, offset=None):
        if offset is None:
            for n in range(len(buf) // SECTOR):
                self.ioctl(6, block + n)
            offset = 0
        flash_chip.program(self._at + block * SECTOR + offset, buf)

    def ioctl(self, command, argument=0):
        if command == 4:
            return self._size // SECTOR
        if command == 5:
            return SECTOR
        if command == 6:
            if not 0 <= argument < self._size // SECTOR:
                raise OSError(-0x104)
            flash_chip.erase(self._at + argument * SECTOR)
            return 0


def idf_heap_info(capabilities):
    """Returns (size, free, largest piece, fewest free so far) of each region of a chip with PSRAM."""
    return chip_memory.chip.info()


class NVS:
    """Blobs by key, kept when committed."""

    _path = bench.settings["state"] + "/nvs.json"
    _file = open(_path, "r+")

    def __init__(self, namespace):
        NVS._file.seek(0)
        self._all = json.loads(NVS._file.read() or "{}")
        self._mine = self._all.setdefault(namespace, {})

    def get_blob(self, key, buf):
        if key not in self._mine:
            raise OSError(_NOT_FOUND)
        data = bytes.fromhex(self._mine[key])
        buf[: len(data)] = data
        return len(data)

    def set_blob(self, key, data):
        self._mine[key] = bytes(data).hex()

    def commit(self):
        text = json.dumps(self._all)
        NVS._file.seek(0)
        NVS._file.write(text + " " * 4096)  # what was longer before is blanked
        NVS._file.flush()


class PCNT:
    """A pulse counter on a wire whose edges the bench counts."""

    IGNORE, INCREMENT = 0, 1

    def __init__(self, unit, *, min=0, max=0):
        self._limit = max

    def init(self, *, channel=0, pin=None, rising=None, falling=None, filter=None, value=None):
        if pin is not None:
            self._pin = pin.number
        if rising is not None:
            self._field = 1 if rising == PCNT.INCREMENT else 2
        if value is not None:
            self._from = bench.wire(self._pin, self._field)

    def start(self):
        pass

    def value(self):
        return (bench.wire(self._pin, self._field) - self._from & 0xFFFFFFFF) % self._limit
