"""The host's transfer against the board's in one process: thousands of breaks and losses."""

from __future__ import annotations

import random

from benchmarks import link_bench
from helpers.host.loop_link import LoopBoard, LoopLink, window_bytes
from helpers.host.made_log import store_with_board
from helpers.scale import scaled
from pumplog.errors import IntegrityError, UnreachableError
from pumplog.store import Store
from pumplog.sync.client import Client
from pumpwire.records import MAX_FRAME


def seqs(held: Store, board: LoopBoard) -> list[int]:
    return [record.seq for record in held.records.of(board.log.log_id)]


def test_logs_that_grow_and_links_that_break_at_random() -> None:
    breaks = 0
    for seed in range(scaled(300, 5000)):
        dice = random.Random(seed)
        board, held = LoopBoard(pages=16), Store.open(":memory:")
        board.minutes(dice.randrange(1, 1200))
        wanted = board.log.next_seq
        for attempt in range(1000):
            link = LoopLink(board, dice.randrange(1, 60), dice.choice((0.0, 0.05, 0.3)), seed + attempt,
                            during=lambda board=board, dice=dice: board.minutes(dice.randrange(2)))
            try:
                Client(link).pull(held, board.log.log_id)
                break
            except UnreachableError:
                breaks += 1
        Client(LoopLink(board)).pull(held, board.log.log_id)
        assert wanted <= board.log.next_seq == len(seqs(held, board)), f"seed {seed}"
        assert not held.records.missing(board.log.log_id) and not held.pages.bad(board.log.log_id)
        held.__exit__()
    assert breaks > 0


def test_thirty_days_cut_a_thousand_times_come_whole_for_a_window_a_cut() -> None:
    """Cuts at random places of pulls of 30 reference days, until there were a thousand: most soon, so
    that there are many a pull, some behind several windows. What came is not sent again."""
    board, dice, cuts = link_bench.board_with_days(link_bench.DAYS), random.Random(7), 0
    log_id = board.log.log_id
    log = link_bench.log_bytes(board)
    while cuts < scaled(1000, 10_000):
        held, sent, in_flight, cuts_before = store_with_board(link_bench.DAY_KEY), 0, 0, cuts
        held.logs.add(log_id, "B01")
        while True:
            link = LoopLink(board, break_at=dice.randrange(1, 640 if dice.random() < 0.03 else 16))
            try:
                Client(link).pull(held, log_id)
                break
            except UnreachableError:
                cuts += 1
                assert link.in_flight_bytes() <= window_bytes(link)
                in_flight += link.in_flight_bytes()
            finally:
                sent += sum(len(piece) for piece in link.sent_pieces())
        assert [record.seq for record in held.records.of(log_id)] == list(range(board.log.next_seq))
        assert not held.records.missing(log_id) and not held.pages.bad(log_id)
        # a record that a packet's end cut comes whole again
        assert sent - log <= in_flight + (cuts - cuts_before) * MAX_FRAME, f"{cuts} cuts"
        held.__exit__()


def test_one_bit_turned_anywhere_on_flash_never_gives_a_wrong_record() -> None:
    """Whatever bit turns, a pull ends, keeps no altered record, and loses none of another page."""
    told = 0
    for seed in range(scaled(400, 8000)):
        dice = random.Random(seed)
        board = LoopBoard(pages=4)
        board.minutes(900)
        quiet, held = Store.open(":memory:"), Store.open(":memory:")
        Client(LoopLink(board)).pull(quiet, board.log.log_id)
        good = {record.seq: record for record in quiet.records.of(board.log.log_id)}
        at = dice.randrange(len(board.flash.cells))
        board.flash.cells[at] ^= 1 << dice.randrange(8)
        hit_first = board.log.page_at(at // 4096)[0]
        try:
            Client(LoopLink(board)).pull(held, board.log.log_id)
        except IntegrityError:
            told += 1
        got = {record.seq: record for record in held.records.of(board.log.log_id)}
        assert all(good[seq] == record for seq, record in got.items()), f"seed {seed}, byte {at}"
        firsts = sorted(board.log.page_at(slot)[0] for slot in range(4) if board.log.page_at(slot)[1])
        after = next((first for first in firsts if first > hit_first), board.log.next_seq)
        lost = set(good) - set(got)
        assert all(hit_first <= seq < after for seq in lost), f"seed {seed}, byte {at}: {sorted(lost)}"
    assert told > 0
