"""Stand-in for MicroPython's `esp32`: pulse counter units, raw flash partitions, key-value store."""

from world import world

_FILTER_CLOCK_MHZ = 80
_NVS_NOT_FOUND, _NVS_INVALID_LENGTH = -0x1102, -0x110C


HEAP_DATA = 4
PSRAM = (4 << 20, 4000000, 4000000, 4000000)
heap = []  # what idf_heap_info tells; a test changes it


def idf_heap_info(capabilities):
    if capabilities != HEAP_DATA:
        raise ValueError(capabilities)
    return list(heap)


class PCNT:
    """A 16-bit unit: back to 0 at its limit; edges count once the new level has outlasted the filter."""

    IGNORE, INCREMENT = 0, 1
    units = {}

    def __init__(self, unit, *, min=0, max=0):
        if not 0 <= unit <= 7 or not -32768 <= min <= 0 or not 0 <= max <= 32767:
            raise ValueError(unit)
        if unit in PCNT.units:
            raise ValueError("two users of one unit")  # the real one hands out the same object
        PCNT.units[unit] = self
        self._limit = max
        self._count = 0
        self._wire = None
        self._running = False
        self._filter_us = 0
        self._rising = self._falling = PCNT.IGNORE

    def init(self, *, channel=0, pin=None, rising=None, falling=None, filter=None, value=None):
        if channel not in (0, 1) or value not in (None, 0) or not 0 <= (filter or 0) <= 1023:
            raise ValueError("init")
        if pin is not None:
            self._wire = pin.wire
            self._wire.listeners.append(self)
            self._level = self._seen = self._wire.level
            self._since_us = world.now_us
        if rising is not None:
            self._rising, self._falling = rising, falling
        if filter is not None:
            self._filter_us = filter // _FILTER_CLOCK_MHZ + 1
        if value == 0:
            self._count = 0

    def start(self):
        self._running = True

    def changed(self, level):
        self._settle()
        self._level = level
        self._since_us = world.now_us

    def _settle(self):
        """Takes the present level for true if it has outlasted the filter."""
        if self._level == self._seen or world.now_us - self._since_us < self._filter_us:
            return
        self._seen = self._level
        step = self._rising if self._seen else self._falling
        if step == PCNT.INCREMENT and self._running:
            self._count += 1
            if self._count == self._limit:
                self._count = 0

    def value(self):
        self._settle()
        return self._count


class Partition:
    """NOR flash: programming clears bits, erasing takes ERASE_MS in which the firmware stands still."""

    ERASE_MS, PROGRAM_MS = 100, 1
    cells = {}  # label: bytearray

    def __init__(self, id, block_size=4096):
        if id not in Partition.cells:
            raise OSError(2)
        self._label = id

    def ioctl(self, command, argument):
        cells = Partition.cells[self._label]
        if command == 4:
            return len(cells) // 4096
        if command == 6:
            at = argument * 4096
            if at >= len(cells):
                raise OSError(-0x104)
            world.pass_us(Partition.ERASE_MS * 1000)
            for i in range(at, at + 4096):
                cells[i] = 0xFF
            return 0

    def readblocks(self, block, buf, offset=0):
        at = block * 4096 + offset
        buf[:] = Partition.cells[self._label][at : at + len(buf)]

    def writeblocks(self, block, buf, offset=None):
        if offset is None:
            raise ValueError("this would erase first")
        cells = Partition.cells[self._label]
        at = block * 4096 + offset
        for i in range(len(buf)):
            cells[at + i] &= buf[i]
        world.pass_us(Partition.PROGRAM_MS * 1000)


class NVS:
    """Blobs by key; what was not committed is lost with power: see lose_power."""

    committed = {}

    def __init__(self, namespace):
        if len(namespace) > 15:
            raise OSError(-0x1113)
        self._blobs = NVS.committed.setdefault(namespace, {})
        self._pending = {}

    def set_blob(self, key, value):
        if len(key) > 15:
            raise OSError(-0x1105)
        self._pending[key] = bytes(value)

    def get_blob(self, key, buf):
        value = self._pending.get(key, self._blobs.get(key))
        if value is None:
            raise OSError(_NVS_NOT_FOUND)
        if len(value) > len(buf):
            raise OSError(_NVS_INVALID_LENGTH)
        buf[: len(value)] = value
        return len(value)

    def commit(self):
        self._blobs.update(self._pending)
        self._pending.clear()


def power_up(pages=0):
    """Begins a boot: the units are free again; flash of so many erased pages if any are asked for."""
    PCNT.units.clear()
    heap[:] = [(250000, 150000, 110592, 150000), PSRAM]
    if pages:
        Partition.cells["log"] = bytearray(b"\xff" * (4096 * pages))
