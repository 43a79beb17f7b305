"""A ward of many boards at once: real firmware on flash that the real event log wrote, here in CPython.

Each log holds a reference day again and again, from the board's number on, so that no two are the same.
A nurse has started a patient on each board: that waits in her store for the first pull.
"""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path
from uuid import UUID

from gateway.clock import Uptime
from gateway.event_log import EventLog
from pumplog.store import Board, Entry, Store
from pumpwire import records
from pumpwire.units import TICK_MS, TICKS_WRAP

from helpers.air.ward import Ward
from helpers.on_board import reference_day
from helpers.on_board.nor import Nor
from helpers.paths import VECTORS

LOG_PAGES = 256
START_MS = 1_767_600_000_000  # 2026-01-05T08:00:00Z
PL_PER_COUNT = 1_000_000
Event = tuple[int, int, tuple[int, ...]]  # ticks, kind, values: see reference_day
CELL = (100_000, 420_000)
POWER_ON, FIRMWARE = 1, 100


def make_ward(folder: Path, n: int, events: int = 5000) -> Ward:
    """Makes n boards with a patient each, and the store that provisioned them: nothing pulled yet."""
    lines = (VECTORS / "reference_day" / "days.txt").read_text().splitlines()
    _, day = next(reference_day.read(lines))
    long = [(ticks + turn * reference_day.DAY_TICKS, kind, values)
            for turn in range(events // len(day) + 2) for ticks, kind, values in day]
    patients = {}
    folder.mkdir(parents=True)
    with Store.open(folder / "nurse.db") as store:
        for number in range(1, n + 1):
            name, patient = f"B{number:02d}", f"P{number:02d}"
            dice = random.Random(f"board {number}")
            board = Board(name, dice.randbytes(32), dice.randbytes(32), dice.randrange(100_000, 999_999),
                          PL_PER_COUNT, 10_000, START_MS)
            log_id = _write_board(folder / name, board, dice, long[number : number + events])
            store.add_board(board)
            store.logs.add(log_id, name)
            store.entries.add(Entry(UUID(bytes=dice.randbytes(16)), "patient_start", patient, name,
                                  dice.getrandbits(30), "AB", START_MS, START_MS, {}, str(number),
                                  check_code=board.check_code))
            patients[patient] = {"board": name}
        store.commit()
    return Ward(folder, patients)


def _write_board(folder: Path, board: Board, dice: random.Random, events: list[Event]) -> int:
    """Leaves in `folder` what a board that logged these events leaves; returns its log's id."""
    flash, uptime = Nor(LOG_PAGES), Uptime()
    log = EventLog(flash, uptime, dice.randbytes)
    log.set_key(board.device_key)
    log.mount(POWER_ON, FIRMWARE)
    now_ms = began_ms = 0
    for (ticks, kind, values), reservoir in reference_day.steps(_whole(events)):
        began_ms = began_ms or (ticks - records.MINUTE_TICKS) * TICK_MS
        while now_ms < ticks * TICK_MS - began_ms:
            now_ms = min(now_ms + 60_000, ticks * TICK_MS - began_ms)
            uptime.advance(now_ms % TICKS_WRAP)
        for at, value in enumerate(values):
            log.values[at] = value
        if reservoir is not None:
            log.hold_reservoir(*reservoir)
        assert log.append(kind) >= 0
        log.service()
    folder.mkdir()
    (folder / "log.flash").write_bytes(flash.cells)
    calibration = struct.pack("<IIii", PL_PER_COUNT, 10_000, *CELL)
    kept = {"name": board.name.encode(), "pairing_key": board.pairing_key,
            "device_key": board.device_key, "check_code": struct.pack("<I", board.check_code),
            "calibration": calibration}
    (folder / "nvs.json").write_text(json.dumps({key: value.hex() for key, value in kept.items()}))
    (folder / "pins.json").write_text(json.dumps(
        {"name": board.name, "counts": 0, "presses": 0, "weight_raw": 230_000, "reliefs": 0,
         "radio_loss": []}))
    (folder / "label.json").write_text(json.dumps({"check_code": str(board.check_code)}))
    return int(log.log_id)


def _whole(events: list[Event]) -> list[Event]:
    """Leaves out a reservoir at the beginning that lost its minute."""
    return events[1:] if events[0][1] == records.RESERVOIR else events
