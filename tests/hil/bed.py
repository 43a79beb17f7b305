"""A board on its bench, as the tests use it: the rig, the board's console, the nurse's tool."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pumplog.deploy.mpremote import Mpremote
from pumplog.deploy.two_firmwares import leave_service, to_service
from pumplog.errors import PumplogError
from pumplog.links.serial_link import SerialLink
from pumplog.sync_client import Client
from rig_client import Rig

ROOT = Path(__file__).resolve().parents[2]
STARTS_S = 60.0  # only ends a test whose board does not come up
SECONDS_S = 2.5
SETTLE_S = 0.3  # what the rig did has reached the board: filters, and a few ticks


def board_pins(module: str) -> dict[str, int]:
    """Returns {signal: GPIO} of the board's pin map."""
    signals = tomllib.loads((ROOT / "hardware" / "pins.toml").read_text())["signals"]
    return {name: signal["gpio"][module] for name, signal in signals.items()}


@dataclass
class Bed:
    """port: the board's. db: the store that knows its key. hold_up_s: its supply's, at most."""

    port: str
    rig: Rig
    db: Path
    name: str
    hold_up_s: float
    virtual: bool

    def __post_init__(self) -> None:
        self.pins = board_pins("esp32")
        self.console = Mpremote(self.port)

    # ---- the nurse's tool

    def pumplog(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs pumplog on the board's serial line."""
        command = [sys.executable, "-m", "pumplog", "--db", str(self.db), "--link",
                   f"serial:{self.port}", "--initials", "HIL", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=300,
                              env={**os.environ, "XDG_STATE_HOME": str(self.db.parent / "state")})

    def pull(self) -> list[dict[str, Any]]:
        """Pulls, verifies, and returns every record of the board, oldest first."""
        done = self.pumplog("pull", self.name)
        assert done.returncode == 0, done.stdout + done.stderr
        done = self.pumplog("verify", self.name)
        assert done.returncode == 0, done.stdout + done.stderr
        done = self.pumplog("--json", "events", self.name)
        assert done.returncode == 0, done.stderr
        return sorted(map(json.loads, done.stdout.splitlines()), key=lambda one: one["seq"])

    def head(self) -> int:
        """Returns the highest sequence number on the board now."""
        return max(one["seq"] for one in self.pull())

    # ---- the board

    def await_running(self) -> None:
        """Waits until the firmware answers."""
        end_s = time.monotonic() + STARTS_S
        while True:
            try:
                link = SerialLink(self.port)
                try:
                    Client(link).info()
                    return
                finally:
                    link.close()
            except PumplogError as error:
                assert time.monotonic() < end_s, f"the board does not come up: {error}"

    def cut_and_pull(self, after_seq: int) -> list[dict[str, Any]]:
        """Cuts the supply, so that the board writes what is under way and dies; powers it up, pulls,
        and returns the records after `after_seq`."""
        self.rig.cut(for_ms=int(self.hold_up_s * 1000) + 500)
        self.await_running()
        return [one for one in self.pull() if one["seq"] > after_seq]

    def settle(self) -> None:
        """Lets the board's next second come, in which it looks at what can wait."""
        time.sleep(SECONDS_S)

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


def total(found: list[dict[str, Any]], field: str) -> int:
    """Returns the sum of a field of the minutes: counts or presses, whatever they were taken for."""
    return sum(int(one[field]) for one in found if one["kind"] == "minute")


def of_kind(found: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Returns the records of a kind."""
    return [one for one in found if one["kind"] == kind]
