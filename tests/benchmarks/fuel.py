"""Counts the WebAssembly instructions of single ticks on the 32-bit MicroPython.

The same in every run and on every machine: no clock has a part in it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

from helpers.paths import MICROPYTHON32, TESTS, micropython_path

HOUR = 36000  # ticks
PATH = micropython_path(TESTS / "benchmarks")


@dataclass(frozen=True)
class Tick:
    """One tick: what it cost in instructions, and what it had to do.

    k: its number since the start; records: how many frames it wrote; last_kind: the
    kind of the last of all so far, or the first byte of a minute's short form (pumpwire.records);
    opened: log pages it opened.
    """

    k: int
    cost: int
    counts: int
    presses: int
    records: int
    last_kind: int
    opened: int


def ticks_of(mode: str, ticks: int) -> list[Tick]:
    """Returns the ticks of the last hour of a run (see measured.py for `mode`)."""
    found = [Tick(*numbers) for numbers in counted("measured", mode, str(ticks), "tell")]
    own = min(tick.cost for tick in found if tick.k < 0)  # what measuring itself costs
    return [Tick(t.k, t.cost - own, t.counts, t.presses, t.records, t.last_kind, t.opened)
            for t in found if t.k >= 0]


def counted(module: str, *arguments: str) -> list[list[int]]:
    """Runs one of these modules where the clock counts instructions; returns its lines of ints."""
    command = [sys.executable, str(MICROPYTHON32), "--counting", module,
               *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          env=os.environ | {"MICROPYPATH": PATH})
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    return [list(map(int, line.split())) for line in done.stdout.splitlines()]
