"""A computer's clock that cannot be right: nothing that is accepted makes a later command fail."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import pytest
from helpers.folded import unfolded
from helpers.host.bedside import START_MS, Bedside
from helpers.host.loop_link import LoopBoard
from helpers.host.named_link import NamedLink
from pumplog.cli import main
from pumplog.moments import EARLIEST_MS, LATEST_MS, is_possible
from pumplog.store import Store, to_wire
from pumplog.sync import visit_board

YEAR_MS = 31_556_952_000
SPAN_MS = 230 * YEAR_MS  # from 1970 on
BAG = ("bag", "hang", "P01", "--morphine", "100 mg", "--bupivacaine", "50 mg", "--volume", "250 mL")
ENTRIES = (
    BAG, ("regimen", "set", "P01", "--rate", "0.1 mL/h", "--bolus", "0.1 mL", "--lockout", "15 min"),
    (*BAG, "--ago", "40 min"), ("patient", "move", "P01", "--bed", "7"), ("patient", "end", "P01"),
)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Returns a list with the time that this computer shows, Unix ms."""
    shown = [START_MS]
    monkeypatch.setattr("pumplog.host.utc_now_ms", lambda: shown[0])
    return shown


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "store.db"
    with Store.open(path) as store:
        Bedside(store).write(3600)
    return path


def moments(seed: int, n: int) -> list[int]:
    """Returns moments from 1970 to 2199, and those at every edge."""
    dice = random.Random(seed)
    edges = [0, 1000, EARLIEST_MS - 1, EARLIEST_MS, LATEST_MS - 1, LATEST_MS, (1 << 31) * 1000,
             (1 << 32) * 1000, EARLIEST_MS + (1 << 32) * 1000 - 1, EARLIEST_MS + (1 << 32) * 1000,
             SPAN_MS]
    return edges + [dice.randrange(SPAN_MS) for _ in range(n)]


def _link_to(board: LoopBoard, *_: object) -> NamedLink:
    return NamedLink(board)


@pytest.mark.parametrize("command", ENTRIES, ids=" ".join)
def test_what_is_entered_by_any_clock_can_go_to_its_board_or_is_refused(
    command: tuple[str, ...], db: Path, clock: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    for at_ms in moments(1, 12):
        clock[0] = at_ms
        with Store.open(db) as store:
            before = store.entries.all()
        code = main([*command, "--db", str(db), "--initials", "AB", "--confirm"]
                    if command[0] != "patient" else [*command, "--db", str(db), "--initials", "AB"])
        said = unfolded(capsys.readouterr().err)
        with Store.open(db) as store:
            made = store.entries.all()
            for entry in made:
                to_wire(entry)
            if not is_possible(at_ms):
                assert (code, made) == (2, before) and "that cannot be" in said, at_ms
            store.database.run("DELETE FROM entries WHERE kind<>'patient_start'")
            store.commit()


def test_a_bag_dated_days_ahead_is_told_and_the_next_is_asked_about(
    db: Path, clock: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*BAG, "--db", str(db), "--initials", "AB"]
    clock[0] = START_MS + 2 * 86_400_000
    assert main(command) == 0
    clock[0] = START_MS + 7_200_000
    capsys.readouterr()
    assert main(command) == 2
    assert "the bag before is dated 46 h 0 min ahead of" in unfolded(capsys.readouterr().err)
    assert main(["doses", "P01", "--db", str(db)]) == 0
    assert "(bag) is dated 46 h 0 min ahead of this" in unfolded(capsys.readouterr().out)
    assert main([*command, "--confirm"]) == 0


def test_a_board_is_pulled_by_any_clock_and_told_the_time_by_a_possible_clock_only(
    clock: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for at_ms in moments(2, 12):
        clock[0] = at_ms
        board = LoopBoard()
        board.minutes(20)
        monkeypatch.setattr("pumplog.sync.delivery.open_link", partial(_link_to, board))
        with Store.open(":memory:") as store:
            brought = visit_board(store, "B01")
            assert brought.pulled.records >= 20 and brought.pulled.timed == is_possible(at_ms), at_ms
            anchors = list(store.records.of(board.log.log_id, "anchor"))
            assert len(anchors) == brought.pulled.timed


@pytest.mark.parametrize("at_ms", [86_400_000, LATEST_MS, SPAN_MS])
def test_an_entry_that_no_board_can_hold_is_told_and_keeps_nothing_else_waiting(
    at_ms: int, clock: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    board = LoopBoard()
    board.minutes(20)
    monkeypatch.setattr("pumplog.sync.delivery.open_link", partial(_link_to, board))
    with Store.open(":memory:") as store:
        bed = Bedside(store)  # its start waits
        bed.bag((at_ms - START_MS) // 1000, "0.40", "0.20")
        bed.enter("regimen", 0, rate_ul_h=100, bolus_ul=100, lockout_s=900, lockout_from_end=0)
        store.database.run("DELETE FROM boards")  # the loop board has no key
        store.commit()
        clock[0] = START_MS + 7_200_000
        brought = visit_board(store, "B01")
        assert brought.pulled.records >= 20
        told = " ".join(waiting.to_text() for waiting in brought.waiting)
        assert ("bag of P01 has a time" in told) == (at_ms != LATEST_MS)
        assert told.count("regimen of P01 is not yet on board B01: refused") == 1  # it was asked
