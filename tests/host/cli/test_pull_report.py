"""The end of a round, read at 3 a.m.: what to do first is the first sentence; the guide shows it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
from helpers.paths import ROOT
from pumplog import host
from pumplog.cli.screen import folded
from pumplog.errors import AbsentError, IntegrityError, NotPairedError, PumplogError, UnreachableError
from pumplog.store import Entry, Pull, Store
from pumplog.sync.client import PullResult
from pumplog.sync.delivery import NotTaken
from pumplog.sync.report import round_report
from pumplog.sync.report_text import round_text
from pumplog.sync.round import Outcome
from pumplog.sync.targets import Target
from pumplog.sync.visit import Visit
from pumpwire.names import RESULTS

NOW_MS = 1_767_668_520_000  # 2026-01-06T03:02:00Z
MIN = 60_000
GUIDE = ROOT / "docs" / "nurse.md"
BROKE = UnreachableError("the radio link broke", "go nearer and do it again; what came is kept")
NOT_HEARD = AbsentError("board B00 does not answer", "go near it and check that its light says logging")


@pytest.fixture(autouse=True)
def night(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(host, "utc_now_ms", lambda: NOW_MS)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Ward:
    """A store in which patients are started, and visits to their boards."""

    def __init__(self) -> None:
        self.store = Store.open(":memory:")
        self.outcomes: list[Outcome[Target, Visit]] = []

    def heard(self, board: str, minutes_ago: int, outcome: str = "complete") -> None:
        """A pull of a board, some time ago."""
        log_id = int(board[1:])
        self.store.logs.add(log_id, board)
        self.store.pulls.add(Pull(board, log_id, NOW_MS - minutes_ago * MIN, "ble", 1, 1, outcome,
                                 {"next_seq": 1}))

    def visit(self, n: int, came: int | PumplogError, *broken: UnreachableError,
              waiting: tuple[NotTaken, ...] = (), bad_pages: int = 0, taken: int = 0) -> None:
        """A visit of this round to patient, board and bed n."""
        target = Target(f"B{n:02d}", f"P{n:02d}", str(n), f"patient P{n:02d} on board B{n:02d}, bed {n}")
        if isinstance(came, int):
            brought = Visit(PullResult(came, 1, 1, came, 0, bad_pages), waiting, taken=taken)
            self.outcomes.append(Outcome(target, brought, earlier_errors=broken))
        else:
            self.outcomes.append(Outcome(target, error=came, earlier_errors=broken))

    def report(self, as_json: bool = False) -> int:
        """Prints the report; returns the exit code."""
        told = round_report(self.store, self.outcomes, {})
        for line in map(json.dumps, told.to_json()) if as_json else round_text(told):
            print(line)
        return told.exit_code


def refused(kind: str, n: int) -> NotTaken:
    """An entry that the board of patient n did not take: nobody gave the code or held the button."""
    return NotTaken(kind, f"P{n:02d}", f"B{n:02d}", 1)


@pytest.fixture
def ward() -> Ward:
    return Ward()


def test_the_guide_shows_what_is_printed(ward: Ward, capsys: pytest.CaptureFixture[str]) -> None:
    ward.heard("B03", 232)
    ward.heard("B07", 1, "broken off")
    ward.visit(1, 412)
    ward.visit(3, NOT_HEARD, NOT_HEARD, NOT_HEARD)
    ward.visit(5, 398, waiting=(refused("bag", 5),))
    ward.visit(7, NOT_HEARD, BROKE, NOT_HEARD)
    ward.visit(8, 0)
    assert ward.report() == 1
    shown = re.search(r"```text\n(NOT PULLED.*?)```", GUIDE.read_text(encoding="utf-8"), re.S)
    assert shown and f"{folded(capsys.readouterr().out)}\n" == shown[1]


def test_the_longest_unheard_comes_first_and_absentees_before_all_others(
    ward: Ward, capsys: pytest.CaptureFixture[str]
) -> None:
    for board, minutes_ago in (("B01", 5), ("B02", 700), ("B03", 40)):
        ward.heard(board, minutes_ago)
    ward.visit(6, BROKE, BROKE, BROKE)
    for n in (1, 2, 3, 4):
        ward.visit(n, NOT_HEARD, NOT_HEARD, NOT_HEARD)
    ward.visit(5, 1)
    assert ward.report() == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    assert lines[0] == ("NOT PULLED, 5 of 6: go to bed 4 (P04), bed 2 (P02), bed 3 (P03) and bed 1"
                        " (P01), and look at the pump itself first, then at the board's power.")
    assert [line[12:23] for line in lines[1:]] == [f"patient P{n:02d}" for n in (4, 2, 3, 1, 6, 5)]
    assert "never heard by this computer" in lines[1]
    assert "not heard since 15:22, 11 h 40 min ago: check the pump itself" in lines[2]
    assert "never pulled: the radio link broke: go nearer" in lines[5]


@pytest.mark.parametrize("visits, first, code", [
    ([(1, 4), (2, 0)], "pulled 2 of 2.", 0),
    ([(1, NOT_HEARD), (2, NOT_HEARD)], "NOT PULLED, none of 2 boards was heard: on the ward, look at the"
     " pump itself first, then at the board's power; elsewhere, go there and pull again.", 3),
    ([(n, NOT_HEARD) for n in range(1, 7)] + [(9, 1)], "NOT PULLED, 6 of 7: go to bed 1 (P01), bed 2"
     " (P02), bed 3 (P03), bed 4 (P04) and 2 more, and look at the pump itself first, then at the"
     " board's power.", 1),
    ([(1, 3), (2, NotPairedError("board B02: its window is closed", "press its service button"))],
     "NOT PULLED, 1 of 2: begin with bed 2 (P02): board B02: its window is closed: press its service"
     " button.", 1),
    ([(1, IntegrityError("not its key", "stop")), (2, NOT_HEARD), (3, 1)],
     "NOT PULLED, 2 of 3: go to bed 2 (P02), and look at the pump itself first, then at the board's"
     " power.", 1),
])
def test_the_first_sentence_says_what_to_do_first(
    ward: Ward, visits: list[tuple[int, int | PumplogError]], first: str, code: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for n, came in visits:
        ward.visit(n, came)
    assert ward.report() == code
    assert capsys.readouterr().out.splitlines()[0] == first


def test_what_is_to_be_done_is_before_what_is_not(
    ward: Ward, capsys: pytest.CaptureFixture[str]
) -> None:
    ward.visit(1, 4)
    ward.visit(2, 4, bad_pages=1)
    ward.visit(3, 4, waiting=(refused("bag", 3),))
    assert ward.report() == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == ("pulled 3 of 3, but not all that was entered is on board: go to bed 3 (P03),"
                        " and pull there with the service button held, or with --check CODE from the"
                        " label.")
    for line, word in zip(lines[1:], ("P02", "quarantine", "P03", "not yet", "P01"), strict=True):
        assert word in line


def test_entries_that_contradict_each_other_are_told_and_leave_the_pull_complete(
    ward: Ward, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind, author, morphine in (("patient_start", "AB", 0), ("bag", "AB", 1), ("bag", "CD", 2)):
        bag = {"morphine_ug": morphine, "bupivacaine_ug": 0, "volume_ul": 250_000}
        ward.store.entries.add(Entry(uuid4(), kind, "P01", "B01", 5, author, NOW_MS, NOW_MS,
                                     bag if kind == "bag" else {}))
    ward.visit(1, 4)
    ward.visit(2, 4)
    assert ward.report() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "pulled 2 of 2; see first what is said below of bed 1 (P01)."
    assert lines[2].strip().startswith("entered by AB and CD: two bags that differ; both are kept")
    ward.report(as_json=True)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [[each["what"] for each in line["conflicts"]] for line in told] == [
        ["two bags that differ"], []]


def test_json_says_who_is_absent_why_and_where_the_next_pull_goes_on(
    ward: Ward, capsys: pytest.CaptureFixture[str]
) -> None:
    ward.heard("B07", 2, "broken off")
    ward.visit(7, NOT_HEARD, BROKE)
    ward.visit(8, BROKE)
    assert ward.report(as_json=True) == 3
    absent, broken = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert absent["absent"] is True and absent["earlier_reasons"] == [str(BROKE)]
    assert absent["last_heard_utc"] == "2026-01-06T03:00:00.000Z" and absent["next_seq"] == 0
    assert absent["last_pull_utc"] is None
    assert broken["absent"] is False and broken["next_seq"] is None and broken["last_heard_utc"] is None


@pytest.mark.parametrize("error, code", [
    (NOT_HEARD, 3), (BROKE, 3), (IntegrityError("not its key", "stop"), 4),
    (NotPairedError("no window", "wait"), 4)])
def test_one_board_by_name_is_one_line_and_its_own_exit_code(
    ward: Ward, error: PumplogError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    ward.visit(1, error)
    assert ward.report() == code
    out = capsys.readouterr().out
    assert out.startswith("NOT PULLED  patient P01") and out.count("\n") == 1


def test_entries_refused_alike_are_one_line_and_it_says_what_to_do(
    ward: Ward, capsys: pytest.CaptureFixture[str]
) -> None:
    ward.visit(3, 4, waiting=(refused("regimen", 3),) * 3)
    assert ward.report() == 1
    assert [line.strip() for line in capsys.readouterr().out.splitlines()[1:]] == [
        f"regimen of P03 is not yet on board B03: {RESULTS[1]} (3 of them)",
        "all of it is kept, do not enter it again: pull there with the service button held, or with"
        " --check CODE from the label"]


def test_what_a_board_took_is_told_and_is_nothing_to_do(
    ward: Ward, capsys: pytest.CaptureFixture[str]
) -> None:
    ward.visit(1, 4)
    ward.visit(2, 4, taken=3)
    ward.visit(3, 4, waiting=(refused("bag", 3),), taken=1)
    assert ward.report() == 1
    out = capsys.readouterr().out
    assert "board B02, bed 2: new records: 4\n            on board now: 3 of what was entered\n" in out
    assert out.index("bed 3: new") < out.index("bed 1: new") < out.index("bed 2: new")
    assert out.index("on board now: 1 of") < out.index("bag of P03 is not yet")
    ward.report(as_json=True)
    told = [json.loads(line)["put_on_board"] for line in capsys.readouterr().out.splitlines()]
    assert told == [0, 3, 1]
