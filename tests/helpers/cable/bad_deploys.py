"""Deploys over a bad cable, each from the same board, and what must be so after each."""

from __future__ import annotations

import contextlib
import io
import json
import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pumpbench.board.usb_board import UsbBoard, fresh_flash
from pumplog.cli import board as cli
from pumplog.cli import main as pumplog_main
from pumplog.errors import UnreachableError

from helpers.air.ward import pumplog
from helpers.cable.bad_line import BadLine
from helpers.cable.desk import SPEED, VFS, deploy, kept, log_cells, running, surveyed, variant
from helpers.folded import unfolded

OLD, NEW = 100, 101
SWITCH, BYTES = 211_000, 215_600  # that a whole deploy carries, both ways
EVER = 1 << 40


@dataclass(frozen=True)
class Ready:
    """A board with its old firmware and its name, and the new firmware beside."""

    folder: Path
    flash: bytes
    nvs: bytes
    new: Path
    manifests: tuple[dict[str, str], dict[str, str]]  # the old and the new


@dataclass(frozen=True)
class Ended:
    """What a deploy came to."""

    code: int
    said: str
    version: int  # that runs afterwards
    line: BadLine
    again: str = ""  # what a second deploy said, over a good cable


def ready(folder: Path) -> Ready:
    """Deploys the old firmware by a good cable, provisions the board, and takes its power."""
    new = variant(folder, NEW)
    with UsbBoard(folder / "board", fresh_flash(), speed=SPEED) as board:
        assert deploy(board, folder).returncode == 0
        done = pumplog(folder / "nurse.db", "provision", "--name", "B01", "--ul-per-count", "1 uL",
                       "--link", f"serial:{board.port}")
        assert done.returncode == 0, done.stderr
        board.power_off()
        flash, nvs = ((board.folder / name).read_bytes() for name in ("flash.bin", "nvs.json"))
    (old,) = folder.glob("esp32-*/manifest.json")
    return Ready(folder, flash, nvs, new,
                 (json.loads(old.read_text()), json.loads((new / "manifest.json").read_text())))


def drawn(seed: int) -> dict[str, Any]:
    """Returns where a cable is bad, by seed: from its first byte on or from another, for good or for a
    stretch. A third begins where the board switches, starts and tells of it."""
    dice = random.Random(seed)
    begin = dice.choice((dice.randrange(BYTES), dice.randrange(BYTES), dice.randrange(SWITCH, BYTES)))
    begin = 0 if seed % 10 == 0 else begin
    length = EVER if seed % 2 == 0 else dice.choice((300, 1_000, 3_000, 10_000))
    return {"seed": seed, "bad": (begin, begin + length)}


@contextlib.contextmanager
def _on_a_bad_line(made: Ready, folder: Path, how: dict[str, Any]) -> Iterator[tuple[UsbBoard, BadLine]]:
    """Gives the board with its old firmware running and watched, and a bad cable to it."""
    with UsbBoard(folder, made.flash, made.nvs, speed=SPEED) as board:
        assert running(board, made.folder / "nurse.db") == OLD
        while not board.watched:  # from its second second on
            time.sleep(0.05)
        yield board, BadLine(board, **{"seed": 1, **how})


def tried(made: Ready, name: str, again: bool = False, **how: Any) -> Ended:
    """Deploys over one bad cable; again: then over a good cable. After the first the board must log with
    its key by a complete firmware, out of service by itself; what was said is one sentence, with its
    exit code."""
    folder = made.folder / name
    with _on_a_bad_line(made, folder, how) as (board, line):
        code, said = _deployed(made, line)
        if line.pulled_at is not None:
            waited_s = board.let_watchdog_wait()  # what ends service without a cable
            assert waited_s in (10, 600), (waited_s, said, board.resets)
        try:
            version = running(board, made.folder / "nurse.db")
        except UnreachableError as error:
            raise AssertionError((said, board.resets, line.carried)) from error
        cells = log_cells(board)
        said_again = _deployed(made, BadLine(board, 1))[1] if again else ""
    if again:
        assert surveyed(folder).sums("b") == made.manifests[1], said_again
        return Ended(code, said, version, line, said_again)
    check(made, folder, version, code, said)
    assert kept(made.flash[VFS[1] :], cells), name
    shutil.rmtree(folder)
    return Ended(code, said, version, line)


def _deployed(made: Ready, line: BadLine) -> tuple[int, str]:
    out = io.StringIO()
    with line.in_place(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = cli.main(["deploy", "--port", line.board.port, "--build", str(made.folder),
                         "--firmware", str(made.new)])
    return code, unfolded(out.getvalue())


def doctored(made: Ready, name: str, **how: Any) -> Ended:
    """Has the doctor examine the board over one bad cable. What it says is a sentence for each thing, or
    one of why it cannot; the board runs its firmware afterwards."""
    folder = made.folder / name
    with _on_a_bad_line(made, folder, how) as (board, line):
        out = io.StringIO()
        with line.in_place(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = pumplog_main(["--db", str(made.folder / "nurse.db"), "doctor", "--port", board.port])
        said = unfolded(out.getvalue())
        assert code in (0, 1, 3, 4) and not _odd(said), said
        version = running(board, made.folder / "nurse.db")
    assert surveyed(folder).whole("a") and version == OLD
    shutil.rmtree(folder)
    return Ended(code, said, version, line)


def _odd(said: str) -> bool:
    return "Traceback" in said or "does not understand" in said


def check(made: Ready, folder: Path, version: int, code: int, said: str) -> None:
    """A complete firmware, old or new; one sentence."""
    found = surveyed(folder)
    assert version in (OLD, NEW), said
    (letter,) = [each for each in "ab" if found.sums(each) == made.manifests[version - OLD]]
    assert found.whole(letter) and not (found.sums("b") and found.wrong("b")), said
    assert code in (0, 1, 3, 4) and not _odd(said), said
    last = said.splitlines()[-1]
    if code == 0:
        assert version == NEW and "runs from /b" in said, said
    else:
        assert last.startswith("deploy: ") and last.endswith(".") and said.count("deploy: ") == 1, said
