"""The desk board over one pump's reference hours; what each tick cost is told.

A pump at 1 mL/h and 1 uL a count, 100 g of drug on the hook. In each hour a press that brings a
bolus of 60 counts (20th minute) and one that does not (25th minute).
"""

import io
from time import ticks_diff, ticks_us

from helpers.on_board.desk_board import DeskBoard
from pumpwire import page
from pumpwire.units import PAGE_BYTES, TICK_MS

HOUR = 36000  # ticks
_TICKS_A_COUNT = 36
_PRESS_MINUTES = (20, 25)
_BOLUS_TICK, _BOLUS_TICKS = 20 * 600, 120  # a count every other tick
_BAG_RAW, _RAW_A_COUNT_100 = 42000, 42  # 420 raw counts a gram


class QuickFlash:
    """Pages in memory that C code moves to and fro, as a flash driver does."""

    def __init__(self, pages):
        self.pages = pages
        self.programs = 0
        self.opened = 0
        self.last_kind = 0  # a frame's first byte
        self._cells = io.BytesIO(bytearray(b"\xff" * (pages * PAGE_BYTES)))

    def read(self, slot, offset, buf):
        self._cells.seek(slot * PAGE_BYTES + offset)
        self._cells.readinto(buf)

    def program(self, slot, offset, buf):
        self._cells.seek(slot * PAGE_BYTES + offset)
        self._cells.write(buf)
        if 0 < offset < page.HEADER_BYTES:  # at 0 stands the mark of a slot made ready, outside the tick
            self.opened += 1
        elif page.HEADER_BYTES <= offset < page.FOOTER_AT:
            self.programs += 1
            self.last_kind = buf[0]

    def erase(self, slot):
        self._cells.seek(slot * PAGE_BYTES)
        for _ in range(PAGE_BYTES // 256):
            self._cells.write(b"\xff" * 256)


class BenchBoard(DeskBoard):
    """A board of so many ticks; told(board, k, cost) after each of the last hour, if it is given.

    k: the tick's number, -1 for three that have no tick in them: what measuring itself costs;
    cost: in the runtime's microseconds, which may count instructions (tests/helpers/micropython32.py).
    """

    def __init__(self, ticks, told):
        super().__init__(ticks)
        self.flash = QuickFlash(16)
        self.counts = self.presses = 0
        self.raw = _BAG_RAW
        self._ticks_left = ticks
        self._told = told
        self.counter.value = self._counts_now
        self.handset.value = self._presses_now
        self.relief.value = self._reliefs_now
        self.load_cell.read = self._raw_now

    def _counts_now(self):
        return self.counts

    def _presses_now(self):
        return self.presses

    def _reliefs_now(self):
        return 0

    def _raw_now(self):
        return self.raw

    def ticks(self, service):
        while self._to_read:
            service()
        return self._ticks_unseen(service) if self._told is None else self._ticks_told(service)

    def _ticks_unseen(self, service):
        for k in range(self._ticks_left):
            self.step(k)
            yield k * TICK_MS
            if k % 600 == 599:  # not part of a tick, so as seldom as the log can do with
                service()

    def _ticks_told(self, service):
        first = self._ticks_left - HOUR
        for k in range(-3, self._ticks_left):
            if k < 0:
                begin = ticks_us()
                end = ticks_us()
            else:
                self.step(k)
                now_ms = k * TICK_MS
                begin = ticks_us()
                yield now_ms
                end = ticks_us()
                service()
            if k < 0 or k >= first:
                self._told(self, k, ticks_diff(end, begin))

    def be_silent(self):
        """Sends nothing over the serial line: nobody listens."""
        self._to_read = []

    def step(self, k):
        """Moves pump, bag and patient on to tick k."""
        in_hour = k % HOUR
        if k % _TICKS_A_COUNT == 0:
            self.counts += 1
        bolus_tick = in_hour - _BOLUS_TICK
        if 0 <= bolus_tick < _BOLUS_TICKS and bolus_tick & 1:
            self.counts += 1
        if in_hour % 600 == 0 and in_hour // 600 in _PRESS_MINUTES:
            self.presses += 1
        self.raw = _BAG_RAW - self.counts * _RAW_A_COUNT_100 // 100 + k // 10 % 7  # noise: it is alive
