"""A pull over the cable: the same records as those that lie on the board's flash."""

from __future__ import annotations

import sqlite3
from fractions import Fraction
from pathlib import Path

import numpy as np
from helpers.air.ward import pumplog
from pumpbench.bedside import Pins
from pumpbench.board import RunningBoard, VirtualBoard, compiled_firmware
from pumpbench.nurse import Nurse

HOURS = 3
SECONDS = HOURS * 3600
START_MS = 1_767_600_000_000


def records(db: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(db) as store:
        return store.execute("SELECT seq, kind, boot, uptime_ms, fields FROM records"
                             " ORDER BY seq").fetchall()


def test_pulled_by_cable_or_read_from_flash_the_records_are_the_same(tmp_path: Path) -> None:
    ticks = np.arange(SECONDS * 10, dtype=np.int32)
    second = np.arange(SECONDS, dtype=np.int32)
    pins = Pins(ticks // 36, ticks // 9000, 190_000 + second % 7, second // 4000, second * 0 + (88 << 8))
    board = VirtualBoard(tmp_path / "B01", "cable", compiled_firmware())
    db = tmp_path / "nurse.db"
    nurse = Nurse(db, "P01", "B01", "cable", board.folder)
    running = RunningBoard(board, "cable", pins)

    def visit(at_s: int, commands: list[list[str]]) -> None:
        codes: list[int] = []
        running.session(lambda port: codes.extend(
            nurse.visit(port, START_MS + at_s * 1000, commands)))
        assert codes == [0] * len(commands)

    visit(0, [nurse.provision(Fraction(1), 140_700, 420_000), nurse.start("1")])
    running.pass_ticks(SECONDS * 5)
    visit(SECONDS // 2, [nurse.pull()])
    first = records(db)
    running.pass_ticks(SECONDS * 5)
    visit(SECONDS, [nurse.pull(), nurse.pull()])
    running.power_off()
    by_cable = records(db)
    assert by_cable[: len(first)] == first and len(by_cable) > len(first) > 60 * HOURS // 2
    with sqlite3.connect(db) as store:
        for table in ("pages", "records", "pulls"):
            store.execute(f"DELETE FROM {table}")
    done = pumplog(db, "pull", "P01", "--link", f"file:{board.flash}")
    assert done.returncode == 0, done.stdout + done.stderr
    from_flash = records(db)
    assert from_flash[: len(by_cable)] == by_cable
    assert {row[1] for row in from_flash[len(by_cable) :]} <= {"anchor"}  # the last visit's own
