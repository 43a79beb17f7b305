"""A board's log as its pages would lie on flash, made by hand: closed and sealed but for the last."""

from __future__ import annotations

import binascii

from pumplog.store import Attestation, Board, Pull, Store
from pumpwire import page, records, seal
from pumpwire.check import crc16

from helpers.on_board.page_maker import PageMaker

KEY = b"d" * 32
LOG_ID = 7
NONCE = b"n" * seal.NONCE_BYTES
AT_MS = 1_767_600_000_000
SEAL_AT = page.FOOTER_AT + 19


class MadeLog:
    """pages: {first_seq: bytes}, all of `minutes` records but the open one, which has `last`.

    given_up: LOST notes (first, last seq) that open the last page; key None: no seals.
    """

    def __init__(self, n: int = 4, minutes: int = 50, last: int = 20, key: bytes | None = KEY,
                 log_id: int = LOG_ID, first_seq: int = 0,
                 given_up: tuple[tuple[int, int], ...] = ()) -> None:
        self.key, self.log_id = key, log_id
        self.pages: dict[int, bytes] = {}
        self.previous = bytes(8)
        self.next_seq = first_seq
        if first_seq:
            self.previous = b"earlier!"
        for _ in range(n - 1):
            self._page(minutes, closed=True)
        self.open_seq = self.next_seq
        self.made = self._page(last, closed=False, given_up=given_up)

    def _page(self, minutes: int, closed: bool,
              given_up: tuple[tuple[int, int], ...] = ()) -> PageMaker:
        first_seq = self.next_seq
        made = PageMaker(self.log_id, first_seq, 1, first_seq * 600)
        for first, last in given_up:
            made.put(records.LOST, first_seq * 600, (first, last))
        for at in range(minutes):
            made.put(records.MINUTE, (first_seq + at) * 600, (60000, 7 * (first_seq + at) % 50, 0))
        self.next_seq += made.count
        self.pages[first_seq] = bytes(made.data)
        if closed:
            self.pages[first_seq] = self.close(made)
            self.previous = self.pages[first_seq][SEAL_AT:][:8]
        return made

    def close(self, made: PageMaker, key: bytes | None = None, flags: int = 0) -> bytes:
        """Returns a page of this log closed, under its key or another."""
        key = key or self.key
        if key is None:
            return made.closed(0, flags, self.previous)
        return made.closed(seal.key_id(key), flags, self.previous, key)

    def grow(self, minutes: int) -> None:
        """Adds minutes to the open page."""
        for _ in range(minutes):
            self.made.put(records.MINUTE, self.next_seq * 600, (60000, self.next_seq % 50, 0))
            self.next_seq += 1
        self.pages[self.open_seq] = bytes(self.made.data)

    def turn(self, minutes: int = 20) -> None:
        """Closes the open page and opens the next."""
        self.pages[self.open_seq] = self.close(self.made)
        self.previous = self.pages[self.open_seq][SEAL_AT:][:8]
        self.open_seq = self.next_seq
        self.made = self._page(minutes, closed=False)

    def attestation(self, key: bytes | None = None) -> Attestation:
        """Returns what the board says now of where its log ends."""
        data = self.pages[self.open_seq]
        said = seal.attest(key or self.key, NONCE, self.log_id, self.next_seq, self.open_seq,
                           len(data), binascii.crc32(data), self.previous)
        return Attestation(AT_MS, NONCE, said)

    def into(self, store: Store, *pages: int, attest: bool = True, oldest_seq: int = 0) -> None:
        """Pulls the log, or these pages of it; a complete pull ends with an attestation."""
        store.logs.add(self.log_id, "B01")
        for first_seq in pages or self.pages:
            store.add_page_bytes(self.log_id, first_seq, 0, self.pages[first_seq])
        if attest:
            store.take_word(self.log_id, self.attestation())
            store.pulls.add(Pull("B01", self.log_id, AT_MS, "made", 0,
                                store.holes.next_seq_reached(self.log_id), "complete",
                                {"oldest_seq": oldest_seq, "next_seq": self.next_seq}))


def store_with_board(key: bytes = KEY, path: str = ":memory:") -> Store:
    """Returns a store that provisioned B01."""
    store = Store.open(path)
    store.add_board(board(key))
    return store


def board(key: bytes = KEY, name: str = "B01") -> Board:
    """Returns a board of that key."""
    return Board(name, key, b"p" * 32, 123456, 100_000, 0, AT_MS)


def newer(log: MadeLog, first_seq: int) -> bytes:
    """A page as a later version of the format might have it: only the first 16 bytes are as now."""
    data = bytearray(log.pages[first_seq])
    data[2] = page.VERSION + 1
    check = crc16(data, 0, 14)
    data[14:16] = check.to_bytes(2, "little")
    return bytes(data)


def put_page(store: Store, log_id: int, first_seq: int, data: bytes | None) -> None:
    """Changes a page behind the store's back, None: removes it with its records."""
    sql = store.database.connection.execute
    if data is None:
        last = first_seq + sql("SELECT records FROM pages WHERE first_seq=?", (first_seq,)).fetchone()[0]
        sql("DELETE FROM pages WHERE log_id=? AND first_seq=?", (log_id, first_seq))
        sql("DELETE FROM records WHERE log_id=? AND seq>=? AND seq<?", (log_id, first_seq, last))
        return
    sql("UPDATE pages SET data=? WHERE log_id=? AND first_seq=?", (data, log_id, first_seq))


def shorten_rows(store: Store, kind: str, field: str) -> None:
    """Leaves the rows of a kind as a version decoded them that did not know a field of it."""
    store.database.connection.execute(
        "UPDATE records SET fields=json_remove(fields, ?) WHERE kind=?", (f"$.{field}", kind))
    store.commit()
