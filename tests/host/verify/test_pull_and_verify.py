"""What verify finds missing, the next pull brings, as long as the board has it."""

from __future__ import annotations

import random

import pytest
from helpers.host.loop_link import LoopBoard, LoopLink
from helpers.host.made_log import AT_MS, KEY, put_page, store_with_board
from pumplog.store import Pull, Store
from pumplog.sync.client import Client, PullResult
from pumplog.verify import Evidence, Report, verify_log


def pull(store: Store, board: LoopBoard) -> PullResult:
    log_id = board.log.log_id
    store.logs.add(log_id, "B01")
    client = Client(LoopLink(board))
    status = client.status()
    result = client.pull(store, log_id)
    store.pulls.add(Pull("B01", log_id, AT_MS, "loop", result.records, result.next_seq, "complete",
                         status))
    return result


def judged(store: Store, board: LoopBoard) -> Report:
    return verify_log(Evidence.of(store, board.log.log_id, "B01"))


def made(pages: int, minutes: int) -> tuple[LoopBoard, Store]:
    board, store = LoopBoard(pages), store_with_board(KEY)
    board.log.set_key(KEY)
    board.minutes(minutes)
    pull(store, board)
    return board, store


@pytest.mark.parametrize("pages, minutes", [(8, 5000), (4, 9000)])
def test_whichever_pages_are_gone_the_pull_brings_them_back(pages: int, minutes: int) -> None:
    board, store = made(pages, minutes)
    assert judged(store, board).findings == []
    firsts = [page.first_seq for page in store.pages.of(board.log.log_id)]
    dice = random.Random(pages)
    for taken in ([first] for first in firsts):
        taken = sorted({*taken, *dice.sample(firsts, dice.choice((0, 0, 1, 2)))})
        for first in taken:
            put_page(store, board.log.log_id, first, None)
        found = {finding.kind for finding in judged(store, board).findings}
        assert found and found <= {"missing", "cut"}, (taken, found)
        assert pull(store, board).records > 0, taken
        assert judged(store, board).findings == [], taken


def test_what_the_ring_gave_up_is_asked_for_once_and_told_by_both() -> None:
    board, store = made(4, 200)
    board.minutes(9000)
    ((_, (first, last, memory_failed)),) = pull(store, board).gaps
    assert not memory_failed
    assert pull(store, board).gaps == () and LoopLink(board).sent_bytes() == 0
    report = judged(store, board)
    told = [finding for finding in report.findings if finding.kind == "given_up"]
    assert [(finding.first, finding.last) for finding in told] == [(first, last)]
    assert report.exit_code == 1
