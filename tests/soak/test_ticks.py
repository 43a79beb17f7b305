"""A million ticks allocate nothing, whatever they record; time counts on for 34 years of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from gateway.clock import Uptime
from pumpbench.virtual_board import find_micropython
from pumpwire.units import TICKS_WRAP

TESTS = Path(__file__).resolve().parents[1]
BOTH = TESTS / "both"


@pytest.mark.parametrize("bits", [64, 32])
def test_a_million_ticks_with_the_heap_locked(bits: int) -> None:
    runtimes = {64: [find_micropython(), str(BOTH / "run.py")],
                32: [sys.executable, str(TESTS / "micropython32.py"), "run"]}
    done = subprocess.run(
        [*runtimes[bits], "million_ticks"], capture_output=True, text=True,
        env={"MICROPYPATH": f"{TESTS.parent / 'firmware'}:{BOTH}"},
    )
    assert f"2 passed, 0 failed on {bits} bits" in done.stdout, done.stdout + done.stderr


def test_uptime_counts_on_for_34_years_over_every_wrap_of_the_ticks() -> None:
    uptime = Uptime()
    days = 34 * 365
    for day in range(1, days + 1):
        uptime.advance(day * 86400000 % TICKS_WRAP)
    assert (uptime.s, uptime.ms) == (days * 86400, 0)
    assert uptime.s < 1 << 30
