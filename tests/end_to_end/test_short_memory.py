"""A board whose chip has too little memory for its radio: it logs, the cable goes on, and all say so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.air.ward import json_lines, pumplog
from helpers.cable.desk import SPEED, deploy
from pumpbench.board.usb_board import UsbBoard, fresh_flash
from pumpwire import records

pytestmark = pytest.mark.alone


def test_a_third_less_memory_without_psram_is_for_the_cable_only(tmp_path: Path) -> None:
    db = tmp_path / "nurse.db"
    with UsbBoard(tmp_path / "board", fresh_flash(), speed=SPEED, memory=(67, False)) as board:
        assert deploy(board, tmp_path).returncode == 0
        link = ("--link", f"serial:{board.port}")
        done = pumplog(db, "provision", "--name", "B07", "--ul-per-count", "1 uL", *link)
        assert done.returncode == 0, done.stderr
        done = pumplog(db, "doctor", "--quick", "--port", board.port, "--json")
        found = {row["what"]: row for row in json_lines(done)}
        assert [what for what in found if found[what]["good"] is False] == ["memory"], done.stdout
        assert done.returncode == 1
        assert "The cable works" in found["memory"]["sentence"]
        done = pumplog(db, "pull", "B07", *link)
        assert done.returncode == 0, done.stdout + done.stderr
        assert pumplog(db, "verify", "B07").returncode == 0
    events = [json.loads(line) for line in pumplog(db, "events", "B07", "--json").stdout.splitlines()]
    assert [event["radio"] for event in events if event["kind"] == "memory"] == [records.RADIO_OFF]
