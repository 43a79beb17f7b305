"""What a command takes before it does anything: CPU time of its process in that of `python -c pass`.

The best of twenty runs each, in turn, so that both meet the same machine. The goals are ratios within
one run: no clock of this computer's has a part in them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from pumplog import host
from pumplog.store import COMPLETE, Entry, Pull, Store
from pumpwire import commands, names

RUNS = 20
PATIENTS = 4  # a round's worth


@dataclass(frozen=True)
class Goal:
    """A command that is to start quickly."""

    name: str  #: what is measured
    ratio: float  #: its CPU time in that of `python -c pass`
    most: float  #: what the ratio is to stay within

    def met(self) -> bool:
        """Returns whether it starts as quickly as it is to."""
        return self.ratio <= self.most


def measure() -> list[Goal]:
    """Returns what `pumplog --help` and `pumplog status` take."""
    tool = str(Path(sys.executable).with_name("pumplog"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ward.db"
        _make_ward(path)
        least = _least_cpu_s([[sys.executable, "-c", "pass"], [tool, "--help"],
                              [tool, "status", "--db", str(path)]])
    empty, *told = least
    return [Goal(name, cpu_s / empty, most)
            for (name, most), cpu_s in zip((("pumplog --help", 3.0), ("pumplog status", 3.5)), told,
                                           strict=True)]


def tell() -> list[str]:
    """Prints the goals; returns the names of those missed."""
    goals = measure()
    print(f"{'starting, in CPU time of `python -c pass`':64}{'ratio':>8}{'at most':>9}")
    for goal in goals:
        print(f"{goal.name:64}{goal.ratio:8.3g}{goal.most:9.3g}  {'met' if goal.met() else 'NOT met'}")
    return [goal.name for goal in goals if not goal.met()]


def _make_ward(path: Path) -> None:
    """Makes a store with some patients whose boards were pulled just now."""
    now_ms = host.utc_now_ms()
    status = {**dict.fromkeys(names.STATUS_FIELDS, 0), "uptime_s": 4000, "rate_ul_h": 200,
              "rate_low_ul_h": 190, "rate_high_ul_h": 210, "reservoir_ul": 249_940,
              "last_bolus_age_s": 720, "flags": commands.FLAG_LOGGING | commands.FLAG_RUNNING}
    with Store.open(path) as store:
        for n in range(1, PATIENTS + 1):
            board = f"B{n:02d}"
            store.entries.add(Entry(UUID(int=n), "patient_start", f"P{n:02d}", board, n, "AB",
                                    now_ms - 3600_000, now_ms - 3600_000, {}, str(n)))
            store.logs.add(n, board)
            store.pulls.add(Pull(board, n, now_ms, "ble", 1, 1, COMPLETE, status))
        store.commit()


def _least_cpu_s(lines: list[list[str]]) -> list[float]:
    """Returns the least CPU time, user's and system's, of each command line. Byte code is kept, as
    installing pumplog keeps it: only the first run compiles."""
    least = [float("inf")] * len(lines)
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(RUNS):
        for n, line in enumerate(lines):
            process = subprocess.Popen(line, stdout=subprocess.DEVNULL, env=kept)
            _, code, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(code)
            assert process.returncode == 0, line
            least[n] = min(least[n], usage.ru_utime + usage.ru_stime)
    return least


if __name__ == "__main__":
    sys.exit(1 if tell() else 0)
