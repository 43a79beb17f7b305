"""Somebody between board and computer who has no key: what he can send in place of a page, and pulls
through him."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

from pumplog.errors import IntegrityError
from pumplog.store import BROKEN_OFF, COMPLETE, Pull, Store, without
from pumpwire import decoding, page, records

from helpers.host.made_log import AT_MS, MadeLog, store_with_board
from helpers.on_board.page_maker import PageMaker


def forged(data: bytes, more: int) -> PageMaker:
    """Returns a page with other counts in it, good checks and no footer yet."""
    header, found, _, _ = decoding.decode_page(data)
    made = PageMaker(header.log_id, header.first_seq, header.boot, header.base_s * 10)
    for record in found:
        values = list(record.fields.values())
        if record.kind == records.MINUTE:
            values[1] += more
        made.put(record.kind, record.uptime_ms // 100, values)
    return made


def stripped(data: bytes, more: int) -> bytes:
    """Without its footer, as an open page is."""
    return bytes(forged(data, more).data)


def keyless(data: bytes, more: int) -> bytes:
    """Closed as by a board that has no key yet, the chain's other end kept."""
    return forged(data, more).closed(0, 0, page.read_footer(data).previous)


def keyless_all_through(data: bytes, more: int) -> bytes:
    """As a board without a key would close it that never had one."""
    return forged(data, more).closed(0, 0, bytes(8))


FORGERS = (stripped, keyless, keyless_all_through)


def used(store: Store) -> dict[int, int]:
    """Returns {seq: counts} of the minutes that figures use."""
    return {record.seq: record.fields["counts"]
            for record in without(store.records.every(7, "minute"), store.pages.unproven(7))}


def pull(log: MadeLog, store: Store, change: dict[int, Callable[[bytes], bytes]]) -> bool:
    """Pulls what the store lacks; returns whether a word was said against it."""
    store.logs.add(7, "B01")
    said = False
    wanted = store.holes.next_seq_wanted(7, 0)
    for first_seq, data in log.pages.items():
        if wanted < first_seq + max(50, log.next_seq - log.open_seq):
            try:
                store.add_page_bytes(7, first_seq, 0, change.get(first_seq, bytes)(data))
            except IntegrityError:
                said = True
    said = store.take_word(7, log.attestation()) is not None or said
    store.pulls.add(Pull("B01", 7, AT_MS, "made", 0, store.holes.next_seq_reached(7),
                         BROKEN_OFF if said else COMPLETE, {"oldest_seq": 0, "next_seq": log.next_seq}))
    return said


def hold_relays(count: int) -> None:
    """Asserts that no relay of `count` changes a figure, and that pulls of the board itself bring all.

    Each time some pulls go through a relay while the log grows.
    """
    for number in range(count):
        dice = random.Random(f"relay {number}")
        log, store = MadeLog(dice.randint(2, 5)), store_with_board()
        truth = {seq: 7 * seq % 50 for seq in range(log.next_seq)}
        for _ in range(dice.randint(1, 3)):
            change = {first: partial(dice.choice(FORGERS), more=dice.randint(1, 40))
                      for first in log.pages if first != log.open_seq and dice.random() < 0.4}
            pull(log, store, change)
            assert used(store).items() <= truth.items(), number
            if dice.random() < 0.7:
                log.turn()
                truth |= {seq: 7 * seq % 50 for seq in range(log.open_seq, log.next_seq)}
        for _ in range(4):  # a page is found wrong once the page behind it is right
            pull(log, store, {})
        assert used(store) == truth and store.pages.unproven(7) == [], number
