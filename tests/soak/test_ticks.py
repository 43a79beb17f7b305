"""A million ticks allocate nothing, whatever they record; time counts on for 34 years of them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from helpers.on_board.long_uptime import DAYS_OF_34_YEARS, count_last_days
from helpers.paths import MICROPYTHON32, ON_BOARD, RUN, micropython_path
from pumpbench.board.virtual_board import find_micropython


@pytest.mark.parametrize("bits", [64, 32])
def test_a_million_ticks_with_the_heap_locked(bits: int) -> None:
    runtimes = {64: [find_micropython(), str(RUN)],
                32: [sys.executable, str(MICROPYTHON32), "helpers.on_board.run"]}
    done = subprocess.run(
        [*runtimes[bits], "million_ticks"], capture_output=True, text=True,
        env={"MICROPYPATH": micropython_path(ON_BOARD)},
    )
    assert f"2 passed, 0 failed on {bits} bits" in done.stdout, done.stdout + done.stderr


def test_uptime_counts_on_for_34_years_over_every_wrap_of_the_ticks() -> None:
    count_last_days(DAYS_OF_34_YEARS)
