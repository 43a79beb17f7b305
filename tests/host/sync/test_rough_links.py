"""Links that break, hosts that lose, shuffle, double and stand still, boards without room: a pull ends
with the same records."""

from __future__ import annotations

import random
from collections import deque

import pytest
from benchmarks.link_model import INTERVAL_US, ModelLink
from helpers.host.loop_link import LoopBoard, LoopLink, window_bytes
from pumplog.errors import UnreachableError
from pumplog.store import Store
from pumplog.sync.client import Client, PullResult
from pumpwire import uuids


def pulled(board: LoopBoard, link: LoopLink | ModelLink,
           store: Store | None = None) -> tuple[Store, PullResult]:
    held = store or Store.open(":memory:")
    return held, Client(link).pull(held, board.log.log_id)


def all_of(store: Store, board: LoopBoard) -> list[object]:
    return list(store.records.of(board.log.log_id))


def quiet(board: LoopBoard) -> list[object]:
    held, _ = pulled(board, LoopLink(board))
    found = all_of(held, board)
    assert [record.seq for record in found] == list(range(board.log.next_seq))  # type: ignore[attr-defined]
    return found


@pytest.fixture(scope="module")
def board() -> LoopBoard:
    """Returns a board whose log takes 200 notifications and a few, minutes and entries mixed."""
    return _mixed(1240)


@pytest.fixture(scope="module")
def wanted(board: LoopBoard) -> list[object]:
    """Returns the records as a pull in peace has them: all there are."""
    return quiet(board)


def _mixed(records: int) -> LoopBoard:
    made = LoopBoard(40)
    while made.log.next_seq < records:
        made.minutes(3)
        made.entries(7)
    return made


class NarrowLink(LoopLink):
    """A link of short notifications, so that 200 of them are soon pulled 200 times."""

    packet_bytes = 40


def test_cut_at_every_notification_of_two_hundred_the_next_pull_completes_it() -> None:
    board = _mixed(200)
    wanted = quiet(board)
    whole = NarrowLink(board)
    pulled(board, whole)
    notifications = len(whole.sent)
    assert 200 <= notifications < 250
    assert len({first for first, _ in whole.sent_pages()}) >= 2
    for break_at in range(1, notifications + 1):
        held, cut, rest = Store.open(":memory:"), NarrowLink(board, break_at), NarrowLink(board)
        with pytest.raises(UnreachableError):
            pulled(board, cut, held)
        pulled(board, rest, held)
        assert all_of(held, board) == wanted, break_at
        assert cut.sent_bytes() + rest.sent_bytes() - whole.sent_bytes() <= window_bytes(cut), break_at


class RoughLink(LoopLink):
    """A host's stack that takes log packets out of order, twice, and 256 packets late."""

    late = 0  # packets that came again under an index byte that was due

    def receive(self, timeout_s: float) -> tuple[int, bytes] | None:
        arrived = super().receive(timeout_s)
        if arrived is None or arrived[0] != uuids.LOG:
            return arrived
        if len(self.sent) > 300 and self._dice.random() < 0.1:  # this byte's last, 256 or more ago
            old = [data for data in self.sent[:-200] if data[0] == arrived[1][0] and data != arrived[1]]
            if old:
                self.late += 1
                self._air.appendleft(arrived)
                return uuids.LOG, old[-1]
        chance = self._dice.random()
        if chance < 0.1:
            self._air.append(arrived)  # later, and so out of order
            return self.receive(timeout_s)
        if chance < 0.2:
            self._air.append(arrived)  # now and later
        return arrived


def test_packets_out_of_order_doubled_and_an_index_round_late_change_nothing() -> None:
    board = _mixed(1800)
    wanted = quiet(board)
    for seed in range(3):
        link = RoughLink(board, seed=seed)
        held, result = pulled(board, link)
        assert len(link.sent) > 300 and link.late > 10 and result.repaired > 0
        assert all_of(held, board) == wanted, seed


@pytest.mark.parametrize("loss", [0.01, 0.05, 0.2])
def test_a_host_that_loses_notifications(
    board: LoopBoard, wanted: list[object], loss: float
) -> None:
    repaired = 0
    for seed in range(4):
        held, result = pulled(board, LoopLink(board, loss=loss, seed=seed))
        assert all_of(held, board) == wanted, seed
        repaired += result.repaired
    assert repaired > 0


def test_a_board_without_room_half_the_time(board: LoopBoard, wanted: list[object]) -> None:
    held, result = pulled(board, LoopLink(board, refused=0.5, seed=1))
    assert not result.repaired and all_of(held, board) == wanted


class StandingStill(ModelLink):
    """A host that stands still for 5 s at some of its looks; of what comes meanwhile its stack keeps
    `room` packets and silently drops the oldest."""

    def __init__(self, board: LoopBoard, room: int, seed: int) -> None:
        super().__init__(board, 247)
        self.arrived = deque()
        self._kept, self._dice = room, random.Random(seed)
        self.stalls = self.dropped = 0

    def receive(self, timeout_s: float) -> tuple[int, bytes] | None:
        if self._dice.random() < 0.03:
            self.stalls += 1
            for _ in range(5_000_000 // INTERVAL_US):
                self.pass_event()
            while len(self.arrived) > self._kept and self.arrived[0][0] == uuids.LOG:
                self.arrived.popleft()
                self.dropped += 1
        return super().receive(timeout_s)


@pytest.mark.parametrize("room", [1000, 8])
def test_a_host_that_stands_still_for_five_seconds(
    board: LoopBoard, wanted: list[object], room: int
) -> None:
    for seed in range(3):
        link = StandingStill(board, room, seed)
        held, result = pulled(board, link)
        assert link.stalls >= 2 and link.sent.s > 5 * link.stalls
        assert (link.dropped > 0) == (result.repaired > 0) == (room == 8)
        assert all_of(held, board) == wanted, seed


def test_a_host_that_dies_on_a_cable_leaves_the_next_one_a_board_that_answers(
    board: LoopBoard, wanted: list[object]
) -> None:
    """A cable does not tell the board that its host is gone: its report is still under way."""
    first = LoopLink(board, break_at=40)
    first.session.closed = lambda: None  # type: ignore[method-assign]
    held = Store.open(":memory:")
    with pytest.raises(UnreachableError):
        pulled(board, first, held)
    again = LoopLink(board)
    again.session, first.session._peer = first.session, again
    again._air.extend(first._air)  # what the first one never read
    assert again.session.active and len(again._air) > 10
    _, result = pulled(board, again, held)
    assert result.records > 0 and all_of(held, board) == wanted
