"""Runs the compiled firmware on the stand-in chip through all that takes memory, on a model of what
Python and the radio share (boards/virtual/chip_memory.py).

Arguments: a file with the log's flash; in hex the request for all of it; the chip's share of an ESP32's
internal memory in per cent; what objects take on a 32-bit MicroPython, in per cent of what they take on
this 64-bit one; `psram` if Python's heap lies elsewhere. Boots, takes three links, pairs on one of them,
sends the whole log on another. Prints for each stage the most of Python's heap that it needs and the
least that it leaves to the system, in bytes of the chip; and that a host does not hear the board.

Between two collections comes 8 kB of garbage at most (main.py), and a heap has cuts: the smallest in
which this run came to its end was 3 % larger than what was in use and the garbage.
"""

import gc
import struct
import sys
import time  # noqa: F401

import bluetooth
import esp32
import machine  # noqa: F401
from chip_memory import LINK_BYTES, PAIRING_BYTES, RADIO_PIECES, REGIONS, ChipMemory
from world import world

_GARBAGE_BYTES = 8192
_CUTS = 103  # per cent
_SECOND_US = 1000000
_MS_US = 1000
_SERVICE = 27  # the button's pin
_PASSKEY, _ENCRYPTED = 31, 28
_FLOW, _RACP, _LOG = 4, 2, 3  # places among the channels' handles, which stand in their order
_cells = open(sys.argv[1], "r+b")
_request = bytes.fromhex(sys.argv[2])
_share_32 = int(sys.argv[4])
chip = ChipMemory([region * int(sys.argv[3]) // 100 for region in REGIONS], "psram" in sys.argv)
own = [0]  # bytes that stand-ins and this module take


def used():
    """Returns how much of the chip's memory Python needs now."""
    gc.collect()
    return (gc.mem_alloc() - own[0]) * _share_32 // 100 * _CUTS // 100 + _GARBAGE_BYTES


def heap_info(capabilities):
    """Python's heap has grown meanwhile; tells what is left."""
    chip.python(used())
    return chip.info()


class Radio(bluetooth.BLE):
    """A stack that takes what the chip has."""

    def active(self, on=None):
        if on and not super().active():
            chip.take(b"radio", *RADIO_PIECES)
        elif on is False:
            chip.give(b"radio")
        return super().active(on)


class Log:
    """The log's partition in a file: it takes nothing of the heap."""

    def __init__(self, label):
        pass

    def ioctl(self, command, argument):
        if command == 4:
            return _cells.seek(0, 2) // 4096
        _cells.seek(argument * 4096)
        for _ in range(16):
            _cells.write(b"\xff" * 256)
        return 0

    def readblocks(self, block, buf, offset=0):
        _cells.seek(block * 4096 + offset)
        _cells.readinto(buf)

    def writeblocks(self, block, buf, offset=None):
        _cells.seek(block * 4096 + offset)
        old = _cells.read(len(buf))
        _cells.seek(block * 4096 + offset)
        _cells.write(bytes(old[i] & buf[i] for i in range(len(buf))))


class Day:
    """What happens to the board, and what it takes meanwhile."""

    def __init__(self):
        self.stage = "boot"
        self.most = 0
        self.least = sum(chip.free)
        self.packets = 0

    def after(self, stage):
        """Tells the stage that is over; the next begins."""
        print("stage", self.stage, self.most, self.least)
        self.stage, self.most, self.least = stage, 0, sum(chip.free)

    def sample(self):
        needed = used()
        chip.python(needed)
        self.most = max(self.most, needed)
        self.least = min(self.least, sum(chip.free))
        world.after(100 * _MS_US, self.sample)

    def handle(self, place):
        return sorted(bluetooth.BLE.only.values)[place]

    def connect(self, conn):
        self.after(f"link {conn + 1}")
        if self.comes(conn, conn + 1):
            bluetooth.BLE.only.central(21, conn, 247)
            bluetooth.BLE.only.central_secures(conn)

    def comes(self, conn, host):
        """A host connects if it can hear the board; the stack takes what a link needs."""
        ble = bluetooth.BLE.only
        if ble is None or ble.advertised is None:
            print("not heard")
            return False
        ble.advertised = None  # a link that comes up ends the advertising
        chip.take(conn, LINK_BYTES)
        ble.central(1, conn, 0, bytes((host,)) * 6)
        return True

    def pair(self):
        """A fourth host takes the third link's place and pairs on it."""
        self.after("pairing")
        if bluetooth.BLE.only is not None:
            chip.give(2)
            bluetooth.BLE.only.central(2, 2, 0, bytes(6))
        world.wire(_SERVICE).drive(0)
        world.after(_SECOND_US, lambda: world.wire(_SERVICE).drive(1))
        world.after(2 * _SECOND_US, self.paired)

    def paired(self):
        if self.comes(2, 4):
            chip.take(b"pairing", PAIRING_BYTES)
            bluetooth.BLE.only.central(_PASSKEY, 2, 3, 0)
            world.after(_SECOND_US, self.bond)

    def bond(self):
        ble = bluetooth.BLE.only
        for kind in (1, 2):
            ble.central(30, kind, b"\0" + b"\4" * 6, bytes(64))
        ble.central(_ENCRYPTED, 2, True, True, True, 16)
        chip.give(b"pairing")

    def pull(self):
        self.after("pull")
        ble = bluetooth.BLE.only
        if ble is None or not ble.passkeys:
            print("nobody paired")
            world.after(60 * _SECOND_US, self.end)
            return
        ble.central_writes(0, self.handle(_RACP), _request)
        self.carry()

    def end(self):
        self.after("")
        print("packets", self.packets)
        sys.exit()

    def carry(self):
        """Takes what the stack was given, acknowledges it; ends with the last of it."""
        ble = bluetooth.BLE.only
        for _, handle, data in ble.sent:
            if handle == self.handle(_LOG):
                self.packets += 1
            elif handle == self.handle(_RACP) and data[0] == 6:
                assert data[3] == 1
                self.end()
        if ble.sent:
            ble.sent.clear()
            ble.central_writes(0, self.handle(_FLOW), struct.pack("<HBB", self.packets & 0xFFFF, 0, 0))
            ble.central(20, 0, self.handle(_RACP), 0)
        ble.room = 8
        world.after(5 * _MS_US, self.carry)


esp32.power_up()
esp32.Partition = Log
esp32.idf_heap_info = heap_info
bluetooth.BLE = Radio
settings = esp32.NVS("pumplog")
settings.set_blob("device_key", bytes(32))
settings.set_blob("pairing_key", bytes(32))
settings.set_blob("calibration", struct.pack("<IIii", 1000000, 10000, 0, 420000))
settings.commit()
day = Day()
world.after(100 * _MS_US, day.sample)
for conn in range(3):
    world.after((20 + 2 * conn) * _SECOND_US, lambda conn=conn: day.connect(conn))
world.after(30 * _SECOND_US, day.pair)
world.after(40 * _SECOND_US, day.pull)
gc.collect()
own[0] = gc.mem_alloc()
print("own", own[0])
import main  # noqa: E402, F401
