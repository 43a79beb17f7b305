"""A board without hardware: every port the gateway relies on, wired to a small pump.

Under MicroPython the heap is locked in each tick: what allocates there raises MemoryError. Between
the ticks the heap is free and `service` runs, as on the real board.
"""

import struct

from gateway.clock import Uptime
from gateway.event_log import EventLog
from helpers.on_board.nor import Nor, random
from pumpwire import commands, entries, records, sealing, serial_frame, uuids
from pumpwire.units import TICK_MS, TICKS_WRAP

try:
    from micropython import heap_lock, heap_unlock
except ImportError:  # CPython has no such lock

    def heap_lock():
        pass

    heap_unlock = heap_lock

_RAW_A_GRAM = 420
_PL_A_COUNT = 1000000
_BAG_G, _NEXT_BAG_G, _HOOK_EMPTY_G = 100, 250, -15
_TICKS_A_COUNT = 18  # 2 mL/h
_BOLUS_COUNTS = 60  # one every other tick
_DEVICE_KEY, _CHECK_CODE, _HOST_ID = b"k" * 32, 123456, 9


class Port:
    """A named place for one pin's functions."""


def _worn_ring():
    """Returns flash whose ring is full, its newest page all but so: the next page gives one up."""
    flash = Nor(3)
    log = EventLog(flash, Uptime(), random)
    log.mount(1, 100)
    used = 0
    while used < 2600 or log.oldest_seq == 0:
        log.append(records.ENTRY, bytes(100))
        for _ in range(4):
            log.service()
        used = log.page_at(log.opened.slot)[1]
    return flash


class DeskBoard:
    """A board that runs for `ticks` ticks from begin_ms on; spoil() is called inside each.

    In each hour the handset is pressed in the 20th minute, which brings a bolus, and in the 25th,
    which does not; the pump stands from the 35th to the 45th; a burst without a press comes in the
    55th; a tick is missed in the 57th. A fuller bag is hung in the 5th minute of the 12th hour.
    """

    def __init__(self, ticks, begin_ms=0, spoil=None):
        self.counts = 0
        self.presses = 0
        self.answers = []
        self._ticks = ticks
        self.now_ms = begin_ms
        self._spoil = spoil
        self._bolus_left = 0
        self._raw = _BAG_G * _RAW_A_GRAM
        self._noise = 0  # a cell whose reading never moves is dead
        self._locked = False
        self._to_read = _nurses_session()
        self.flash = _worn_ring()
        self.random = random
        self.identity = b"desk"
        self.skipped = 0
        self.late_ms = 0
        self.radio = None
        for name in ("counter", "handset", "relief", "service", "load_cell", "temperature", "supply",
                     "rtc", "nvs", "retained", "watchdog", "light", "serial", "memory"):
            setattr(self, name, Port())
        settings = {}
        self.counter.value = self._count
        self.handset.value = lambda: self.presses
        self.handset.closed = lambda: False
        self.relief.value = lambda: self.presses >> 1
        self.service.pressed = lambda: True
        self.load_cell.read = lambda: self._raw + self._noise
        self.temperature.read = lambda: 22 * 4
        self.supply.failing = lambda: False
        self.rtc.read = lambda: None
        self.rtc.set = lambda seconds: None
        self.clock_ms = lambda: self.now_ms
        self.nvs.get = settings.get
        self.nvs.set = settings.__setitem__
        self.retained.load = lambda buf: False
        self.retained.save = lambda buf: True
        self.watchdog.feed = lambda: None
        self.light.set = lambda on: None
        self.memory.left = lambda: (100000, 65536, 90000)
        self.memory.short = False
        self.memory.lasted = lambda: None
        self.serial.read = lambda: self._to_read.pop(0) if self._to_read else None
        self.serial.write = self.answers.append

    def reset_reason(self):
        return 1

    def fail(self, error):
        raise error

    def ticks(self, service):
        while self._to_read:
            service()
        for k in range(self._ticks):
            self._pump(k)
            self._lock(True)
            yield self.now_ms
            self._lock(False)
            self.now_ms = (self.now_ms + TICK_MS) % TICKS_WRAP
            service()

    def power_off(self):
        """Frees the heap again where a tick failed."""
        self._lock(False)

    def _lock(self, locked):
        if locked != self._locked:
            self._locked = locked
            if locked:
                heap_lock()
            else:
                heap_unlock()

    def _count(self):
        if self._spoil is not None:
            self._spoil()
        return self.counts

    def _pump(self, k):
        minute, in_minute = k // 600 % 60, k % 600
        self._noise = k // 10 % 7
        if in_minute == 0:
            if minute in (20, 25):
                self.presses += 1
            if minute in (20, 55):
                self._bolus_left = _BOLUS_COUNTS
            if minute == 57:
                self.skipped += 1
            if k // 600 == 11 * 60 + 5:
                self._raw = _HOOK_EMPTY_G * _RAW_A_GRAM
            elif k // 600 == 11 * 60 + 6:
                self._raw = _NEXT_BAG_G * _RAW_A_GRAM
        if k % _TICKS_A_COUNT == 0 and not 35 <= minute < 45:
            self.counts += 1
        if self._bolus_left and k % 2 == 0:
            self._bolus_left -= 1
            self.counts += 1


def _nurses_session():
    """Returns the frames of a first visit: who the board is, the patient, the regimen, the bag."""
    who = struct.pack(commands.PROVISION_BODY, b"desk", _DEVICE_KEY, b"p" * 32, _CHECK_CODE,
                      _PL_A_COUNT, 25000, 0, 1000 * _RAW_A_GRAM)
    requests = [(commands.PROVISION, who), (commands.PROVE, bytes(16) + struct.pack("<I", _HOST_ID))]
    for kind, values in ((entries.PATIENT_START, ()), (entries.REGIMEN, (2000, 60, 900, 0)),
                         (entries.BAG, (110000, 55000, _BAG_G * 1000))):
        uuid = bytes((kind,)) * 16
        requests.append((commands.ENTRY, entries.pack(uuid, b"AB", 1, 1, 77, kind, values)))
    frames = []
    for op, body in requests:
        n = len(frames)
        if op == commands.ENTRY:
            body = sealing.seal(_DEVICE_KEY, random(16), _HOST_ID, n, op, n, _CHECK_CODE, body)
        request = commands.request(op, n, _CHECK_CODE, body)
        frames.append(serial_frame.wrap(uuids.COMMAND, request))
    return frames
