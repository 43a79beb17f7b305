"""A million ticks with the heap locked over each, on the real sampler, tracker and log: for the soak."""

from helpers.on_board.busy_board import BusyBoard
from gateway.gateway import Gateway
from pumpwire import records
from pumpwire.units import TICKS_WRAP
from helpers.on_board.locked_run import LOCKS, raises_memory_error

TICKS = 1000000
IN_TICKS = (records.MINUTE, records.DEMAND, records.BOLUS, records.WEIGHT, records.PUMP, records.BAG,
            records.GAP, records.RELIEF, records.SIGNATURE, records.CHECK, records.LOOP)
SIGNATURES = (records.OCCLUSION, records.FREE_FLOW, records.RUNAWAY, records.CELL_DEAD,
              records.HANDSET_STUCK)


class Watch:
    """Stands before the log's append: notes, allocating nothing, what came within ticks."""

    def __init__(self, board, log):
        self.board = board
        self.values = log.values
        self.kept = log.append
        self.held = log.hold_reservoir
        self.seen = bytearray(64)
        self.signatures = bytearray(64)
        self.halted = self.counts = self.presses = 0

    def hold(self, level_ul, se_ul):
        if self.board._locked:
            self.seen[records.RESERVOIR] = 1
        self.held(level_ul, se_ul)

    def append(self, kind, blob=None):
        values = self.values
        if self.board._locked:
            self.seen[kind] = 1
            if kind == records.SIGNATURE:
                self.signatures[values[0]] |= values[1]
            elif kind == records.BOLUS:
                self.halted |= values[5]
        if kind == records.MINUTE:
            self.counts += values[1]
            self.presses += values[2]
        return self.kept(kind, blob)


def test_no_tick_of_a_million_allocates_whatever_it_records():
    board = BusyBoard(TICKS, begin_ms=TICKS_WRAP - 3600000)
    gateway = Gateway(board)
    gateway.uptime._last_ms = board.now_ms  # as if it had run that long
    watch = Watch(board, gateway.log)
    gateway.log.append = watch.append
    gateway.log.hold_reservoir = watch.hold
    try:
        gateway.run()
    finally:
        board.power_off()
    assert [kind for kind in IN_TICKS + (records.RESERVOIR,) if not watch.seen[kind]] == []
    assert [s for s in SIGNATURES if watch.signatures[s] != records.BEGAN | records.OVER] == []
    assert watch.halted
    assert watch.counts + gateway.tracker._counts == board.counts
    assert watch.presses + gateway.tracker._presses == board.presses
    assert board.flash.erases >= 2 * board.flash.pages


def test_the_last_of_many_ticks_is_found_out_if_it_allocates():
    ticks = 20000
    left = [ticks]

    def spoil():
        left[0] -= 1
        if left[0] == -1:  # the counter is read once before the first tick
            bytearray(1)

    assert raises_memory_error(BusyBoard(ticks, spoil=spoil)) == LOCKS
