"""A deploy cut anywhere leaves a board that starts a complete firmware, the old or the new, with its log
and key; one that does not come up is taken back.

One deploy is made with the real mpremote while every flash operation is noted. Then for random ones
among them, power goes inside: half of its bytes are programmed, or erased. The board starts on that
flash.
"""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from helpers.air.ward import pumplog
from helpers.cable.desk import (
    SPEED,
    VFS,
    deploy,
    kept,
    log_cells,
    mpremote,
    running,
    surveyed,
    variant,
)
from helpers.scale import scaled
from pumpbench.board.usb_board import UsbBoard, fresh_flash, operations
from pumplog.deploy.mpremote import Mpremote
from pumplog.deploy.two_firmwares import to_service

pytestmark = pytest.mark.alone
OLD, NEW = 100, 101


@dataclass(frozen=True)
class Deployed:
    """What was on the board before a deploy, and every flash operation from its begin to its end."""

    folder: Path
    flash: bytes
    nvs: bytes
    operations: list[tuple[str, int, bytes]]
    manifests: tuple[dict[str, str], dict[str, str]]  # the old and the new


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    folder = tmp_path_factory.mktemp("cuts")
    new = variant(folder, NEW)
    with UsbBoard(folder / "board", fresh_flash(), speed=SPEED) as board:
        assert deploy(board, folder).returncode == 0
        done = pumplog(folder / "nurse.db", "provision", "--name", "B01", "--ul-per-count", "1 uL",
                       "--link", f"serial:{board.port}")
        assert done.returncode == 0, done.stderr
        board.power_off()
        flash, nvs = ((board.folder / name).read_bytes() for name in ("flash.bin", "nvs.json"))
        board.record = True
        board.power_on()
        done = deploy(board, folder, "--firmware", str(new))
        assert done.returncode == 0, done.stderr
        board.power_off()
        noted = operations(board.folder)
    (old,) = folder.glob("esp32-*/manifest.json")
    return Deployed(folder, flash, nvs, noted,
                    (json.loads(old.read_text()), json.loads((new / "manifest.json").read_text())))


def torn(deployed: Deployed, at: int) -> bytes:
    """Returns the flash with power gone inside operation `at`."""
    cells = bytearray(deployed.flash)
    for number, (_, address, data) in enumerate(deployed.operations[: at + 1]):
        part = data[: len(data) // 2] if number == at else data
        cells[address : address + len(part)] = part
    return bytes(cells)


def test_cut_at_random_operations_it_starts_a_complete_firmware_with_its_log_and_key(
    deployed: Deployed,
) -> None:
    dice, cuts = random.Random(6), scaled(30, 300)
    of_files = [n for n, (_, at, _) in enumerate(deployed.operations) if VFS[0] <= at < VFS[1]]
    assert len(of_files) > cuts
    switched = []
    for at in [*sorted(dice.sample(of_files[:-1], cuts)), of_files[-1]]:
        flash = torn(deployed, at)
        folder = deployed.folder / f"cut-{at}"
        with UsbBoard(folder, flash, deployed.nvs, speed=SPEED) as board:
            version = running(board, deployed.folder / "nurse.db")
        found = surveyed(folder)
        assert version in (OLD, NEW), at
        (letter,) = [one for one in "ab" if found.sums(one) == deployed.manifests[version - OLD]]
        assert found.whole(letter), at
        assert kept(deployed.flash[VFS[1] :], log_cells(board)), at
        switched.append(version)
        shutil.rmtree(folder)
    assert switched == sorted(switched) and set(switched) == {OLD, NEW}  # the old until the switch


def back_to_the_old_one(deployed: Deployed, tmp_path: Path, main: str, version: int) -> str:
    """Deploys a firmware that does not come up; returns what was said."""
    with UsbBoard(tmp_path / "board", deployed.flash, deployed.nvs, speed=SPEED) as board:
        bad = variant(tmp_path, version, main)
        done = deploy(board, tmp_path, "--firmware", str(bad))
        assert done.returncode == 1 and "did not come up" in done.stderr, (done.stderr, board.resets)
        assert running(board, deployed.folder / "nurse.db") == OLD
        assert mpremote(board, "exec", "print(open('/slot').read())").strip() == "a ok"
    return done.stderr


def test_a_firmware_that_fails_as_it_starts_is_taken_back(deployed: Deployed, tmp_path: Path) -> None:
    said = back_to_the_old_one(deployed, tmp_path, "import no_such_module\n", 102)
    assert "no module named 'no_such_module'" in said


def test_a_firmware_that_hangs_is_taken_back(deployed: Deployed, tmp_path: Path) -> None:
    back_to_the_old_one(deployed, tmp_path, "from machine import WDT\nWDT(timeout=10000)\nwhile True:"
                                            " pass\n",
                        103)


def test_a_cable_that_is_pulled_in_service_leaves_a_board_that_starts_again_by_itself(
    deployed: Deployed, tmp_path: Path,
) -> None:
    with UsbBoard(tmp_path / "board", deployed.flash, deployed.nvs, speed=SPEED) as board:
        assert running(board, deployed.folder / "nurse.db") == OLD
        to_service(Mpremote(board.port), print)
        board.unplug()
        assert board.let_watchdog_wait() == 600
        board.plug_in()
        assert running(board, deployed.folder / "nurse.db") == OLD
