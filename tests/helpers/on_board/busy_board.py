"""The desk's board on its worst days: every kind of record that a tick can write comes up.

In each hour, besides what the desk does: relief is pressed in the 30th minute; a bolus in the 40th is
halted; a burst at 2 kHz comes in the 50th; the handset hangs from the 52nd for a minute; the supply
fails for a moment in the 58th. Hours of 2 mL/h alternate with hours of 12 mL/h by day; in the third
hour of each day the cell is dead for two minutes, in the fourth the line is blocked, and in the fifth
fluid runs free. A bag is refilled when it is low.
"""

from helpers.on_board.desk_board import DeskBoard

_RAW_A_GRAM = 420
_UG_A_COUNT = 1005
_FULL_UG, _LOW_UG = 250000000, 20000000
_RATE_TICKS = (18, 3)  # from count to count: 2 mL/h, 12 mL/h
_BURST_TICKS = 5
_BURST_COUNTS = 200  # in a tick
_FREE_UG = 1000  # a tick: 36 mL/h


class BusyBoard(DeskBoard):
    """As DeskBoard."""

    def __init__(self, ticks, begin_ms=0, spoil=None):
        super().__init__(ticks, begin_ms, spoil)
        self._ug = _FULL_UG
        self._reliefs = 0
        self._closed = self._failing = self._dead = False
        self.relief.value = lambda: self._reliefs
        self.handset.closed = lambda: self._closed
        self.supply.failing = lambda: self._failing
        self.load_cell.read = self._read

    def _read(self):
        return None if self._dead else self._raw + self._noise

    def _pump(self, k):
        hour, minute, in_minute = k // 36000, k // 600 % 60, k % 600
        before = self.counts
        self._noise = k // 10 * 7 % 23
        hour_of_day = hour % 24
        if in_minute == 0:
            self._each_minute(hour_of_day, minute)
        self._failing = minute == 58 and in_minute < 5
        fast = 4 < hour_of_day < 16
        if k % _RATE_TICKS[fast] == 0 and not 33 <= minute < 38:
            self.counts += 1
        if self._bolus_left and k % 2 == 0:
            self._bolus_left -= 1
            self.counts += 1
        if minute == 50 and in_minute < _BURST_TICKS:
            self.counts += _BURST_COUNTS
        if not (hour_of_day == 3 and minute >= 5):  # else the line is blocked
            self._ug -= (self.counts - before) * _UG_A_COUNT
        if hour_of_day == 4 and 5 <= minute < 10:
            self._ug -= _FREE_UG
        if in_minute % 10 == 9:
            self._raw = self._ug // 1000 * _RAW_A_GRAM // 1000

    def _each_minute(self, hour_of_day, minute):
        if minute in (20, 25, 40):
            self.presses += 1
        if minute in (20, 40):
            self._bolus_left = 60 if minute == 20 else 20
        if minute == 30 or hour_of_day == 6 and minute in (31, 32):
            self._reliefs += 1
        if minute == 57:
            self.skipped += 1
        self._closed = minute == 52
        self._dead = hour_of_day == 2 and minute in (5, 6)
        if minute == 12 and self._ug < _LOW_UG or hour_of_day == 17 and minute == 2:
            self._ug = -15000000  # the hook is empty
        elif self._ug < -14000000:
            self._ug = _FULL_UG
        elif hour_of_day == 20 and minute == 12:
            self._ug += 10000000  # a refill
