"""Takes in pages as boards send them: what is kept, what is used, what goes to quarantine.

A page comes in pieces and over more than one pull, so it is judged again each time it grows. What holds
at each moment:

- A page's bytes are never changed, only extended. Other bytes under the same identity go to quarantine.
- What a file says of a page is a claim, until a seal proves it. It gives way to what the board itself
  sends, and to a page whose seal fits. It never lies over records that the board sent or sealed.
- Every good record is kept, also of a page whose rest does not verify.
- Records of a page under a key that this store lacks enter no table, nor do those of the open page after
  it. They come in by `judge_again` when the key is learnt.
- A page of a format version that is not known is kept whole and not read.
- A page that its board closed as decayed takes the place of what was pulled before, unless the board had
  vouched for more records than it still has: then these stay, and the page lies in quarantine.
- An entry is learnt only from a sealed page, or once the board's word covers its record (`vouching`).

Two closed pages side by side prove each other: each seal names the seal before it. Where they disagree
one of the two is of another log: a page without a seal beside one whose seal fits, else nobody knows
which. Then both stay, and the page that came last is also put into quarantine.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

from pumpwire import page
from pumpwire.units import PAGE_BYTES

from ..errors import IntegrityError
from ..quantities import hex_id
from .boards import Logs
from .database import Row
from .entries import Entries
from .keys import Keys
from .page_reading import Reading, closed_as_decayed, end_of, read_page
from .page_states import (
    BAD,
    CLAIM,
    DECAYED,
    ERASED,
    OPEN,
    SEALED,
    UNKEYED,
    UNREAD,
    UNVERIFIED,
    Keyring,
)
from .pages import Pages
from .records import Records

_CLOSED = (SEALED, UNKEYED)
_ALL = 1 << 16  # more records than any page holds


class Intake:
    """Joins pages, records, entries and keys as pages come in."""

    def __init__(self, pages: Pages, records: Records, entries: Entries, keys: Keys, logs: Logs) -> None:
        self._pages, self._records, self._entries = pages, records, entries
        self._keys, self._logs = keys, logs

    def add_page_bytes(
        self, log_id: int, first_seq: int, offset: int, data: bytes, from_file: bool = False,
        broken: bool = False,
    ) -> int:
        """Extends a page by bytes that the board sent, or that a file says; returns how many records
        that gave.

        The same bytes again change nothing. broken: the link broke within the page; a footer may follow
        that says what of it decayed, so that nothing but its good records is taken. IntegrityError:
        bytes differ from known bytes, or the page does not verify; what came is in quarantine, and every
        good record is kept.
        """
        row = self._pages.held(log_id, first_seq)
        held, known, wrong = (row["data"], row["records"], row["error"]) if row else (b"", 0, None)
        linked = row["linked"] if row else 0
        state = row["state"] if row else OPEN
        sure = held if state == SEALED or from_file else held[:linked]
        decayed = closed_as_decayed(held, offset, data)
        if row and decayed and self._lost_since(log_id, first_seq, row, decayed, from_file):
            return 0
        grown = _overlay(sure, offset, data)
        if grown is None and offset == 0 and state != SEALED and self._proves(log_id, data):
            grown = data  # of two that differ the seal tells which is right
        if broken:
            grown = _good_part(sure if grown is None else grown)
        elif grown is None:
            self._refuse(log_id, first_seq, data, f"differs from what was pulled at {offset}")
        if not from_file:
            linked = max(linked, len(grown))
        if held[: len(grown)] == grown:  # a file said so before, or it came already
            if linked > (row["linked"] if row else 0):
                self._pages.link(log_id, first_seq, linked)
            if wrong:
                raise _does_not_verify(log_id, first_seq, wrong)
            return 0
        if grown[: len(held)] != held:
            self._quarantine_claim(log_id, first_seq, held, known)
            known = 0
        return self._take(log_id, first_seq, grown, known, linked)

    def judge_again(self, log_id: int, every: bool = False) -> None:
        """Takes in the pages of a log that were kept under a key not known before.

        every: all of them, for the log turned out to be another board's.
        """
        for row in self._pages.every(log_id) if every else self._pages.from_unverified(log_id):
            try:
                self._take(log_id, row["first_seq"], row["data"], 0, row["linked"])
            except IntegrityError:
                continue  # it is in quarantine, for `verify` to tell
        if every:
            self._pages.release(log_id)

    def _take(self, log_id: int, first_seq: int, data: bytes, known: int, linked: int) -> int:
        """Judges a page that has grown, of which `known` records are here; returns how many are new."""
        if len(data) < page.HEADER_BYTES:
            self._pages.put(log_id, first_seq, data, Reading(OPEN, page.VERSION), 0, None, linked)
            return 0
        board = self._logs.board_of(log_id)
        reading = read_page(data, self._keys.ring(board))
        if reading.place is None or reading.place != (log_id, first_seq):
            self._refuse(log_id, first_seq, data, reading.error or "page of another log or place")
        if reading.state == UNREAD:
            self._pages.put(log_id, first_seq, data, reading, known, None, linked)
            return 0
        self._make_room(log_id, first_seq, data, reading, linked)
        unchained = self._unchained(log_id, first_seq, reading)
        self._pages.put(log_id, first_seq, data[: reading.kept], reading, len(reading.records),
                        reading.error if reading.state == BAD else unchained,
                        min(linked, reading.kept))
        fresh = reading.records[known:]
        if reading.unusable or reading.state == OPEN and self._after_unverified(log_id, first_seq):
            self._records.remove(log_id, first_seq, first_seq + len(reading.records))
            fresh = []
        self._records.add(log_id, fresh)
        if reading.state == SEALED:
            self._learn(log_id, board, reading.records)
        if reading.state == BAD or unchained:
            self._refuse(log_id, first_seq, data, reading.error or unchained or "")
        return len(fresh)

    def _lost_since(self, log_id: int, first_seq: int, row: Row, data: bytes, from_file: bool) -> bool:
        """Takes a page that its board closed as decayed after some of it was pulled; returns whether it
        is that. Records that the board had vouched for stay, though it has them no longer."""
        reading = read_page(data, self._keys.ring(self._logs.board_of(log_id)))
        proven = reading.state == SEALED or (
            reading.state == UNKEYED and not row["vouched"] and not from_file)
        if row["state"] != OPEN or not proven or reading.place != (log_id, first_seq):
            return False
        held, vouched = row["data"], row["vouched"]
        if vouched <= len(reading.records):
            self._pages.quarantine(log_id, first_seq, held, DECAYED)
            self._records.remove(log_id, first_seq, first_seq + row["records"])
            self._take(log_id, first_seq, data, 0, 0 if from_file else len(data))
            return True
        self._pages.quarantine(log_id, first_seq, data, DECAYED)
        kept = held[: end_of(held, vouched)]
        if len(kept) < len(held):
            self._records.remove(log_id, first_seq + vouched, first_seq + row["records"])
            self._take(log_id, first_seq, kept, vouched, min(row["linked"], len(kept)))
        return True

    def _learn(self, log_id: int, board: str | None, records: Iterable[Any]) -> None:
        """Takes over the entries that a board holds, by records that are proven to be its own."""
        for record in records:
            if "entry" in record.fields:
                self._entries.learn(log_id, record.seq, board, record.fields["entry"])

    def _proves(self, log_id: int, data: bytes) -> bool:
        """Returns whether a page's bytes carry a seal of the board's."""
        return read_page(data, self._keys.ring(self._logs.board_of(log_id))).state == SEALED

    def _make_room(self, log_id: int, first_seq: int, data: bytes, reading: Reading, linked: int
                   ) -> None:
        """Sees to it that no two pages hold the same records: what is proven stays."""
        end = first_seq + len(reading.records)
        for other in self._pages.over(log_id, first_seq, end):
            if linked or reading.state == SEALED:
                if not other["linked"] and other["state"] != SEALED:
                    self._quarantine_claim(log_id, other["first_seq"], other["data"], other["records"])
                    self._pages.remove(log_id, other["first_seq"])
            elif other["linked"] or other["state"] == SEALED:
                self._refuse(log_id, first_seq, data, "it lies over records that the board sent")

    def _quarantine_claim(self, log_id: int, first_seq: int, data: bytes, records: int) -> None:
        """Takes the records of bytes out of use that only a file had, for the board says otherwise."""
        self._pages.quarantine(log_id, first_seq, data, CLAIM)
        self._records.remove(log_id, first_seq, first_seq + records)

    def _refuse(self, log_id: int, first_seq: int, data: bytes, reason: str) -> NoReturn:
        self._pages.quarantine(log_id, first_seq, data, reason)
        raise _does_not_verify(log_id, first_seq, reason)

    def _unchained(self, log_id: int, first_seq: int, reading: Reading) -> str | None:
        """Returns what is wrong where a closed page does not name the seal of the page right before
        it, or the page right after does not name its own. Then one of the two is of another log.

        Beside a page whose seal fits, it is the page without a seal that is wrong."""
        if reading.state not in _CLOSED:
            return None
        beside = _CLOSED if reading.state == UNKEYED else (SEALED,)
        before = self._pages.before(log_id, first_seq)
        if before and before["first_seq"] + before["records"] == first_seq and (
                before["state"] in beside and _seal(before["data"]) != reading.footer.previous):
            return "it names another seal than that of the page before it"
        after = self._pages.held(log_id, first_seq + len(reading.records))
        if after and after["state"] in beside and (
                page.read_footer(after["data"]).previous != reading.footer.seal[: page.PREVIOUS_BYTES]):
            return "the page after it names another seal"
        return None

    def _after_unverified(self, log_id: int, first_seq: int) -> bool:
        """Returns whether the page before is sealed under a key that this store lacks."""
        before = self._pages.before(log_id, first_seq)
        return before is not None and before["state"] == UNVERIFIED


def _seal(data: bytes) -> bytes:
    """Returns what the page after a closed one names of its seal."""
    return bytes(page.read_footer(data).seal[: page.PREVIOUS_BYTES])


def _does_not_verify(log_id: int, first_seq: int, reason: str) -> IntegrityError:
    return IntegrityError(
        f"the page from record {first_seq} of log {hex_id(log_id)} does not verify ({reason})",
        "it is kept in quarantine with every good record. Pull again, and have the board looked at")


def _good_part(data: bytes) -> bytes:
    """Returns a page as it came, or without what a footer that has not come yet must speak of; of half a
    header nothing, for the board may have lost it when the rest is asked for."""
    if len(data) < page.HEADER_BYTES:
        return b""
    if len(data) < PAGE_BYTES and read_page(data, Keyring()).state == BAD:
        return data[: end_of(data, _ALL)]
    return data


def _overlay(held: bytes, offset: int, data: bytes) -> bytes | None:
    """Returns `held` with `data` at `offset`, erased bytes up to a footer; None if known
    bytes differ or a stretch is missing."""
    overlap = held[offset : offset + len(data)]
    if overlap != data[: len(overlap)] or len(held) < offset < page.FOOTER_AT:
        return None
    gap = ERASED * max(0, offset - len(held))
    return held[:offset] + gap + data + held[offset + len(data) :]
