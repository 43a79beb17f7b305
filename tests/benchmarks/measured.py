"""Runs one kind of tick: MODE TICKS [tell], MODE being none, empty, firmware, draft or plain.

tell: a line for each tick of the last hour: its number, cost, counts, presses, records, the last
record's kind, log pages opened. Each kind imports only its own: what else is loaded moves the heap,
and the cost with it, by some per cent.
"""

import sys

from benchmarks.bench_board import BenchBoard
from pumpwire.units import PAGE_BYTES


class Teller:
    """Prints the lines."""

    def __init__(self):
        self.counts = self.presses = self.programs = self.opened = 0

    def told(self, board, k, cost):
        flash = board.flash
        print(k, cost, board.counts - self.counts, board.presses - self.presses,
              flash.programs - self.programs, flash.last_kind, flash.opened - self.opened)
        self.counts, self.presses = board.counts, board.presses
        self.programs, self.opened = flash.programs, flash.opened


def _empty(ticks):
    for _ in ticks:
        pass


def _plain(watcher, board, ticks):
    written = [0]

    def write(data):
        at = written[0] % (PAGE_BYTES - 512)
        back = bytearray(len(data))
        board.flash.program(0, 64 + at, data)
        board.flash.read(0, 64 + at, back)
        if back != data:
            raise OSError("flash")
        written[0] += len(data)

    tick = watcher(board, write).tick
    for now_ms in ticks:
        tick(now_ms)


def _nothing():
    pass


def run(mode, ticks, tell):
    board = BenchBoard(ticks, Teller().told if tell else None)
    if mode == "firmware":
        from gateway.gateway import Gateway
        Gateway(board).run()
        return
    board.be_silent()
    if mode == "none":
        for k in range(ticks):
            board.step(k)
        return
    generator = board.ticks(_nothing)
    if mode == "empty":
        _empty(generator)
    elif mode == "draft":
        from benchmarks.first_draft import FirstDraft
        _plain(FirstDraft, board, generator)
    else:
        from benchmarks.plain_tick import PlainWatcher
        _plain(PlainWatcher, board, generator)


run(sys.argv[1], int(sys.argv[2]), "tell" in sys.argv)
