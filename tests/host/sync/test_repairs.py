"""What was left out or damaged on its way comes with the next pull, if the board still has it."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from helpers.host.bedside import KEY
from helpers.host.loop_link import LoopBoard, LoopLink
from helpers.host.made_log import AT_MS, store_with_board
from helpers.scale import scaled
from pumplog.errors import IntegrityError
from pumplog.store import BROKEN_OFF, COMPLETE, Pull, Store
from pumplog.sync.client import Client, PullResult
from pumplog.sync.transfer import Transfer
from pumpwire import page, receiving, stream, uuids
from pumpwire.units import PAGE_BYTES

Change = Callable[[int, int, bytes], bytes | None]  # first_seq, offset, bytes; as handed on, None: not


class Rewriting(LoopLink):
    """Somebody between, who takes a report apart and hands on another with good checks."""

    def __init__(self, board: LoopBoard, change: Change) -> None:
        super().__init__(board)
        self._change, self._reader, self._tag = change, receiving.SegmentReader(), 0
        self._index, self._out, self._came = 0, bytearray(), 0

    def write(self, channel: int, data: bytes) -> None:
        """Begins anew with each request; acknowledges for the host, who gets other packets."""
        if channel == uuids.RACP:
            self._tag, self._reader = data[-1] if len(data) in (8, 12) else 0, receiving.SegmentReader()
            self._index, self._came, self._out = 0, 0, bytearray()
        if channel != uuids.FLOW:
            super().write(channel, data)

    def receive(self, timeout_s: float) -> tuple[int, bytes] | None:
        """Gives the next packet of the other report."""
        while not self._air or self._air[0][0] == uuids.LOG:
            if len(self._out) >= 200 or self._reader.ended and self._out:
                return self._packet()
            arrived = super().receive(timeout_s)
            if arrived is None or arrived[0] != uuids.LOG:
                return arrived
            self._came += 1
            for first_seq, offset, piece in self._segments_of(arrived[1]):
                other = self._change(first_seq, offset, piece) if piece else None
                if other:
                    self._out += stream.segment_head(first_seq, offset, len(other)) + other
            if self._reader.ended:
                self._out += stream.segment_head(0, 0, 0)
            super().write(uuids.FLOW, receiving.flow(self._came, False, self._tag))
        return super().receive(timeout_s)

    def _segments_of(self, packet: bytes) -> list[tuple[int, int, bytes]]:
        return list(self._reader.feed(packet[1:-2]))

    def _packet(self) -> tuple[int, bytes]:
        body, self._out = self._out[:200], self._out[200:]
        packet = bytearray(len(body) + 8)
        packet[1 : 1 + len(body)] = body
        length = stream.seal_packet(packet, self._index, self._tag, 1 + len(body))
        self._index += 1
        return uuids.LOG, bytes(packet[:length])


def pull(board: LoopBoard, store: Store, link: LoopLink) -> PullResult | None:
    """Pulls as a visit does; None: a word was said against it."""
    log_id = board.log.log_id
    store.logs.add(log_id, "B01")
    result = None
    try:
        result = Client(link).pull(store, log_id)
    except IntegrityError:
        pass
    status = {"oldest_seq": board.log.oldest_seq, "next_seq": board.log.next_seq}
    store.pulls.add(Pull("B01", log_id, AT_MS, "loop", 0, store.holes.next_seq_reached(log_id),
                         COMPLETE if result else BROKEN_OFF, status if result else {}))
    return result


def keyed(minutes: int = 2600) -> tuple[LoopBoard, Store, list[int]]:
    """Returns a board with a log of pages under its key, a store, and where the pages begin."""
    board, store = LoopBoard(), store_with_board(KEY)
    board.log.set_key(KEY)
    board.minutes(minutes)
    other = store_with_board(KEY)
    assert pull(board, other, LoopLink(board))
    return board, store, [span.first_seq for span in other.pages.spans(board.log.log_id)]


def minutes(store: Store, board: LoopBoard) -> list[int]:
    return [record.fields["counts"] for record in store.records.of(board.log.log_id, "minute")]


def left_out(pages: set[int]) -> Change:
    return lambda first_seq, offset, piece: None if first_seq in pages else piece


def flipped(pages: set[int], at: int) -> Change:
    """One bit of each page is another."""
    def change(first_seq: int, offset: int, piece: bytes) -> bytes:
        here = at - offset
        if first_seq in pages and 0 <= here < len(piece):
            return piece[:here] + bytes((piece[here] ^ 4,)) + piece[here + 1 :]
        return piece

    return change


def test_what_a_link_left_out_or_damaged_comes_with_the_next_pull() -> None:
    for number in range(scaled(12, 400)):
        dice = random.Random(f"repairs {number}")
        board, store, pages = keyed(dice.choice((1500, 2600)))
        wrong = set(dice.sample(pages[:-1], dice.randint(1, len(pages) - 1)))
        how = dice.choice((left_out(wrong), flipped(wrong, dice.randrange(16, 1000)),
                           flipped(wrong, dice.randrange(page.FOOTER_AT, 4096))))
        pull(board, store, Rewriting(board, how))
        board.minutes(dice.choice((0, 50)))
        for _ in range(3):
            pull(board, store, LoopLink(board))
        log_id = board.log.log_id
        assert minutes(store, board) == list(range(1, board.log.next_seq)), number
        assert store.pages.unproven(log_id) == [] and store.pages.bad(log_id) == 0, number


def test_what_the_board_has_no_more_costs_a_moment_and_is_told_as_before() -> None:
    board, store, pages = keyed()
    board.flash.cells[board.log.slots.oldest * PAGE_BYTES + 200] ^= 4
    assert pull(board, store, LoopLink(board)) is None  # told
    held = minutes(store, board)
    assert 0 < len(held) < 2600
    for _ in range(2):
        link = LoopLink(board)
        result = pull(board, store, link)
        assert result and result.bad_pages == 1 and result.records == 0
        assert link.sent_bytes() < 2 * 4096 + 500
    assert minutes(store, board) == held


def test_a_board_that_sends_page_after_page_of_a_few_bytes_is_left() -> None:
    """Each of them would be kept, and every later command would read them all."""
    store = store_with_board(KEY)
    transfer = Transfer(LoopLink(LoopBoard()), store, 7, lambda n: None)
    transfer.pages = 8192
    transfer._hold(1 << 20, 0, b"PL")
    transfer._tag, transfer._segments = 0, receiving.SegmentReader()
    transfer._expected = transfer._farthest = 0
    packet = bytearray(64)
    packet[1:11] = stream.segment_head(1 << 21, 0, 2) + b"PL"
    length = stream.seal_packet(packet, 0, 0, 11)
    transfer._packet(bytes(packet[:length]))
    packet[1:11] = stream.segment_head(1 << 22, 0, 2) + b"PL"
    length = stream.seal_packet(packet, 1, 0, 11)
    with pytest.raises(IntegrityError, match="sends more than a board's flash can hold"):
        transfer._packet(bytes(packet[:length]))
