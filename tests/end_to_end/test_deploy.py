"""A board from blank to deployed, provisioned, cut in the middle of an update, and updated."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import segno
from helpers.air.ward import pumplog
from helpers.cable.desk import SPEED, VFS, deploy, kept, log_cells, mpremote, running, variant
from pumpbench.board import UsbBoard, fresh_flash
from pumpbench.board.wires import NO_CELL
from pumplog.store import Store

pytestmark = pytest.mark.alone
HANDSET = 32


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[UsbBoard, Path]]:
    folder = tmp_path_factory.mktemp("desk")
    with UsbBoard(folder / "board", fresh_flash(), speed=SPEED) as board:
        done = deploy(board, folder)
        assert done.returncode == 0, done.stderr + done.stdout
        assert "runs from /a" in done.stdout and "every byte is checked" in done.stderr
        (folder / "batch.csv").write_text("name,port,ul_per_count,uncertainty_percent\n"
                                          f"B01,{board.port},1 uL,1\nB02,/dev/absent,1 uL,1\n")
        done = pumplog(folder / "nurse.db", "provision", "--batch", str(folder / "batch.csv"),
                       "--labels", str(folder / "labels.svg"))
        assert done.returncode == 1 and "1 of 2 boards were not provisioned: B02:" in done.stderr
        assert "/dev/absent cannot be opened" in done.stderr
        yield board, folder


def test_the_label_has_the_check_code_in_letters_and_a_qr_code_of_nothing_but_the_name(
    desk: tuple[UsbBoard, Path],
) -> None:
    _, folder = desk
    with Store.open(folder / "nurse.db") as store:
        board, other = store.boards.named("B01"), store.boards.named("B02")
    assert board and other is None
    svg = (folder / "labels.svg").read_text()
    texts = [text.text for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert texts[:2] == ["B01", f"check {board.check_code:06d}"] and len(texts) == 4
    code = segno.make("PUMPLOG:B01", error="m", micro=False)
    assert dark_modules(svg) == {
        (x, y) for y, row in enumerate(code.matrix_iter(border=4))
        for x, dark in enumerate(row) if dark}


def dark_modules(svg: str) -> set[tuple[int, int]]:
    """Returns the dark modules of the QR code's path: runs `h`, moves `m`, in modules."""
    (path,) = re.findall(r'<path[^>]* d="M(\d+) (\d+)\.5([^"]*)"', svg)
    x, y, found = int(path[0]), int(path[1]), set()
    for command, numbers in re.findall(r"([hm])([-\d ]+)", path[2]):
        if command == "h":
            found |= {(x + n, y) for n in range(int(numbers))}
            x += int(numbers)
        else:
            dx, dy = map(int, re.findall(r"-?\d+", numbers))
            x, y = x + dx, y + dy
    return found


def doctor(
    board: UsbBoard, folder: Path, *arguments: str,
) -> tuple[int, dict[str, tuple[bool | None, str]]]:
    """Runs pumplog doctor; returns its exit code and {what: (good, sentence)}."""
    done = pumplog(folder / "nurse.db", "doctor", "--port", board.port, "--json", *arguments)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, {row["what"]: (row["good"], row["sentence"]) for row in rows}


def test_the_doctor_finds_a_sound_board_sound_and_each_thing_that_is_wrong(
    desk: tuple[UsbBoard, Path],
) -> None:
    board, folder = desk
    code, found = doctor(board, folder)
    wrong = [sentence for good, sentence in found.values() if good is False]
    assert code == 0 and not wrong, wrong
    assert found["keys"] == (True, "It proves the key that this store has.")
    assert found["clock"][0] and found["load cell"][0] and found["firmware"][0] and found["restart"][0]
    board.wires.weigh(NO_CELL)
    board.wires.drive(HANDSET, 0)
    board.power_off()
    (board.folder / "clock.txt").write_text("7200")
    board.power_on()
    code, found = doctor(board, folder)
    board.wires.weigh(140_700)
    board.wires.drive(HANDSET, 1)
    assert code == 1
    assert "HX711 does not answer" in found["load cell"][1] and found["load cell"][0] is False
    assert found["handset"][0] is False and "J3" in found["handset"][1]
    assert found["clock"][0] is False and "s ahead of this computer" in found["clock"][1]
    code, found = doctor(board, folder, "--quick")
    assert code == 0 and set(found) == {"running", "logging", "memory", "loop", "keys"}


def test_power_cut_in_the_middle_of_a_deploy_leaves_the_old_firmware_its_log_and_its_key(
    desk: tuple[UsbBoard, Path],
) -> None:
    board, folder = desk
    new = variant(folder, 101)
    before = log_cells(board)
    board.power_off()
    board.cut_in = (*VFS, 150)
    board.power_on()
    done = deploy(board, folder, "--firmware", str(new), patience_s=5)
    assert done.returncode == 3 and "do it again" in done.stderr, done.stderr
    assert not board.powered
    board.power_on()
    assert running(board, folder / "nurse.db") == 100
    assert kept(before, log_cells(board))
    done = deploy(board, folder, "--firmware", str(new))
    assert done.returncode == 0 and "runs from /b" in done.stdout, done.stderr
    assert running(board, folder / "nurse.db") == 101
    assert mpremote(board, "exec", "print(open('/slot').read())").strip() == "b ok"
