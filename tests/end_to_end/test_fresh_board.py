"""A blank chip goes the whole way to a board that logs: image, firmware, keys, doctor, pull."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.air.ward import environment, json_lines, pumplog
from helpers.cable.blank_chip import rom_loader
from helpers.cable.desk import deploy
from helpers.cable.stock_image import stock_image
from helpers.folded import unfolded
from helpers.hil.virtual_air import ADDRESS, VirtualAir
from pumpbench.board import UsbBoard

pytestmark = pytest.mark.alone
SPEED = 2  # of its time: faster, and a busy computer stretches the load cell's clock too often


def flashed(folder: Path) -> bytes:
    """Returns a blank chip's flash after what `make flash` runs, by the real esptool."""
    image = folder / "ESP32_GENERIC.bin"
    image.write_bytes(stock_image())
    port, flash = rom_loader(folder)
    done = subprocess.run(
        [sys.executable, "-m", "pumplog.cli.board", "flash", "--port", port, "--image", str(image),
         "--sha256", hashlib.sha256(image.read_bytes()).hexdigest(), "--build", str(folder)],
        capture_output=True, text=True, env=environment(folder / "x.db"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every part verified" in unfolded(done.stdout), done.stdout + done.stderr
    return bytes(flash)


def test_from_a_blank_chip_to_a_board_that_logs(tmp_path: Path) -> None:
    db = tmp_path / "nurse.db"
    with VirtualAir() as air, UsbBoard(tmp_path / "board", flashed(tmp_path), speed=SPEED,
                                       air=(air.for_boards, ADDRESS)) as board:
        done = deploy(board, tmp_path)
        assert done.returncode == 0 and "runs from /a" in done.stdout, done.stdout + done.stderr
        link = ("--link", f"serial:{board.port}")
        done = pumplog(db, "provision", "--name", "B07", "--ul-per-count", "1 uL", *link)
        assert done.returncode == 0, done.stderr
        heard = json_lines(pumplog(db, "scan", "--json", PUMPLOG_AIR=air.for_hosts))
        assert [each["board"] for each in heard] == ["B07"]  # by the name that it has from now on
        done = pumplog(db, "doctor", "--port", board.port, "--json")
        found = {row["what"]: row["good"] for row in json_lines(done)}
        assert done.returncode == 0 and False not in found.values(), done.stdout
        assert found["keys"] and found["firmware"] and found["restart"]
        done = pumplog(db, "pull", "B07", *link)
        assert done.returncode == 0, done.stdout + done.stderr
        assert pumplog(db, "verify", "B07").returncode == 0
    events = map(json.loads, pumplog(db, "events", "B07", "--json").stdout.splitlines())
    assert {"boot", "calibration", "anchor"} <= {event["kind"] for event in events}
