"""A board on a desk, as the tests use it: the rig, the board's console, the nurse's tool."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pumplog import host
from pumplog.cli import main
from pumplog.deploy.mpremote import Mpremote
from pumplog.deploy.two_firmwares import leave_service, to_service
from pumplog.errors import PumplogError
from pumplog.links.serial_link import SerialLink
from pumplog.store import Board, Entry, Store
from pumplog.sync.client import Client

from helpers.folded import unfolded
from helpers.hil.board_report import Report
from helpers.hil.rig_client import Rig
from helpers.paths import ROOT

STARTS_S = 60.0  # only ends a test whose board does not come up
TIMEOUT_S = 300  # likewise, of a tool that hangs
SETTLE_S = 0.3  # what the rig did has reached the board: filters, and a few ticks
APART_S = 1.5  # of the board's time: presses so far apart are two, however long the first was held


def board_pins(module: str) -> dict[str, int]:
    """Returns {signal: GPIO} of the board's pin map."""
    signals = tomllib.loads((ROOT / "hardware" / "pins.toml").read_text())["signals"]
    return {name: signal["gpio"][module] for name, signal in signals.items()}


@dataclass
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str

    def good(self) -> Done:
        """Returns itself; fails the test unless the command did it all."""
        assert self.code == 0, self.out + self.err
        return self


@dataclass
class Bed:
    """port: the board's. db: the store that knows its key. hold_up_s: its supply's, at most.
    speed: how many times as fast as ours the board's time runs. report: what the board tells of
    itself meanwhile. air: the virtual one's address."""

    port: str
    rig: Rig
    db: Path
    name: str
    hold_up_s: float
    speed: int
    virtual: bool
    report: Report
    air: str | None = None

    def __post_init__(self) -> None:
        self.pins = board_pins("esp32")
        self.console = Mpremote(self.port, TIMEOUT_S)

    # ---- the nurse's tool

    def pumplog(self, *arguments: str) -> Done:
        """Runs pumplog on the board's serial line, in this process: there are some hundred of them."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(["--db", str(self.db), "--link", f"serial:{self.port}", "--initials", "HIL",
                         *arguments])
        return Done(code, unfolded(out.getvalue()), unfolded(err.getvalue()))

    def radio_environment(self) -> dict[str, str]:
        """Returns the environment of a program that uses Bluetooth."""
        return {**os.environ, **({"PUMPLOG_AIR": self.air} if self.air else {})}

    def over_radio(self, *arguments: str, db: Path | None = None) -> Done:
        """Runs pumplog by Bluetooth, as a user starts it; db: another store than the nurse's."""
        command = [sys.executable, "-m", "pumplog", "--db", str(db or self.db), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S,
                              env=self.radio_environment())
        return Done(done.returncode, unfolded(done.stdout), unfolded(done.stderr))

    def known(self) -> Board:
        """Returns what the store knows of the board: its keys, check code and calibration."""
        with Store.open(self.db) as store:
            board = store.boards.named(self.name)
        assert board, f"{self.db} does not know board {self.name}: --db is the store that provisioned it"
        return board

    def check(self) -> tuple[str, str]:
        """Returns the options that let a command write to the board."""
        return "--check", f"{self.known().check_code:06d}"

    def queue(self, n: int) -> None:
        """Puts entries into the store that wait for the board: readings of nobody's pump."""
        now_ms, code = host.utc_now_ms(), self.known().check_code
        with Store.open(self.db) as store:
            for volume_ul in range(n):
                store.entries.add(Entry(host.new_uuid(), "reading", "bench", self.name, 1, "HIL", now_ms,
                                      now_ms, {"volume_ul": volume_ul}, check_code=code))
            store.commit()

    def pull(self) -> list[dict[str, Any]]:
        """Pulls, verifies, and returns every record of the board, oldest first, as it was written:
        without its place in the host's time, which later pulls narrow, and the stay this falls into."""
        self.pumplog("pull", self.name).good()
        self.pumplog("verify", self.name).good()
        done = self.pumplog("--json", "events", self.name).good()
        found = [json.loads(line) for line in done.out.splitlines()]
        for one in found:
            for name in ("utc", "utc_uncertainty_ms", "patient"):
                del one[name]
        return sorted(found, key=lambda one: one["seq"])

    # ---- the board

    @contextlib.contextmanager
    def client(self) -> Iterator[Client]:
        """A conversation with the board over its cable."""
        link = SerialLink(self.port)
        try:
            yield Client(link)
        finally:
            link.close()

    def head(self) -> int:
        """Returns the highest sequence number on the board now."""
        with self.client() as client:
            return client.status()["next_seq"] - 1

    def await_running(self) -> None:
        """Waits until the firmware answers."""
        end_s = time.monotonic() + STARTS_S
        while True:
            try:
                with self.client() as client:
                    client.info()
                return
            except PumplogError as error:
                assert time.monotonic() < end_s, f"the board does not come up: {error}"

    def cut_and_pull(self, after_seq: int) -> list[dict[str, Any]]:
        """Cuts the supply, so that the board writes what is under way and dies; powers it up, pulls,
        and returns the records after `after_seq`: none may be missing."""
        with self.client() as client:
            self.report.loop(client.status())
        self.rig.cut(for_ms=int(self.hold_up_s * 1000) + 500)
        self.await_running()
        return after(self.pull(), after_seq)

    def compare(self, found: list[dict[str, Any]], counts: int, presses: int) -> None:
        """Wants the log to have the counts and presses that the rig gave."""
        self.report.counted("counts", counts, total(found, "counts"))
        self.report.counted("presses", presses, total(found, "presses"))
        assert (total(found, "counts"), total(found, "presses")) == (counts, presses)

    def press_service(self) -> None:
        """Presses the service button."""
        self.rig.press("SERVICE", 600_000)

    def pass_s(self, board_s: float) -> None:
        """Lets so much of the board's time pass."""
        time.sleep(board_s / self.speed)

    def to_service(self) -> None:
        """Stops the firmware, so that the pins can be read one by one."""
        to_service(self.console, lambda text: None)

    def leave_service(self) -> None:
        """Starts the firmware again."""
        leave_service(self.console)
        self.await_running()

    def execute(self, code: str) -> Any:
        """Runs Python on a board in service; returns the JSON that it printed last."""
        return json.loads(self.console.execute(code).strip().splitlines()[-1])


def after(found: list[dict[str, Any]], seq: int) -> list[dict[str, Any]]:
    """Returns the records after one, which must follow it and each other without a gap."""
    later = [one for one in found if one["seq"] > seq]
    assert [one["seq"] for one in later] == list(range(seq + 1, seq + 1 + len(later))), "gap in seq"
    return later


def total(found: list[dict[str, Any]], field: str) -> int:
    """Returns the sum of a field of the minutes: counts or presses, whatever they were taken for."""
    return sum(int(one[field]) for one in found if one["kind"] == "minute")


def of_kind(found: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Returns the records of a kind."""
    return [one for one in found if one["kind"] == kind]
