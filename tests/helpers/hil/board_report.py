"""What a board told of itself while the suite ran, as one file that a person can send: board.json."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pumpwire import commands


@dataclass
class Memory:
    """Internal memory that was left to the chip's system at a stage, bytes: at least, in one piece at
    least, and the least since the board had started. looks: at so many moments."""

    stage: str
    free: int
    largest: int
    lowest: int
    looks: int = 1


@dataclass
class Report:
    """board: its name. target: what was tested. memory: by stage, in the order of their first look.
    late_ms: the loop's latest look, worst; ticks_skipped: looks that never came. block_ms: of 4 KiB of
    flash erased and written, in turn. given, logged: counts and presses that the rig gave, and those of
    the log. resets: boots by their reason. psram: bytes."""

    board: str
    target: str
    psram: int = 0
    memory: list[Memory] = field(default_factory=list)
    late_ms: int = 0
    ticks_skipped: int = 0
    block_ms: list[float] = field(default_factory=list)
    given: dict[str, int] = field(default_factory=dict)
    logged: dict[str, int] = field(default_factory=dict)
    resets: dict[str, int] = field(default_factory=dict)

    def looked(self, stage: str, free: int, largest: int, lowest: int) -> None:
        """Keeps what was left at a moment of a stage."""
        for known in self.memory:
            if known.stage == stage:
                known.free, known.largest = min(known.free, free), min(known.largest, largest)
                known.lowest, known.looks = min(known.lowest, lowest), known.looks + 1
                return
        self.memory.append(Memory(stage, free, largest, lowest))

    def told(self, stage: str, status: dict[str, int]) -> None:
        """Keeps what a board's STATUS told at a moment of a stage."""
        self.looked(stage, *(status[f"memory_{name}"] for name in ("free", "largest", "lowest")))
        self.loop(status)

    def loop(self, status: dict[str, int]) -> None:
        """Keeps how late the loop came, of a STATUS."""
        self.late_ms = max(self.late_ms, status["late_ms"])
        self.ticks_skipped = max(self.ticks_skipped, status["ticks_skipped"])

    def counted(self, what: str, given: int, logged: int) -> None:
        """Keeps what the rig gave, and what the log has of it."""
        self.given[what] = self.given.get(what, 0) + given
        self.logged[what] = self.logged.get(what, 0) + logged

    def write(self, path: Path) -> None:
        """Writes the file. missed: what the rig gave and the log lacks."""
        told: dict[str, Any] = {"when": time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime()), **asdict(self)}
        told["missed"] = {what: n - self.logged[what] for what, n in self.given.items()}
        path.write_text(json.dumps(told, indent=1) + "\n")


def held(status: dict[str, int]) -> bool:
    """Returns whether the board takes no link, for want of memory."""
    return bool(status["flags"] & commands.FLAG_RADIO_HELD)
