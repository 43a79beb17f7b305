"""A visit of a board is one call, for whoever makes it: what it brings, keeps and notes in the store."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from helpers.host.bedside import START_MS
from helpers.host.loop_link import LoopBoard, LoopLink
from helpers.host.named_link import NamedLink
from pumplog.errors import IntegrityError, UnreachableError, UsageError
from pumplog.store import BROKEN_OFF, COMPLETE, Entry, Store
from pumplog.sync import visit_board
from pumplog.sync.client import PullResult
from pumplog.sync.delivery import NotTaken

Opened = Callable[[LoopLink], list[str]]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Has a visit open this link; returns the list of the ways that it asked for."""

    def put(link: LoopLink) -> list[str]:
        asked: list[str] = []

        def open_link(link_spec: str, board: str, *_: object) -> LoopLink:
            asked.append(link_spec)
            return link

        monkeypatch.setattr("pumplog.sync.delivery.open_link", open_link)
        return asked

    return put


@pytest.fixture
def board() -> LoopBoard:
    made = LoopBoard()
    made.minutes(700)
    return made


def outcomes(store: Store) -> list[str]:
    return [row["outcome"] for row in store.database.rows("SELECT outcome FROM pulls ORDER BY id")]


def test_a_visit_brings_the_log_and_notes_what_the_board_said(opened: Opened, board: LoopBoard) -> None:
    asked, told = opened(NamedLink(board)), list[int]()
    with Store.open(":memory:") as store:
        brought = visit_board(store, "B01", progress=told.append)
        assert asked == ["ble"] and told[0] == 0 < told[-1]
        assert (brought.pulled.records, brought.waiting, brought.clocks) == (701 + 1, (), ())
        last = store.pulls.last("B01")
        assert last and last.outcome == COMPLETE and last.records == 701 + 1  # and its anchor
        assert last.status["next_seq"] == brought.pulled.next_seq == board.log.next_seq


def test_a_visit_that_breaks_off_is_noted_and_the_next_goes_on_there(
    opened: Opened, board: LoopBoard
) -> None:
    with Store.open(":memory:") as store:
        opened(NamedLink(board, break_at=18))
        with pytest.raises(UnreachableError):
            visit_board(store, "B01", "serial:/dev/ttyUSB0")
        had = len(list(store.records.of(board.log.log_id)))
        assert 0 < had < 701 and store.pulls.last("B01") is None
        opened(NamedLink(board))
        brought = visit_board(store, "B01", "serial:/dev/ttyUSB0")
        assert had + brought.pulled.records == board.log.next_seq
        assert outcomes(store) == [BROKEN_OFF, COMPLETE]


def test_a_visit_says_how_many_entries_the_board_took(
    opened: Opened, board: LoopBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def takes_two(client: object, store: Store, log_id: int, name: str, code: int | None
                  ) -> list[NotTaken]:
        for entry in store.entries.waiting(name)[:2]:
            store.entries.mark_delivered(entry.uuid, log_id, 9)
        return [NotTaken("bag", "P01", name, 1)]

    opened(NamedLink(board))
    monkeypatch.setattr("pumplog.sync.visit.deliver", takes_two)
    with Store.open(":memory:") as store:
        for kind in ("patient_start", "patient_move", "patient_end"):
            store.entries.add(Entry(uuid4(), kind, "P01", "B01", 5, "AB", START_MS, START_MS))
        brought = visit_board(store, "B01")
        assert (brought.taken, len(brought.waiting)) == (2, 1)
        monkeypatch.undo()


class Doubling(NamedLink):
    """Hears each message again after the next, as where a system kept an earlier subscription."""

    _kept: tuple[int, bytes] | None = None
    _again = False

    def receive(self, timeout_s: float) -> tuple[int, bytes] | None:
        self._again = not self._again
        if self._kept is not None and not self._again:
            kept, self._kept = self._kept, None
            return kept
        self._kept = super().receive(timeout_s)
        return self._kept


def test_a_visit_that_hears_all_messages_twice_brings_the_same(opened: Opened, board: LoopBoard) -> None:
    with Store.open(":memory:") as store:
        for news in ({701 + 1}, {0, 1}):  # with its anchor, the second time only if that is better
            opened(Doubling(board))
            assert visit_board(store, "B01").pulled.records in news
        assert len(list(store.records.of(board.log.log_id))) == board.log.next_seq
        assert outcomes(store) == [COMPLETE, COMPLETE]


def test_of_another_board_nothing_is_taken_and_nothing_noted(opened: Opened, board: LoopBoard) -> None:
    opened(NamedLink(board, "B02"))
    with Store.open(":memory:") as store:
        with pytest.raises(IntegrityError, match="this is board B02, not B01") as told:
            visit_board(store, "B01")
        assert told.value.do.startswith("nothing was written")
        assert outcomes(store) == [] and not list(store.records.of(board.log.log_id))


def test_whoever_is_told_of_the_progress_may_end_the_visit(opened: Opened, board: LoopBoard) -> None:
    opened(NamedLink(board))

    def enough(n: int) -> None:
        if n:
            raise KeyboardInterrupt

    with Store.open(":memory:") as store:
        with pytest.raises(KeyboardInterrupt):
            visit_board(store, "B01", progress=enough)
        assert outcomes(store) == [BROKEN_OFF]


def test_a_way_that_there_is_not_is_said_before_anything_is_done() -> None:
    with Store.open(":memory:") as store, pytest.raises(UsageError, match="is not a link"):
        visit_board(store, "B01", "pigeon")


def test_what_two_pulls_of_a_visit_brought_is_told_as_a_whole() -> None:
    first, then = PullResult(5, 1, 100, 5, 1, gaps=((7, 0, 2),)), PullResult(3, 2, 50, 8, 0)
    assert first.and_then(then) == PullResult(8, 3, 150, 8, 1, gaps=((7, 0, 2),))
