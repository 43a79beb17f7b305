"""The host's end of a transfer, against the board's own: nothing that went wrong is lost or silent."""

from __future__ import annotations

import random

import pytest
from helpers.host.loop_link import LoopBoard, LoopLink
from pumplog.errors import IntegrityError, UnreachableError
from pumplog.store import Pull, Store
from pumplog.sync.client import Client, PullResult
from pumpwire import page, receiving, uuids


def pull(store: Store, board: LoopBoard, **how: object) -> tuple[PullResult, LoopLink]:
    link = LoopLink(board, **how)  # type: ignore[arg-type]
    return Client(link).pull(store, board.log.log_id), link


def broken_pull(store: Store, board: LoopBoard, break_at: int) -> None:
    with pytest.raises(UnreachableError):
        pull(store, board, break_at=break_at)


def store() -> Store:
    return Store.open(":memory:")


def seqs(held: Store, board: LoopBoard) -> list[int]:
    return [record.seq for record in held.records.of(board.log.log_id)]


def board_with(records: int, pages: int = 8) -> LoopBoard:
    board = LoopBoard(pages)
    board.minutes(records - 1)  # and its BOOT
    return board


def test_broken_off_at_every_packet_the_next_pull_completes_it() -> None:
    board = board_with(900)
    whole = store()
    _, undisturbed = pull(whole, board)
    assert undisturbed.arrived > 25
    for break_at in range(1, undisturbed.arrived + 1):
        held = store()
        broken_pull(held, board, break_at)
        pull(held, board)
        log_id = board.log.log_id
        assert list(held.records.of(log_id)) == list(whole.records.of(log_id)), break_at


def test_broken_off_again_and_again_it_still_gets_there() -> None:
    board = board_with(700)
    held, dice, tries = store(), random.Random(4), 0
    while seqs(held, board) != list(range(700)):
        tries += 1
        try:
            pull(held, board, break_at=dice.randrange(2, 9), loss=0.05, seed=tries)
        except UnreachableError:
            board.minutes(0)
        assert tries < 100
    assert tries > 3


@pytest.mark.parametrize("loss", [0.05, 0.3])
def test_lost_packets_are_asked_for_again(loss: float) -> None:
    board = board_with(700)
    held = store()
    result, _ = pull(held, board, loss=loss, seed=1)
    assert result.repaired > 0 and result.records == 700
    assert seqs(held, board) == list(range(700))


def test_records_made_during_the_pull_come_with_it_or_with_the_next() -> None:
    board = board_with(500)
    held = store()
    pull(held, board, during=lambda: board.minutes(3))
    pull(held, board)
    assert seqs(held, board) == list(range(board.log.next_seq))
    assert board.log.next_seq > 500


def test_a_second_pull_moves_no_closed_page_again() -> None:
    board = board_with(700)
    held = store()
    _, first = pull(held, board)
    closed = {first_seq for first_seq, offset in first.sent_pages() if offset == page.FOOTER_AT}
    assert closed
    board.minutes(30)
    result, second = pull(held, board)
    assert result.records == 30 and result.bytes < 30 * 20
    assert not closed & {first_seq for first_seq, _ in second.sent_pages()}


def test_a_bad_page_is_quarantined_and_every_other_page_still_comes() -> None:
    board = board_with(900)
    board.damage(350)
    held = store()
    with pytest.raises(IntegrityError, match="kept in quarantine"):
        pull(held, board)
    got = seqs(held, board)
    (hole,) = held.records.missing(board.log.log_id)
    assert hole[0] == 350 and got == [*range(350), *range(hole[1] + 1, 900)]
    assert hole[1] < 700


def test_after_a_bad_page_a_pull_brings_only_what_is_new_and_tells_of_it() -> None:
    board = board_with(900)
    board.damage(350)
    held = store()
    with pytest.raises(IntegrityError):
        pull(held, board)
    board.minutes(20)
    result, link = pull(held, board)
    assert result.records == 20 and result.bytes < 20 * 20
    assert result.bad_pages == 1 and seqs(held, board)[-1] == 919
    assert min(first for first, _ in link.sent_pages()) > 350


def test_a_bad_byte_deep_in_the_open_page_is_no_torn_end() -> None:
    board = board_with(350)
    board.damage(200)
    held = store()
    image = bytes(board.flash.cells)
    first_seq = board.log.page_at(board.log.opened.slot)[0]
    page_at = board.log.opened.slot * 4096
    data = image[page_at : page_at + 4096].rstrip(b"\xff")
    with pytest.raises(IntegrityError, match="quarantine"):
        held.add_page_bytes(board.log.log_id, first_seq, 0, data)
    assert seqs(held, board)[-1] == 199


def test_a_bad_byte_near_the_end_of_the_open_page_is_told_though_it_reads_as_a_torn_end() -> None:
    board = board_with(350)
    board.damage(348)
    held = store()
    for _ in range(2):
        with pytest.raises(IntegrityError, match="more than can be read at the end of its log"):
            Client(LoopLink(board)).pull(held, board.log.log_id)
        assert seqs(held, board)[-1] == 347


def test_the_same_bad_page_again_is_told_again_and_kept_once() -> None:
    board = board_with(900)
    board.damage(350)
    held = store()
    data = bytearray(4096)
    first_seq, slot = max((board.log.page_at(s)[0], s) for s in range(8)
                          if board.log.page_at(s)[0] <= 350 and board.log.page_at(s)[1])
    board.flash.read(slot, 0, data)
    for _ in range(2):
        with pytest.raises(IntegrityError, match="does not verify"):
            held.add_page_bytes(board.log.log_id, first_seq, 0, bytes(data))
    assert held.pages.bad(board.log.log_id) == 1


def test_what_the_ring_gave_up_is_not_asked_for_for_ever() -> None:
    board = board_with(200, pages=4)
    held = store()
    pull(held, board)
    board.minutes(3000)
    pull(held, board)
    (hole,) = held.records.missing(board.log.log_id)
    assert hole[0] == 200 and hole[1] + 1 == board.log.oldest_seq
    board.minutes(10)
    result, link = pull(held, board)
    assert result.records == 10 and result.bytes < 10 * 20
    assert len({first for first, _ in link.sent_pages()}) <= 2


def test_bytes_of_no_format_are_one_sentence() -> None:
    link = LoopLink(board_with(5))
    link.read = lambda channel: b"short"  # type: ignore[method-assign]
    with pytest.raises(IntegrityError, match="does not understand"):
        Client(link).status()
    link.receive = lambda timeout_s: (uuids.RACP, b"?")  # type: ignore[method-assign]
    with pytest.raises(IntegrityError, match="does not understand"):
        Client(link).count(0)


def test_a_pull_from_behind_a_bad_byte_does_not_stop_the_board() -> None:
    board = board_with(900)
    board.damage(350)
    link = LoopLink(board)
    link.write(uuids.RACP, receiving.report_from(360))
    arrived = link.receive(1)
    assert arrived and arrived[0] == uuids.LOG
    assert link.sent_pages()[0][0] <= 350


def test_a_page_gone_from_the_board_is_asked_for_once_and_not_for_ever() -> None:
    board = board_with(2000)
    board.flash.cells[4096 + 5] ^= 1  # the second page's header: at the next boot it is no page
    board.power_on()
    held, log_id = store(), board.log.log_id
    first, _ = pull(held, board)
    (hole,) = held.records.missing(log_id)
    assert first.next_seq == hole[0]
    status = {"next_seq": board.log.next_seq}
    held.pulls.add(Pull("B01", log_id, 0, "loop", first.records, first.next_seq, "complete", status))
    board.minutes(10)
    again, _ = pull(held, board)
    assert again.records == 10 and again.bytes < 10 * 20
    assert held.records.missing(log_id) == [hole]


def test_a_hole_that_another_source_left_is_still_asked_for() -> None:
    board = board_with(300)
    held, log_id = store(), board.log.log_id
    first, _ = pull(held, board)
    status = {"next_seq": board.log.next_seq}
    held.pulls.add(Pull("B01", log_id, 0, "loop", first.records, first.next_seq, "complete", status))
    board.minutes(900)
    whole = store()
    pull(whole, board)
    last = max(board.log.page_at(slot)[0] for slot in range(8))
    slot = next(slot for slot in range(8) if board.log.page_at(slot)[0] == last)
    data = bytearray(4096)
    board.flash.read(slot, 0, data)
    held.add_page_bytes(log_id, last, 0, bytes(data).rstrip(b"\xff"))
    assert held.records.missing(log_id)[0][0] == 300
    pull(held, board)
    assert seqs(held, board) == seqs(whole, board)


def test_whether_the_board_took_the_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    board = board_with(3)
    assert Client(LoopLink(board)).anchor()
    client = Client(LoopLink(board))
    board.log.boot += 1  # it restarted between TIME and ANCHOR
    asked = client.command
    monkeypatch.setattr(client, "command", lambda op, body=b"": asked(op, body[:-10] + bytes(10)
                                                                      if body else b""))
    assert not client.anchor()
    monkeypatch.setattr("pumplog.sync.client._MAX_UNCERTAINTY_MS", 0)
    assert not Client(LoopLink(board)).anchor()
