"""A million consecutive ticks allocate nothing, under both MicroPythons, whatever they record."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pumpbench.virtual_board import find_micropython

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
