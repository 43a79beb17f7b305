"""Takes in pages as boards send them: what is kept, what is used, what goes to quarantine.

A page comes in pieces and over more than one pull, so it is judged again each time it grows. What holds
at each moment:

- A page's bytes are never changed, only extended. Other bytes under the same identity go to quarantine.
- Every good record is kept, also of a page whose rest does not verify.
- Records of a page under a key that this store lacks enter no table, nor do those of the open page after
  it. They come in by `judge_again` when the key is learnt.
- A page of a format version that is not known is kept whole and not read.

Two closed pages side by side prove each other: each seal names the seal before it. Where they disagree
one of the two is of another log, and nobody knows which: both stay, and the page that came last is also
put into quarantine.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

from pumpwire import page

from ..errors import IntegrityError
from ..quantities import hex_id
from .boards import Logs
from .entries import Entries
from .keys import Keys
from .page_reading import Reading, read_page
from .page_states import BAD, ERASED, OPEN, SEALED, UNKEYED, UNREAD, UNVERIFIED
from .pages import Pages
from .records import Records

_CLOSED = (SEALED, UNKEYED)


class Intake:
    """Joins pages, records, entries and keys as pages come in."""

    def __init__(self, pages: Pages, records: Records, entries: Entries, keys: Keys, logs: Logs) -> None:
        self._pages, self._records, self._entries = pages, records, entries
        self._keys, self._logs = keys, logs

    def add_page_bytes(self, log_id: int, first_seq: int, offset: int, data: bytes) -> int:
        """Extends a page by bytes that the board sent; returns how many records that gave.

        The same bytes again change nothing. IntegrityError: bytes differ from known bytes, or the page
        does not verify; what came is in quarantine, and every good record is kept.
        """
        row = self._pages.held(log_id, first_seq)
        held, known, wrong = (row["data"], row["records"], row["error"]) if row else (b"", 0, None)
        grown = _overlay(held, offset, data)
        if grown is None:
            self._refuse(log_id, first_seq, data, f"differs from what was pulled at {offset}")
        if grown == held:
            if wrong:
                raise _does_not_verify(log_id, first_seq, wrong)
            return 0
        return self._take(log_id, first_seq, grown, known)

    def judge_again(self, log_id: int) -> None:
        """Takes in the pages of a log that were kept under a key not known before."""
        for row in self._pages.from_unverified(log_id):
            try:
                self._take(log_id, row["first_seq"], row["data"], 0)
            except IntegrityError:
                continue  # it is in quarantine, for `verify` to tell

    def _take(self, log_id: int, first_seq: int, data: bytes, known: int) -> int:
        """Judges a page that has grown, of which `known` records are here; returns how many are new."""
        if len(data) < page.HEADER_BYTES:
            self._pages.put(log_id, first_seq, data, Reading(OPEN, page.VERSION), 0, None)
            return 0
        board = self._logs.board_of(log_id)
        reading = read_page(data, self._keys.ring(board))
        if reading.place is None or reading.place != (log_id, first_seq):
            self._refuse(log_id, first_seq, data, reading.error or "page of another log or place")
        if reading.state == UNREAD:
            self._pages.put(log_id, first_seq, data, reading, known, None)
            return 0
        unchained = self._unchained(log_id, first_seq, reading)
        self._pages.put(log_id, first_seq, data[: reading.kept], reading, len(reading.records),
                        reading.error if reading.state == BAD else unchained)
        fresh = reading.records[known:]
        if reading.unusable or reading.state == OPEN and self._after_unverified(log_id, first_seq):
            self._records.remove(log_id, first_seq, first_seq + len(reading.records))
            fresh = []
        self._keep(log_id, board, fresh)
        if reading.state == BAD or unchained:
            self._refuse(log_id, first_seq, data, reading.error or unchained or "")
        return len(fresh)

    def _keep(self, log_id: int, board: str | None, fresh: Iterable[Any]) -> None:
        self._records.add(log_id, fresh)
        for record in fresh:
            if "entry" in record.fields:
                self._entries.learn(log_id, record.seq, board, record.fields["entry"])

    def _refuse(self, log_id: int, first_seq: int, data: bytes, reason: str) -> NoReturn:
        self._pages.quarantine(log_id, first_seq, data, reason)
        raise _does_not_verify(log_id, first_seq, reason)

    def _unchained(self, log_id: int, first_seq: int, reading: Reading) -> str | None:
        """Returns what is wrong where a closed page does not name the seal of the page right before
        it, or the page right after does not name its own. Then one of the two is of another log."""
        if reading.state not in _CLOSED:
            return None
        before = self._pages.before(log_id, first_seq)
        if before and before["first_seq"] + before["records"] == first_seq and (
                before["state"] in _CLOSED and _seal(before["data"]) != reading.footer.previous):
            return "it names another seal than that of the page before it"
        after = self._pages.held(log_id, first_seq + len(reading.records))
        if after and after["state"] in _CLOSED and (
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


def _overlay(held: bytes, offset: int, data: bytes) -> bytes | None:
    """Returns `held` with `data` at `offset`, erased bytes up to a footer; None if known
    bytes differ or a stretch is missing."""
    overlap = held[offset : offset + len(data)]
    if overlap != data[: len(overlap)] or len(held) < offset < page.FOOTER_AT:
        return None
    gap = ERASED * max(0, offset - len(held))
    return held[:offset] + gap + data + held[offset + len(data) :]
