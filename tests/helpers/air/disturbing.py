"""Disturbs pulls at places, not at times, and holds what is left against an undisturbed pull.

A place is the N-th arrival of a pull (pumpbench/air/reception.py) or the N-th statement that
changes the store (die_at_statement.py): the same on a slow machine and on a fast one.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

from pumplog.store import Entry, Store
from pumpwire import stream

from helpers.air.traces import came_twice, packets
from helpers.air.ward import (
    TIMEOUT_S,
    Air,
    Ward,
    all_entries,
    all_records,
    command,
    environment,
    holes,
    on_air,
    pumplog,
    rows,
    window_records,
)
from helpers.folded import unfolded

PATIENT = "P02"
ENTRIES = 3  # that wait for the board in each pull
BEFORE_LOG = 3 + ENTRIES  # arrivals before the log's first: proof, time, anchor, entries
SCRIPT = Path(__file__).with_name("die_at_statement.py")


class Bedside:
    """One air with a copy of the ward on it, and the stores that pulled there."""

    def __init__(self, ward: Ward, folder: Path, air: Air) -> None:
        self.ward, self.folder, self.air = ward, folder, air
        self.pulled: dict[str, Path] = {}

    def new_store(self, name: str) -> Path:
        """Makes a store in which some entries wait for the board."""
        db = self.ward.store(self.folder / f"{name.replace('@', '_')}.db")
        known = rows(db, "SELECT board, assignment FROM entries WHERE patient=? LIMIT 1", PATIENT)
        board, assignment = known[0]
        dice = random.Random(name)
        with Store.open(db) as store:
            for at in range(ENTRIES):
                at_ms = 1_767_600_000_000 + at * 1000
                store.entries.add(Entry(
                    UUID(int=dice.getrandbits(128)), "reading", PATIENT, board, assignment, "NB",
                    at_ms, at_ms, {"volume_ul": dice.randrange(250_000)},
                    check_code=self.ward.check_code(PATIENT)))
            store.commit()
        return db

    def pull(self, db: Path, **env: str) -> subprocess.CompletedProcess[str]:
        """Pulls over this air."""
        return pumplog(db, "pull", PATIENT, PUMPLOG_AIR=self.air.address, **env)

    def disturbed(self, name: str, disturb: Callable[[Path], None]) -> None:
        """Makes a store, lets one pull into it be disturbed, and pulls once more in peace."""
        db = self.pulled[name] = self.new_store(name)
        disturb(db)
        again = self.pull(db, PUMPLOG_AIR_TRACE=str(db.with_suffix(".again")))
        assert again.returncode == 0, f"after {name}: {again.stdout}{again.stderr}"

    def fault(self, kind: str, at: int) -> None:
        """Disturbs a pull at its at-th arrival, and sees that it was."""
        def disturb(db: Path) -> None:
            done = self.pull(db, PUMPLOG_AIR_FAULT=f"{kind}@{at}",
                             PUMPLOG_AIR_TRACE=str(db.with_suffix(".struck")))
            if kind == "kill":
                assert done.returncode == -signal.SIGKILL, f"{kind}@{at} hit nothing: {done}"
            else:
                ended_in_one_sentence(done, f"{kind}@{at}")
        self.disturbed(f"{kind}@{at}", disturb)
        if kind == "drop":  # a host that is killed may lose what it had not committed, a page at most
            self.resent(self.pulled[f"{kind}@{at}"])

    def resent(self, db: Path) -> None:
        """Holds what came twice against the packets that may be in flight when a link is cut."""
        struck, again = db.with_suffix(".struck"), db.with_suffix(".again")
        assert packets(struck) or packets(again)
        twice = came_twice(struck, again)
        assert twice <= stream.WINDOW * max(map(len, packets(again) + packets(struck))), (db, twice)

    def check(self) -> None:
        """Holds every store against one that pulls the same boards undisturbed."""
        quiet = self.ward.store(self.folder / "quiet.db")
        assert self.pull(quiet).returncode == 0
        windows, everything, entered = window_records(quiet), all_records(quiet), all_entries(quiet)
        assert len(windows) > 2900 and not holes(quiet)
        for name, db in self.pulled.items():
            assert window_records(db) == windows, name
            assert all_records(db) <= everything and not holes(db), name
            assert all_entries(db) <= entered, name
            assert not rows(db, "SELECT * FROM entries WHERE seq IS NULL AND board=?", "B02"), name
            assert not rows(db, "SELECT * FROM quarantine"), name
        on_board = [fields for _, _, kind, boot, _, fields in everything
                    if kind == "entry" and boot > 2]
        assert len(on_board) == len(set(on_board)) == ENTRIES * len(self.pulled)


def ended_in_one_sentence(done: subprocess.CompletedProcess[str], name: str) -> None:
    assert done.returncode == 3, f"{name}: {done}"
    said = unfolded(done.stdout)
    assert said.startswith("NOT PULLED") and said.count("\n") == 1, f"{name}: {done}"
    assert not done.stderr, f"{name}: {done}"


def arrivals(ward: Ward, folder: Path) -> int:
    """Counts what arrives in an undisturbed pull with entries waiting."""
    copy = ward.copy(folder / "run")
    with on_air(copy) as air:
        bedside = Bedside(copy, folder, air)
        trace = folder / "counted.trace"
        counted = bedside.pull(bedside.new_store("counted"), PUMPLOG_AIR_TRACE=str(trace))
    assert counted.returncode == 0, counted
    return len(trace.read_text().splitlines())


def spread(first: int, last: int, n: int, seed: int) -> list[int]:
    """Returns n seeded places, one in each n-th part of first..last."""
    dice, wide = random.Random(seed), last + 1 - first
    edges = [first + wide * k // n for k in range(n + 1)]
    return [dice.randrange(begin, end) for begin, end in zip(edges, edges[1:], strict=False)]


def in_two_rooms(ward: Ward, folder: Path, jobs: list[Callable[[Bedside], None]]) -> None:
    """Does the jobs on two airs side by side, then holds all their stores against quiet ones."""
    def room(number: int) -> None:
        place = folder / f"room{number}"
        place.mkdir()
        copy = ward.copy(place / "run")
        with on_air(copy) as air:
            bedside = Bedside(copy, place, air)
            for job in jobs[number::2]:
                job(bedside)
            bedside.check()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(room, (0, 1)))


def faults(kind: str, places: list[int]) -> list[Callable[[Bedside], None]]:
    return [lambda bedside, at=at: bedside.fault(kind, at) for at in places]


def struck(kind: str, ward: Ward, length: int, folder: Path, n: int, seed: int) -> None:
    """Kills (or drops) n pulls at n different places, at each that there is if there are fewer: a fifth
    of them while entries are delivered."""
    n = min(n, length)
    early = random.Random(seed).sample(range(1, BEFORE_LOG + 1), min(BEFORE_LOG, n // 5))
    places = early + spread(BEFORE_LOG + 1, length, n - len(early), seed)
    assert len(set(places)) == n
    in_two_rooms(ward, folder, faults(kind, places))


def die_at(statement: int) -> Callable[[Bedside], None]:
    def job(bedside: Bedside) -> None:
        def disturb(db: Path) -> None:
            done = subprocess.run(
                [sys.executable, str(SCRIPT), str(statement), *command(db, "pull", PATIENT)[3:]],
                capture_output=True, text=True,
                env=environment(db, PUMPLOG_AIR=bedside.air.address))
            assert done.returncode == -signal.SIGKILL, f"statement {statement}: {done}"
        bedside.disturbed(f"statement@{statement}", disturb)
    return job


def cut_power_at(ward: Ward, folder: Path, at: int) -> None:
    """The board's power goes as the pull stands still at its at-th arrival; later it comes back."""
    copy = ward.copy(folder / "run")
    db, quiet = copy.store(folder / "cut.db"), copy.store(folder / "quiet.db")
    with on_air(copy) as air:
        pull = subprocess.Popen(
            command(db, "pull", PATIENT), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment(db, PUMPLOG_AIR=air.address, PUMPLOG_AIR_FAULT=f"stop@{at}"))
        os.waitid(os.P_PID, pull.pid, os.WSTOPPED)
        air.signal_boards(signal.SIGKILL)
        pull.send_signal(signal.SIGCONT)
        said, wrong = pull.communicate(timeout=TIMEOUT_S)
    ended_in_one_sentence(
        subprocess.CompletedProcess(pull.args, pull.returncode, said, wrong), f"power cut at {at}")
    kept = window_records(db)
    assert rows(db, "SELECT outcome FROM pulls") == [("broken off",)]
    with on_air(copy) as air:
        for store in (db, quiet):
            assert pumplog(store, "pull", PATIENT, PUMPLOG_AIR=air.address).returncode == 0
    assert window_records(db) == window_records(quiet) and not holes(db)
    assert kept and set(kept) < set(window_records(quiet))
