"""What a tired nurse types, and what she is told then: nothing that ends a wrong stay, nothing twice."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers.folded import unfolded
from helpers.host.bedside import START_MS, Bedside
from pumplog import cli
from pumplog.cli import main
from pumplog.errors import PartlyError
from pumplog.moments import in_local_time
from pumplog.store import Board, Store
from pumplog.sync import delivery
from pumplog.sync.client import Client, Proof
from pumplog.sync.delivery import NotTaken
from pumpwire import commands

BAG = "bag hang P01 --morphine 110 mg --bupivacaine 55 mg --volume 250 mL"


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "a.db"
    with Store.open(path) as store:
        Bedside(store)
        store.add_board(Board("B02", b"2" * 32, b"p" * 32, 222222, 100_000, 0, START_MS))
        store.commit()
    for line in ("move P01 --bed 5", "start P02 --board B02 --bed 6"):
        assert main(["patient", *line.split(), "--db", str(path), "--initials", "AB"]) == 0
    return path


def said(capsys: pytest.CaptureFixture[str], db: Path, line: str) -> tuple[int, str]:
    """What a command answers: its exit code and all that it printed."""
    capsys.readouterr()
    try:
        code = main([*shlex.split(line), "--db", str(db), "--initials", "AB"])
    except SystemExit as ended:
        code = int(ended.code or 0)
    printed = capsys.readouterr()
    return code, unfolded(printed.out + printed.err)


@pytest.mark.parametrize("line", [
    BAG, "status bed 3", "regimen set P01 --rate 0.4 mL/h --bolus 0.5 mL --lockout 10 min",
    "patient move P01 --bed Zimmer 3", "pull --all -all",
])
def test_words_that_the_shell_took_apart_are_explained(
    db: Path, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    code, text = said(capsys, db, line)
    assert code == 2 and "Put quotes around what has a space in it, such as '110 mg'" in text


def test_a_taken_bed_or_board_is_no_reason_to_end_a_stay(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = said(capsys, db, "patient move 5 --bed 6")
    assert code == 2 and "end that stay" not in text
    assert "check the bed; where two change places, move patient P02 first" in text
    code, text = said(capsys, db, "patient start P77 --board B02 --bed 9")
    assert code == 2 and "serves patient P02: read the board's label again" in text
    for line in ("move P02 --bed away", "move P01 --bed 6", "move P02 --bed 5"):  # as it says
        assert said(capsys, db, f"patient {line}")[0] == 0
    assert "P01 on board B01, bed 6" in said(capsys, db, "patient list")[1]


def test_a_move_to_another_bed_does_not_name_a_new_board(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, db, "patient move P01 --bed 7")[1]
    assert "from bed 5 to bed 7, still on board B01" in text and "to board" not in text


def test_a_list_of_one_patient_is_of_that_patient(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = said(capsys, db, "patient list 6")
    assert code == 0 and "P02" in text and "P01" not in text
    assert said(capsys, db, "patient list P99")[0] == 3
    for option in ("--bed 6", "--board B02", "--ago '5 min'", "--confirm"):
        assert said(capsys, db, f"patient list {option}")[0] == 2


def test_a_port_that_is_not_there_is_told_once(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = said(capsys, db, "pull P01 --link serial:/dev/absent")
    assert code == 3 and text.count("/dev/absent") == 1 and "Errno" not in text
    assert "cannot be opened (No such file or directory): check the cable" in text
    text = said(capsys, db, "pull --all --link serial:/dev/absent")[1]
    assert "earlier in this round" not in text  # what is the same is not told again


def test_what_waits_for_one_reason_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = [NotTaken(kind, "P01", "B01", commands.REFUSED, code_given=True)
               for kind in ("patient_start", "regimen", "bag")]
    monkeypatch.setattr(delivery, "link_to", lambda *given: SimpleNamespace(close=lambda: None))
    monkeypatch.setattr(delivery, "identify", lambda *given: Proof(1, 1, True))
    monkeypatch.setattr(delivery, "catch_up", lambda *given: None)
    monkeypatch.setattr(delivery, "deliver", lambda *given: waiting)
    monkeypatch.setattr(Client, "anchor", lambda self: True)
    with pytest.raises(PartlyError) as told:
        delivery.hand_over("ble", Store.open(":memory:"), "B01", 999999)
    assert told.value.what == (
        "start, regimen and bag of P01 are not yet on board B01: refused: the check code is not the"
        " code of this board; read its label again")
    assert waiting[0].to_text().startswith("start of P01 is not yet on board B01")


def test_moments_in_a_text_are_shown_in_local_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert in_local_time("changed 2026-10-25T00:30:00.000Z and 2026-10-25T01:30:00.000Z; x") == (
            "changed 2026-10-25 02:30 +02:00 and 2026-10-25 02:30 +01:00; x")
    finally:
        monkeypatch.undo()
        time.tzset()


def test_nothing_observed_is_not_told_as_no_press(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = said(capsys, db, "doses P02")
    assert code == 0 and "nothing of this window was observed" in text
    assert "presses" not in text and "relief" not in text


@pytest.mark.parametrize("where", ["build_parser", "prepare", "import_module"])
def test_ctrl_c_is_a_sentence_wherever_it_falls(
    db: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def struck(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, where, struck)
    code, text = said(capsys, db, "status")
    assert code == 1 and text.startswith("pumplog: stopped;")


SLOW = """
import concurrent.futures, sys, time
from pumplog import cli
def slow(name):
    pool = concurrent.futures.ThreadPoolExecutor(1)
    pool.submit(time.sleep, 600)
    print("waiting", flush=True)
    time.sleep(600)
cli.import_module = slow
sys.exit(cli.main(["status"]))
"""


def test_another_ctrl_c_ends_at_once_and_without_a_word() -> None:
    run = subprocess.Popen([sys.executable, "-c", SLOW], text=True, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE)
    assert run.stdout and run.stderr
    try:
        assert run.stdout.readline() == "waiting\n"
        run.send_signal(signal.SIGINT)
        assert run.stderr.readline().startswith("pumplog: stopped;")
        run.send_signal(signal.SIGINT)
        assert run.wait(timeout=300) == -signal.SIGINT and run.stderr.read() == ""
    finally:
        run.kill()


@pytest.mark.parametrize("ago, asked", [
    ("", True), (" --ago '29 min'", True), (" --ago '31 min'", False), (" --ago '5 h'", False),
])
def test_a_bag_entered_twice_is_asked_about_as_it_is_entered(
    db: Path, capsys: pytest.CaptureFixture[str], ago: str, asked: bool
) -> None:
    hang = "bag hang 5 --morphine '110 mg' --bupivacaine '55 mg' --volume '250 mL'"
    assert said(capsys, db, hang)[0] == 0
    code, text = said(capsys, db, hang + ago)
    assert code == (2 if asked else 0)
    assert ("a bag was entered already, by AB, that hangs since" in text) is asked
    with Store.open(db) as store:
        assert len([each for each in store.entries.all() if each.kind == "bag"]) == (1 if asked else 2)
    assert said(capsys, db, hang + ago + " --confirm")[0] == 0
    assert said(capsys, db, hang.replace("hang 5", "hang 6"))[0] == 0  # another patient's is no twin
