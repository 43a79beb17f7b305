"""A round of the ward: nobody is left out, and one dead board stops nobody."""

from __future__ import annotations

import struct
import threading
from collections import Counter

import pytest
from pumplog.errors import IntegrityError, UnreachableError
from pumplog.store import StoreError
from pumplog.sync.round import AT_ONCE, TRIES, visit_all


def test_every_board_is_visited_and_the_order_is_the_wards() -> None:
    outcomes = visit_all(range(30), lambda n: n * n, lambda *_: None)
    assert [(outcome.target, outcome.result, outcome.error) for outcome in outcomes] == [
        (n, n * n, None) for n in range(30)]


def test_a_board_that_breaks_off_is_tried_again_with_its_reason() -> None:
    tries: Counter[str] = Counter()
    told: list[tuple[str, str]] = []

    def visit(board: str) -> str:
        tries[board] += 1
        if board == "dead" or (board == "far" and tries[board] == 1):
            raise UnreachableError(f"{board} is gone", "go nearer")
        if board == "forged":
            raise IntegrityError("not its key", "stop")
        return "complete"

    outcomes = visit_all(["dead", "far", "near", "forged"], visit,
                         lambda board, why: told.append((board, why.what)))
    assert [outcome.result for outcome in outcomes] == [None, "complete", "complete", None]
    assert tries == {"dead": TRIES, "far": 2, "near": 1, "forged": 1}
    assert sorted(told) == [("dead", "dead is gone")] * (TRIES - 1) + [("far", "far is gone")]
    assert isinstance(outcomes[0].error, UnreachableError)
    assert isinstance(outcomes[3].error, IntegrityError)
    assert [error.what for error in outcomes[1].earlier_errors] == ["far is gone"]


def test_so_many_at_once_and_no_more() -> None:
    full = threading.Barrier(AT_ONCE, timeout=60)
    inside, most, lock = 0, 0, threading.Lock()

    def visit(n: int) -> int:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        full.wait()  # passes only once as many are inside as are allowed
        with lock:
            inside -= 1
        return n

    assert len(visit_all(range(3 * AT_ONCE), visit, lambda *_: None)) == 3 * AT_ONCE
    assert most == AT_ONCE


@pytest.mark.parametrize("error", [
    ValueError("a bug"), struct.error("a time"), ZeroDivisionError(), MemoryError(), KeyError("x"),
    RecursionError()])
def test_whatever_goes_wrong_with_one_board_is_its_own_line_and_the_round_goes_on(
    error: Exception
) -> None:
    def visit(n: int) -> int:
        if n == 1:
            raise error
        return n

    first, second, third = visit_all([0, 1, 2], visit, lambda *_: None)
    assert (first.result, third.result) == (0, 2)
    assert isinstance(second.error, IntegrityError) and type(error).__name__ in second.error.what


def test_a_store_that_cannot_be_written_ends_the_round() -> None:
    def visit(_: int) -> None:
        raise StoreError("the disk is full", "make room")

    with pytest.raises(StoreError):
        visit_all([1, 2], visit, lambda *_: None)


def test_ctrl_c_ends_the_visits_under_way_and_begins_no_more() -> None:
    stopped, begun = threading.Event(), []

    def visit(n: int) -> None:
        begun.append(n)
        if n == 0:
            raise UnreachableError("gone", "go nearer")
        assert stopped.wait(60)

    def interrupted(target: int, why: UnreachableError) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        visit_all(range(30), visit, interrupted, stop=stopped.set)
    assert len(begun) <= AT_ONCE + 1
