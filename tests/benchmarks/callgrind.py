"""Counts machine instructions of an average tick on the 64-bit unix port, under valgrind.

A second opinion: it knows no single ticks, but counts what the collector does, which never runs
in fuel.py. Taken as the difference between two runs, so what starting costs is not in it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess

from benchmarks.fuel import PATH
from helpers.paths import ROOT, TESTS

HEAP = "512k"
TICKS = (6000, 12000)


def available() -> bool:
    """Returns whether valgrind is here."""
    return shutil.which("valgrind") is not None


def mean_tick(mode: str) -> float:
    """Returns the instructions of one tick, the bench's own work included (`none`: only that)."""
    few, many = (_instructions(mode, ticks) for ticks in TICKS)
    return (many - few) / (TICKS[1] - TICKS[0])


def _instructions(mode: str, ticks: int) -> int:
    micropython = os.environ.get("MICROPYTHON") or str(ROOT / ".venv" / "bin" / "micropython")
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", micropython,
         "-X", f"heapsize={HEAP}", str(TESTS / "benchmarks" / "measured.py"), mode, str(ticks)],
        capture_output=True, text=True, check=False, env=os.environ | {"MICROPYPATH": PATH})
    found = re.search(r"Collected : (\d+)", done.stderr)
    assert done.returncode == 0 and found, done.stdout + done.stderr
    return int(found[1])
