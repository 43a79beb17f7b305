"""`make demo`: the whole way from twelve running pumps to the printed table."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from shutil import which

from ..errors import BenchError
from .cohort_run import Plan, run_cohort


def run_demo(out: Path | None, seed: int) -> None:
    """Runs the shipped cohort, pulls its boards over the virtual air, prints Table 4."""
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="pumplog-demo-")) if out is None else out.resolve()
    cohort = Path(str(files("pumpbench") / "cohort_data"))
    db = folder / "nurse.db"
    _say("Twelve synthetic patients, two windows each: 120 days at 10 samples a second, on the"
         " real firmware. About two minutes.")
    plan = Plan(cohort / "regimens.csv", cohort / "daily_counts.csv", folder, db,
                ul_per_count=Fraction(1), seed=seed, jobs=os.cpu_count() or 1)
    run_cohort(plan, _say)
    _say("The boards go on the (virtual) air, and the host pulls them as it would at the bedside.")
    with _Serving(folder) as address:
        _pumplog(db, ["pull", "--all"], address)
    print()
    published = Path(str(files("pumplog") / "data" / "published_table4.csv"))
    _pumplog(db, ["table", "--compare", str(published)], None)
    beside = os.path.relpath(Path(sys.executable).with_name("pumplog"))
    pumplog = "pumplog" if which("pumplog") else beside
    print(f"\nEverything is in {folder}: try `{pumplog} --db {db} status`."
          f" ({time.monotonic() - began:.0f} s)")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _pumplog(db: Path, command: list[str], address: str | None) -> None:
    """Runs the shipped host tool, on the air at `address` if given."""
    env = {**os.environ, **({"PUMPLOG_AIR": address} if address else {})}
    done = subprocess.run([sys.executable, "-m", "pumplog", "--db", str(db), *command], env=env)
    if done.returncode:
        raise BenchError(f"pumplog {command[0]} ended with exit code {done.returncode}",
                         "see what it said above")


class _Serving:
    """`pumpbench serve` as a program of its own, for as long as the block lasts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> str:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pumpbench", "serve", str(self._folder)],
            stdout=subprocess.PIPE, text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("air ready on "):
            raise BenchError("the virtual air did not start", "see what it said above")
        return line.split()[-1]

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
