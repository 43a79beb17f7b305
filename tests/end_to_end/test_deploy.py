"""A board from blank to deployed, provisioned, cut in the middle of an update, and updated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import SPEED, VFS, deploy, flashed, kept, log_cells, mpremote, running, variant
from pumpbench.usb_board import UsbBoard
from ward import pumplog


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[UsbBoard, Path]]:
    folder = tmp_path_factory.mktemp("desk")
    with UsbBoard(folder / "board", flashed(), speed=SPEED) as board:
        done = deploy(board, folder)
        assert done.returncode == 0, done.stderr + done.stdout
        assert "runs from /a" in done.stdout and "every byte is checked" in done.stderr
        done = pumplog(folder / "nurse.db", "provision", "--name", "B01", "--ul-per-count", "1 uL",
                       "--link", f"serial:{board.port}")
        assert done.returncode == 0, done.stderr
        yield board, folder


def test_power_cut_in_the_middle_of_a_deploy_leaves_the_old_firmware_its_log_and_its_key(
    desk: tuple[UsbBoard, Path],
) -> None:
    board, folder = desk
    new = variant(folder, 101)
    before = log_cells(board)
    board.power_off()
    board.cut_in = (*VFS, 150)
    board.power_on()
    done = deploy(board, folder, "--firmware", str(new))
    assert done.returncode == 3 and "do it again" in done.stderr, done.stderr
    assert not board.powered
    board.power_on()
    assert running(board, folder / "nurse.db") == 100
    assert kept(before, log_cells(board))
    done = deploy(board, folder, "--firmware", str(new))
    assert done.returncode == 0 and "runs from /b" in done.stdout, done.stderr
    assert running(board, folder / "nurse.db") == 101
    assert mpremote(board, "exec", "print(open('/slot').read())").strip() == "b ok"
