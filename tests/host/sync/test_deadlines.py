"""A board that talks without answering holds nobody up: each exchange has a deadline, and so has a pull
that makes no progress."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from helpers.host.loop_link import LoopBoard, LoopLink
from pumplog import host
from pumplog.errors import IntegrityError, UnreachableError
from pumplog.store import Store
from pumplog.sync import client, transfer
from pumplog.sync.client import Client
from pumpwire import commands, racp, stream, uuids

LONG_S = 60.0  # beyond every deadline


class ChatterLink(LoopLink):
    """A board that says `said` again and again, period_s apart, once it has sent mute_from packets."""

    def __init__(self, board: LoopBoard, said: tuple[int, bytes], period_s: float,
                 mute_from: int = 0) -> None:
        super().__init__(board)
        self._said, self._period_s, self._mute_from = said, period_s, mute_from
        self.now_s, self.asleep_s = 500.0, 0.0

    def receive(self, timeout_s: float) -> tuple[int, bytes] | None:
        """Returns what the board says."""
        if self.arrived < self._mute_from and (arrived := super().receive(timeout_s)):
            self.now_s += 0.01
            return arrived
        self.now_s += min(self._period_s, timeout_s) + self.asleep_s
        self.asleep_s = 0.0
        return self._said if self._period_s <= timeout_s else None


OLD_PACKET = bytearray(43)
stream.seal_packet(OLD_PACKET, 0, 99, 41)
CHATTER: dict[str, tuple[int, bytes]] = {
    "log": (uuids.LOG, bytes(40)),
    "another report's packet": (uuids.LOG, bytes(OLD_PACKET)),
    "answers to nothing": (uuids.COMMAND, commands.response(commands.TIME, 250, 0, b"")),
    "of a count": (uuids.RACP, bytes((racp.COUNT_RESPONSE, 0, 1, 0, 0, 0))),
    "a channel of nobody": (77, b"?"),
}
ASKED: dict[str, Callable[[Client], object]] = {
    "time": lambda asking: asking.anchor(), "proof": lambda asking: asking.prove(None),
    "status": lambda asking: asking.command(commands.ATTEST, bytes(16)),
    "unpair": lambda asking: asking.unpair(), "abort": lambda asking: asking._racp_answer(racp.ABORT),
}


def board() -> LoopBoard:
    made = LoopBoard()
    made.minutes(400)
    return made


def ends(work: Callable[[], object], link: ChatterLink, monkeypatch: pytest.MonkeyPatch) -> str:
    """Has the work end by a deadline; returns the sentence."""
    monkeypatch.setattr(host, "waited_s", lambda: link.now_s)
    began_s = link.now_s
    with pytest.raises(UnreachableError) as told:
        work()
    assert link.now_s - began_s < LONG_S
    return str(told.value)


@pytest.mark.parametrize("said", CHATTER.values(), ids=CHATTER)
@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_no_exchange_outlasts_its_deadline(
    ask: Callable[[Client], object], said: tuple[int, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    for period_s in (0.001, 0.5, 9.9):
        link = ChatterLink(board(), said, period_s)
        assert "stopped answering" in ends(lambda: ask(Client(link)), link, monkeypatch)  # noqa: B023
        assert link.now_s - 500 <= client._ANSWER_TIMEOUT_S + 10


@pytest.mark.parametrize("mute_from", [0, 2, 9])
@pytest.mark.parametrize("said", CHATTER.values(), ids=CHATTER)
def test_a_pull_that_makes_no_progress_ends_and_what_came_is_kept(
    said: tuple[int, bytes], mute_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for period_s in (0.05, 0.5):
        made, held = board(), Store.open(":memory:")
        link = ChatterLink(made, said, period_s, mute_from)
        log_id = made.log.log_id
        told = ends(lambda: Client(link).pull(held, log_id), link, monkeypatch)  # noqa: B023
        assert "talks and brings nothing new after" in told and "are kept" in told
        got = [record.seq for record in held.records.of(log_id)]
        assert got == list(range(len(got))) and bool(got) == bool(mute_from)
        Client(LoopLink(made)).pull(held, log_id)
        assert [record.seq for record in held.records.of(log_id)] == list(range(401))


def test_a_slow_pull_that_goes_on_is_not_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    made, held = board(), Store.open(":memory:")
    link = LoopLink(made, loss=0.2, seed=3)
    now_s = 0.0
    real = link.receive

    def slow(timeout_s: float) -> tuple[int, bytes] | None:
        nonlocal now_s
        now_s += 0.5
        return real(timeout_s)

    link.receive = slow  # type: ignore[method-assign]
    monkeypatch.setattr(host, "waited_s", lambda: now_s)
    assert Client(link).pull(held, made.log.log_id).records == 401
    assert now_s > transfer._STALL_S * transfer._STALLS


def test_a_computer_that_slept_in_a_pull_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    made, held = board(), Store.open(":memory:")
    link, now_s = LoopLink(made, loss=0.1, seed=5), 0.0
    real = link.receive

    def sleepy(timeout_s: float) -> tuple[int, bytes] | None:
        nonlocal now_s
        now_s += 3600 if link.arrived % 10 == 5 else 0.01
        return real(timeout_s)

    link.receive = sleepy  # type: ignore[method-assign]
    monkeypatch.setattr(host, "waited_s", lambda: now_s)
    assert Client(link).pull(held, made.log.log_id).records == 401


def test_a_board_that_sends_more_than_it_can_hold_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "_MOST_BYTES", 2000)
    made, held = board(), Store.open(":memory:")
    with pytest.raises(IntegrityError, match="more than a board's flash can hold"):
        Client(LoopLink(made)).pull(held, made.log.log_id)
    assert list(held.records.of(made.log.log_id))
