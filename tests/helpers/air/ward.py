"""A small ward on the bench: two patients for two days each, its air, and pumplog as users start it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pumpbench.runs import Plan, run_cohort
from pumplog.store import from_wire

from helpers.folded import unfolded
from helpers.paths import PRODUCT

REGIMENS = """\
patient,timepoint,window_days,morphine_mg_per_250mL,bupivacaine_mg_per_250mL,rate_mL_h,bolus_mL,lockout_min
P01,baseline,1,80,55,0.06,0.06,15
P01,followup,1,95,105,0.89,0.89,15
P02,baseline,1,110,75,0.2,0.2,10
P02,followup,1,200,105,1.14,1.2,10
"""
COUNTS = """\
patient,timepoint,day,pcia_delivered
P01,baseline,1,12
P01,followup,1,19
P02,baseline,1,14
P02,followup,1,21
"""
WINDOWS = ("--baseline", "0+1", "--followup", "28+1")
TIMEOUT_S = 1200  # far beyond what anything takes: it only ends a test that hangs
BOARDS = {"P01": "B01", "P02": "B02"}


@dataclass(frozen=True)
class Ward:
    """What a run left: `folder` with boards, truth.json and nurse.db; `truth` by patient."""

    folder: Path
    truth: dict[str, Any]

    def image(self, patient: str) -> Path:
        """Returns the flash image of a patient's board."""
        return self.folder / BOARDS[patient] / "log.flash"

    def check_code(self, patient: str) -> int:
        """Returns what stands on the label of a patient's board."""
        label = json.loads((self.folder / BOARDS[patient] / "label.json").read_text())
        return int(label["check_code"])

    def copy(self, to: Path) -> Ward:
        """Returns a ward of its own in a new folder, so that its boards may go on the air there."""
        shutil.copytree(self.folder, to)
        return Ward(to, self.truth)

    def store(self, to: Path) -> Path:
        """Makes a nurse's store at `to`: her entries, and not a page pulled yet."""
        with sqlite3.connect(self.folder / "nurse.db") as source, sqlite3.connect(to) as target:
            source.backup(target)
            for table in ("pages", "records", "pulls", "quarantine"):
                target.execute(f"DELETE FROM {table}")
        return to


def run_ward(folder: Path, seed: int = 11, jobs: int = 2, **options: Any) -> Ward:
    """Runs the two patients' windows on the real firmware; the same seed gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "regimens.csv").write_text(REGIMENS)
    (folder / "counts.csv").write_text(COUNTS)
    out = folder / "run"
    plan = Plan(folder / "regimens.csv", folder / "counts.csv", out, out / "nurse.db",
                seed=seed, jobs=jobs, **options)
    return Ward(out, run_cohort(plan, print)["patients"])


def environment(db: Path, **more: str) -> dict[str, str]:
    """Returns the environment of a pumplog: this checkout's, with a home beside its store."""
    return {**os.environ, "PYTHONPATH": PRODUCT,
            "XDG_STATE_HOME": str(db.parent / "state"), **more}


def command(db: Path, *arguments: str) -> list[str]:
    """Returns the command line of a pumplog on that store."""
    return [sys.executable, "-m", "pumplog", "--db", str(db), *arguments]


def by_name(db: Path) -> list[str]:
    """Returns the options that take in what only images say: no pull came after the end."""
    return [word for (log_id,) in rows(db, "SELECT log_id FROM logs")
            for word in ("--unproven", f"{log_id:08x}")]


def pumplog(db: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Runs pumplog to its end."""
    done = subprocess.run(command(db, *arguments), capture_output=True, text=True,
                          timeout=TIMEOUT_S, env=environment(db, **env))
    done.stdout, done.stderr = unfolded(done.stdout), unfolded(done.stderr)
    return done


def json_lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """Returns what a command printed with --json, whatever its exit code."""
    return [json.loads(line) for line in done.stdout.splitlines()]


def pull_images(db: Path, ward: Ward) -> None:
    """Pulls every board from its flash image."""
    for patient in ward.truth:
        image = ward.folder / ward.truth[patient]["board"] / "log.flash"
        done = pumplog(db, "pull", patient, "--link", f"file:{image}")
        assert done.returncode == 0, done.stdout + done.stderr


class Air:
    """`pumpbench serve` as users start it, with its options."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pumpbench", "serve", str(folder), *options], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment(folder / "nurse.db"),
        )
        assert self._process.stdout and self._process.stderr
        line = self._process.stdout.readline()
        assert line.startswith("air ready on "), (line, self._process.stderr.read())
        self.address = line.split()[-1]

    def signal_boards(self, number: int) -> None:
        """Sends every board's process a signal: SIGKILL cuts its power, SIGSTOP hangs it."""
        pid = self._process.pid
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            os.kill(int(child), number)

    def press(self, board: str) -> None:
        """Presses a board's service button (with --by-hand)."""
        assert self._told(f"press {board}") == f"pressed {board}\n"

    def drop_links(self) -> None:
        """Breaks every link, as walking away does (with --by-hand)."""
        assert self._told("drop") == "dropped\n"

    def _told(self, line: str) -> str:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()

    def stop(self) -> str:
        """Switches it off; returns what it said on standard error."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.communicate(timeout=TIMEOUT_S)[1]


@contextmanager
def on_air(ward: Ward, *options: str) -> Iterator[Air]:
    """Puts a ward's boards on an air for as long as the block lasts."""
    air = Air(ward.folder, *options)
    try:
        yield air
    finally:
        said = air.stop()
    assert "Traceback" not in said, said


def rows(db: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Returns what a store answers to SQL."""
    with sqlite3.connect(db) as connection:
        return connection.execute(query, values).fetchall()


def window_records(db: Path) -> list[tuple[Any, ...]]:
    """Returns every record of the windows themselves (boots 1 and 2; on the air comes a third)."""
    return rows(db, "SELECT log_id, seq, kind, boot, uptime_ms, fields FROM records WHERE boot < 3"
                    " ORDER BY log_id, seq")


def all_records(db: Path) -> set[tuple[Any, ...]]:
    """Returns every record."""
    return set(rows(db, "SELECT log_id, seq, kind, boot, uptime_ms, fields FROM records"))


def all_entries(db: Path) -> set[tuple[Any, ...]]:
    """Returns every entry, as both its author's host and a host that learnt it from a board know it."""
    return set(rows(db, "SELECT uuid, kind, patient, assignment, author, entered_at_ms / 1000,"
                        " effective_at_ms / 1000, fields, log_id, seq FROM entries"))


def entries_on_boards(db: Path) -> set[tuple[Any, ...]]:
    """Returns the entries that a store's records hold, as `all_entries` has them less the patients'
    codes, which no board knows. Those of an image that no board vouches for are records and no more."""
    found = set()
    for log_id, seq, fields in rows(db, "SELECT log_id, seq, fields FROM records WHERE kind='entry'"):
        entry = from_wire(bytes.fromhex(json.loads(fields)["entry"]), "", None, log_id, seq)
        found.add((str(entry.uuid), entry.kind, entry.assignment, entry.author,
                   entry.entered_at_ms // 1000, entry.effective_at_ms // 1000, json.dumps(entry.fields),
                   log_id, seq))
    return found


def without_patient(entries: set[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    """Returns what `all_entries` returned, less the patients' codes."""
    return {entry[:2] + entry[3:] for entry in entries}


def holes(db: Path) -> list[tuple[Any, ...]]:
    """Returns where records are missing between records."""
    return rows(db, "SELECT log_id, seq FROM (SELECT log_id, seq, LAG(seq) OVER (PARTITION BY log_id"
                    " ORDER BY seq) AS before FROM records) WHERE seq > before + 1")
