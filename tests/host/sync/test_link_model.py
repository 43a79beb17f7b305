"""A pull on the model of a radio link meets its goals, and waits for nothing that grows with the log."""

from __future__ import annotations

import pytest
from benchmarks import link_bench, link_model
from helpers.host.loop_link import LoopBoard
from pumplog.store import Store
from pumplog.sync.client import Client


@pytest.fixture(scope="module", params=link_bench.MTUS)
def pulls(request: pytest.FixtureRequest) -> dict[int, link_bench.Pulled]:
    """Returns pulls of 3 and of 30 days at one MTU."""
    return {days: link_bench.pull(link_bench.board_with_days(days), request.param)
            for days in (3, link_bench.DAYS)}


def test_a_pull_makes_use_of_the_link(pulls: dict[int, link_bench.Pulled]) -> None:
    month = pulls[link_bench.DAYS]
    assert month.records > 1000 * link_bench.DAYS
    assert month.payload >= link_bench.LEAST_PAYLOAD
    assert month.of_limit >= link_bench.LEAST_OF_LIMIT


def test_thirty_days_take_no_more_round_trips_than_three(pulls: dict[int, link_bench.Pulled]) -> None:
    few, month = pulls[3], pulls[link_bench.DAYS]
    assert month.log_bytes > 9 * few.log_bytes
    assert month.sent.requests == few.sent.requests <= 3
    assert 0 < month.sent.waits == few.sent.waits <= 8


@pytest.mark.parametrize("minutes", [1, 20, 61])
def test_a_short_pull_waits_for_no_time_out(minutes: int) -> None:
    """Whatever the length of its last packet: the stream says where it ends."""
    board = LoopBoard()
    board.minutes(minutes)
    for more in range(4):
        link = link_model.ModelLink(board, 247)
        result = Client(link).pull(Store.open(":memory:"), board.log.log_id)
        assert result.records == 1 + minutes + more
        assert link.sent.events <= 12
        board.minutes(1)


def test_the_model_s_limit_is_that_of_the_field() -> None:
    """651-660 kbit/s: payload limits, encrypted, 1M PHY (shared facts of the protocol)."""
    assert 650_000 <= 8 * link_model.limit_bytes_s(244) <= 661_000


def test_plainer_transfers_on_the_same_air_take_many_times_as_long(
    pulls: dict[int, link_bench.Pulled]
) -> None:
    month = pulls[link_bench.DAYS]
    assert link_model.plain(month.records).s > 10 * month.sent.s
    assert link_model.paged(month.records).s > 50 * month.sent.s


def test_a_goal_that_is_missed_fails_the_bench(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(link_bench, "DAYS", 3)  # short: connecting's share is larger
    missed = link_bench.tell()
    assert [name for name in missed if "limit" in name] and "NOT met" in capsys.readouterr().out
