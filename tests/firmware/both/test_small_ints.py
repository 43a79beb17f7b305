"""No int passes 2^30 on the way, whatever the sensors say: on 32 bits it would allocate, and the
heap is locked."""

from helpers.on_board import dice
import sys
from array import array

from gateway.clock import Uptime
from gateway.tracker import Tracker
from micropython import heap_lock, heap_unlock
from pumpwire.records import KINDS, MAX_FIELDS

LIMIT = (1 << 30) - 1
QUANTA_PL = (1, 999, 1000000, 50000000, LIMIT)
RATES_UL_H = (0, 1, 60, 2000, LIMIT)
BOLUSES_UL = (0, 50, 2000, LIMIT)
LOCKOUTS_S = (0, 900, LIMIT)
PPM = (0, 10000, LIMIT)
CELLS = ((0, 420000), (84000, -420000), (LIMIT, 1), (-LIMIT, LIMIT), (0, 8400000), (0, 0))
RAWS = (0, 5000, 42000, 105000, 4000000, -4000000, 8388607, -8388608)
COUNTS_A_TICK = (0, 0, 1, 7, 200)
STALLS_MS = (0, 0, 400, 10000)
SECONDS = 4000


class Log:
    """Takes records and keeps none."""

    def __init__(self):
        self.values = array("i", [0] * MAX_FIELDS)
        self.seen = array("i", [0] * (max(KINDS) + 1))

    def hold_reservoir(self, level_ul, se_ul):
        if not (-1 <= level_ul <= LIMIT and 0 <= se_ul <= LIMIT):
            raise ValueError("reservoir")

    def append(self, kind):
        for value in self.values:
            if not -LIMIT <= value <= LIMIT:
                raise ValueError(kind)
        self.seen[kind] += 1
        return 0


def _one_of(choices):
    return choices[dice.bits(12) % len(choices)]


def _never():
    return None


def _keep(span_ms, counts, presses):
    pass


class Rig:
    """A tracker and a clock; `run` passes seconds with the heap locked."""

    def __init__(self):
        self.uptime = Uptime()
        self.log = Log()
        self.tracker = Tracker(self.log, self.uptime, _keep)
        self.now_ms = 0
        self.reliefs = 0
        self.locked = False

    def lock(self, locked):
        if locked != self.locked:
            self.locked = locked
            (heap_lock if locked else heap_unlock)()

    def settle(self):
        """New settings, drawn anew: people make them, outside the tick."""
        zero, per_kg = _one_of(CELLS)
        self.tracker.set_calibration(_one_of(QUANTA_PL), _one_of(PPM), zero, per_kg)
        self.tracker.set_regimen(_one_of(RATES_UL_H), _one_of(BOLUSES_UL), _one_of(LOCKOUTS_S),
                                 dice.bits(1))
        self.tracker.set_bag(_one_of((1000, 250000, LIMIT)))

    def run(self, seconds):
        a_tick, stall_ms, raw = _one_of(COUNTS_A_TICK), _one_of(STALLS_MS), _one_of(RAWS)
        press_every = _one_of((7, 100, 100000))
        closed = dice.bits(2) == 0
        self.lock(True)
        for second in range(seconds):
            span_ms = 100 + stall_ms
            self._pass(stall_ms)
            for tick in range(10):
                self._pass(100)
                pressed = 1 if tick == 0 and second % press_every == 3 else 0
                counts = a_tick * (span_ms // 100)
                if counts or pressed:
                    self.tracker.change(self.now_ms, counts, pressed, span_ms)
                span_ms = 100
            if second % 50 == 0:
                self.reliefs += 1
            shown = None if raw == 0 else raw + second % 5
            self.tracker.second(self.now_ms, shown, self.reliefs, closed, _never)
        self.tracker.interrupt(self.now_ms)
        self.lock(False)

    def _pass(self, ms):
        self.now_ms = self.now_ms - (LIMIT - ms) - 1 if self.now_ms > LIMIT - ms else self.now_ms + ms
        self.uptime.advance(self.now_ms)


def test_absurd_inputs_keep_ints_small():
    for seed in range(30):
        dice.seed(seed + 1)
        rig = Rig()
        try:
            passed_s = 0
            while passed_s < SECONDS:
                rig.settle()
                for _ in range(3):
                    rig.run(200)
                    passed_s += 200
        except Exception:
            rig.lock(False)
            print("seed", seed)
            raise


def test_two_days_at_2_khz_of_the_largest_quantum_keep_ints_small():
    rig = Rig()
    rig.settle()
    rig.tracker.set_calibration(50000000, 10000, 0, 420000)
    rig.tracker.set_regimen(2000, 50, 900, 0)
    tracker = rig.tracker
    rig.lock(True)
    try:
        for second in range(2 * 8640):  # ten seconds each
            rig._pass(10000)
            tracker.change(rig.now_ms, 20000, 0, 10000)
            tracker.second(rig.now_ms, 42000 - second % 5, 0, False, _never)
    finally:
        rig.lock(False)
    assert tracker.reservoir.level_ul() >= 0


def test_the_lock_finds_an_int_of_2_to_the_30th_on_32_bits():
    numbers = [LIMIT]
    rig = Rig()
    rig.lock(True)
    found = False
    try:
        numbers[0] += 1
    except MemoryError:
        found = True
    rig.lock(False)
    assert found == (sys.maxsize < 1 << 32)
