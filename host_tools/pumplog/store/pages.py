"""The store's part that holds logs: raw pages as they came, and beside them the decoded records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from pumpwire import page
from pumpwire.records import KINDS, name_of
from pumpwire.units import PAGE_BYTES

from .. import host
from ..errors import Integrity
from ..quantities import hex_id
from .keys import ProofStore
from .page_reading import (
    BAD,
    ERASED,
    OPEN,
    SEALED,
    UNKEYED,
    UNREAD,
    UNVERIFIED,
    Reading,
    read_page,
)

_CLOSED = (SEALED, UNKEYED)


@dataclass(frozen=True)
class StoredRecord:
    """A decoded record: kind by name, fields as in pumpwire.records."""

    log_id: int
    seq: int
    kind: str
    boot: int
    uptime_ms: int
    fields: dict[str, Any]


@dataclass(frozen=True)
class StoredPage:
    """A raw page and what it was found to be (pumplog.store.page_reading)."""

    first_seq: int
    data: bytes
    version: int
    state: str
    records: int


class PageStore(ProofStore):
    """Pages, records, quarantine."""

    def add_page_bytes(self, log_id: int, first_seq: int, offset: int, data: bytes) -> int:
        """Extends a page by bytes that the board sent; returns how many records that gave.

        The same bytes again change nothing. Other bytes than known ones are kept in quarantine,
        and so is a page that does not verify; both raise Integrity, every good record kept. The
        records of a page under an unknown key are not used, and one of an unknown format version
        is kept as it is: see `unused_pages`.
        """
        row = self._db.execute(
            "SELECT data, records, error FROM pages WHERE log_id=? AND first_seq=?",
            (log_id, first_seq),
        ).fetchone()
        held, known, wrong = row if row else (b"", 0, None)
        grown = _overlay(held, offset, data)
        if grown is None:
            self._quarantine(log_id, first_seq, data, f"differs from what was pulled at {offset}")
        if grown == held:
            if wrong:
                raise _does_not_verify(log_id, first_seq, wrong)
            return 0
        return self._take(log_id, first_seq, grown, known)

    def _take(self, log_id: int, first_seq: int, data: bytes, known: int) -> int:
        if len(data) < page.HEADER_BYTES:
            self._put_page(log_id, first_seq, data, Reading(OPEN, page.VERSION), None)
            return 0
        reading = read_page(data, self.keyring(self.board_of(log_id)))
        if reading.place is None or reading.place != (log_id, first_seq):
            self._quarantine(log_id, first_seq, data, reading.error or "page of another log or place")
        if reading.state == UNREAD:
            self._put_page(log_id, first_seq, data, reading, known)
            return 0
        unchained = self._unchained(log_id, first_seq, reading)
        self._put_page(log_id, first_seq, data[: reading.kept], reading, None, unchained)
        fresh = reading.records[known:]
        if reading.barred or reading.state == OPEN and self._strange(log_id, first_seq):
            self._db.execute("DELETE FROM records WHERE log_id=? AND seq>=? AND seq<?",
                             (log_id, first_seq, first_seq + len(reading.records)))
            fresh = []
        for record in fresh:
            self._put_record(log_id, record)
        if reading.state == BAD or unchained:
            self._quarantine(log_id, first_seq, data, reading.error or unchained or "")
        return len(fresh)

    def _unchained(self, log_id: int, first_seq: int, reading: Reading) -> str | None:
        """Returns what is wrong where a closed page does not name the seal of the page right before
        it, or the page right after does not name its own: one of the two is of another log."""
        if reading.state not in _CLOSED:
            return None
        before = self._db.execute(
            "SELECT first_seq + records, state, data FROM pages WHERE log_id=? AND first_seq<?"
            " ORDER BY first_seq DESC LIMIT 1", (log_id, first_seq)).fetchone()
        if before and before[0] == first_seq and before[1] in _CLOSED and (
                _seal(before[2]) != reading.footer.previous):
            return "it names another seal than that of the page before it"
        after = self._db.execute("SELECT state, data FROM pages WHERE log_id=? AND first_seq=?",
                                 (log_id, first_seq + len(reading.records))).fetchone()
        if after and after[0] in _CLOSED and (
                page.read_footer(after[1]).previous != reading.footer.seal[: page.PREVIOUS_BYTES]):
            return "the page after it names another seal"
        return None

    def _strange(self, log_id: int, first_seq: int) -> bool:
        """Returns whether the page before is sealed under a key that this store lacks."""
        row = self._db.execute(
            "SELECT state FROM pages WHERE log_id=? AND first_seq<? ORDER BY first_seq DESC LIMIT 1",
            (log_id, first_seq)).fetchone()
        return row is not None and row[0] == UNVERIFIED

    def judge_again(self, log_id: int) -> None:
        """Takes in the pages of a log that were kept under a key unknown till now."""
        strange = list(self._db.execute(
            "SELECT first_seq, data FROM pages WHERE log_id=?1 AND first_seq >="
            " (SELECT MIN(first_seq) FROM pages WHERE log_id=?1 AND state=?2) ORDER BY first_seq",
            (log_id, UNVERIFIED)))
        for first_seq, data in strange:
            try:
                self._take(log_id, first_seq, data, 0)
            except Integrity:
                continue  # it is in quarantine, for `verify` to tell

    def _put_page(
        self, log_id: int, first_seq: int, data: bytes, reading: Reading, records: int | None,
        unchained: str | None = None,
    ) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO pages (log_id, first_seq, data, closed, records, error, version,"
            " state) VALUES (?,?,?,?,?,?,?,?)",
            (log_id, first_seq, data, reading.closed,
             len(reading.records) if records is None else records,
             reading.error if reading.state == BAD else unchained, reading.version, reading.state))

    def _put_record(self, log_id: int, record: Any) -> None:
        self._db.execute("INSERT OR IGNORE INTO records VALUES (?,?,?,?,?,?)",
                         (log_id, record.seq, *row_of(record)))
        if "entry" in record.fields:
            self._learn_entry(log_id, record.seq, record.fields["entry"])

    def _quarantine(self, log_id: int, first_seq: int, data: bytes, reason: str) -> NoReturn:
        self._db.execute(
            "INSERT INTO quarantine (log_id, first_seq, data, reason, at_ms) SELECT ?1,?2,?3,?4,?5"
            " WHERE NOT EXISTS (SELECT 1 FROM quarantine WHERE log_id=?1 AND first_seq=?2 AND data=?3)",
            (log_id, first_seq, data, reason, host.utc_now_ms()),
        )
        raise _does_not_verify(log_id, first_seq, reason)

    def board_of(self, log_id: int) -> str | None:
        """Returns which board a log is from."""
        raise NotImplementedError

    def _learn_entry(self, log_id: int, seq: int, data: bytes) -> None:
        raise NotImplementedError

    # ---- what is there, and what is not

    def pages(self, log_id: int) -> Iterator[StoredPage]:
        """Yields a log's pages in order."""
        for row in self._db.execute("SELECT first_seq, data, version, state, records FROM pages"
                                    " WHERE log_id=? ORDER BY first_seq", (log_id,)):
            yield StoredPage(*row)

    def page_bytes(self, log_id: int, first_seq: int) -> int:
        """Returns how many bytes of a page are held."""
        row = self._db.execute("SELECT LENGTH(data) FROM pages WHERE log_id=? AND first_seq=?",
                               (log_id, first_seq)).fetchone()
        return int(row[0]) if row else 0

    def bad_pages(self, log_id: int) -> int:
        """Returns how many of a log's pages do not verify: their later records are missing."""
        row = self._db.execute("SELECT COUNT(*) FROM pages WHERE log_id=? AND error IS NOT NULL",
                               (log_id,)).fetchone()
        return int(row[0])

    def unused_pages(self, log_id: int) -> tuple[int, dict[int, int]]:
        """Returns how many pages are sealed under a key that this store lacks, and
        {format version: pages} of those that this pumplog does not read."""
        row = self._db.execute("SELECT COUNT(*) FROM pages WHERE log_id=? AND state=?",
                               (log_id, UNVERIFIED)).fetchone()
        return int(row[0]), dict(self._db.execute(
            "SELECT version, COUNT(*) FROM pages WHERE log_id=? AND state=? AND records=0"
            " GROUP BY version", (log_id, UNREAD)))

    def quarantined(self, log_id: int) -> list[tuple[int, str]]:
        """Returns (first_seq, reason) of what is in quarantine."""
        return list(self._db.execute(
            "SELECT first_seq, reason FROM quarantine WHERE log_id=? ORDER BY id", (log_id,)))

    def next_seq_wanted(self, log_id: int, oldest_seq: int = 0) -> int:
        """Returns from which record on to ask a board whose oldest one is oldest_seq.

        The board answers from right behind the record before that one: a page that was pulled
        before it had its footer is asked for from its own end on, as long as it is one of the last
        two, for no other page waits for its footer. A hole that the board cannot fill is not asked
        for again.
        """
        last_two = self._db.execute(
            "SELECT first_seq + records, LENGTH(data) FROM pages WHERE log_id=?"
            " ORDER BY first_seq DESC LIMIT 2", (log_id,))
        ends = [end for end, length in last_two if length < PAGE_BYTES and end > oldest_seq]
        return min([self.next_seq_reached(log_id, oldest_seq), *ends])

    def next_seq_reached(self, log_id: int, oldest_seq: int = 0) -> int:
        """Returns the first record that this store lacks and that the board may have."""
        for first, last in self.holes(log_id):
            if last >= oldest_seq and not self._known_lost(log_id, first):
                return max(first, oldest_seq)
        row = self._db.execute("SELECT MAX(first_seq + records) FROM pages WHERE log_id=?",
                               (log_id,)).fetchone()
        return int(row[0] or 0)

    def holes(self, log_id: int) -> list[tuple[int, int]]:
        """Returns the stretches (first, last seq) between the pages held, but for those of which the
        log itself says that no record has their numbers."""
        out: list[tuple[int, int]] = []
        end: int | None = None
        for first_seq, records, state, length in self._db.execute(
            "SELECT first_seq, records, state, LENGTH(data) FROM pages WHERE log_id=?"
            " ORDER BY first_seq", (log_id,),
        ):
            if end is not None and end < first_seq:
                out.append((end, first_seq - 1))
            uncounted = state == UNREAD and not records and length == PAGE_BYTES
            end = None if uncounted else first_seq + records
        skipped = [] if not out else [(record.fields["first_seq"], record.fields["last_seq"])
                                      for record in self.records(log_id, "skipped")]
        return [(first, last) for first, last in out
                if not any(begin <= first and last <= end for begin, end in skipped)]

    def _known_lost(self, log_id: int, first: int) -> bool:
        """Returns whether a hole is the end of a bad page, or outlasted a complete pull while the
        board had later records: its page is gone there."""
        bad = self._db.execute(
            "SELECT error FROM pages WHERE log_id=? AND first_seq<=? ORDER BY first_seq DESC LIMIT 1",
            (log_id, first)).fetchone()
        if bad and bad[0]:
            return True
        return self._db.execute(
            "SELECT 1 FROM pulls WHERE log_id=?1 AND outcome='complete' AND next_seq=?2"
            " AND json_extract(status, '$.next_seq') > ?2", (log_id, first)).fetchone() is not None

    def missing(self, log_id: int) -> list[tuple[int, int]]:
        """Returns the holes (first, last seq) between the records that may be used."""
        return [(before + 1, seq - 1) for before, seq in self._db.execute(
            "SELECT before, seq FROM (SELECT seq, LAG(seq) OVER (ORDER BY seq) AS before"
            " FROM records WHERE log_id=?) WHERE seq > before + 1", (log_id,),
        )]

    # ---- records

    def records(self, log_id: int, *kinds: str) -> Iterator[StoredRecord]:
        """Yields a log's records in order of seq, of these kinds only if any are named."""
        marks = ",".join("?" * len(kinds))
        where = f" AND kind IN ({marks})" if kinds else ""
        for row in self._db.execute(
            f"SELECT log_id, seq, kind, boot, uptime_ms, fields FROM records WHERE log_id=?{where}"
            " ORDER BY seq", (log_id, *kinds),
        ):
            log_id, seq, kind, boot, uptime_ms, fields = row
            yield StoredRecord(log_id, seq, kind, boot, uptime_ms, json.loads(fields))

    def rows(self, log_id: int, first: int, last: int) -> dict[int, tuple[str, int, int, str]]:
        """Returns {seq: (kind, boot, uptime_ms, fields as JSON)} of the records first..last."""
        return {row[0]: row[1:] for row in self._db.execute(
            "SELECT seq, kind, boot, uptime_ms, fields FROM records"
            " WHERE log_id=? AND seq BETWEEN ? AND ?", (log_id, first, last))}

    def around(
        self, log_id: int, first: int, last: int
    ) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
        """Returns (boot, uptime_ms) of the last record up to `first` and the first from `last` on."""
        return tuple(self._db.execute(  # type: ignore[return-value]
            f"SELECT boot, uptime_ms FROM records WHERE log_id=? AND seq{sign}? ORDER BY seq {way}"
            " LIMIT 1", (log_id, seq)).fetchone()
            for sign, seq, way in (("<=", first, "DESC"), (">=", last, "ASC")))

    def last_uptimes(self, log_id: int) -> dict[int, int]:
        """Returns {boot: uptime in ms of its last record} of a log."""
        return dict(self._db.execute(
            "SELECT boot, MAX(uptime_ms) FROM records WHERE log_id=? GROUP BY boot", (log_id,)))


def row_of(record: Any) -> tuple[str, int, int, str]:
    """Returns (kind, boot, uptime_ms, fields as JSON) of a decoded record, as it is stored."""
    kind = name_of(record.kind) if record.kind in KINDS else f"kind_{record.kind}"
    fields = json.dumps({name: value.hex() if isinstance(value, bytes) else value
                         for name, value in record.fields.items()})
    return kind, record.boot, record.uptime_ms, fields


def _seal(data: bytes) -> bytes:
    """Returns what the page after a closed one names of its seal."""
    return bytes(page.read_footer(data).seal[: page.PREVIOUS_BYTES])


def _does_not_verify(log_id: int, first_seq: int, reason: str) -> Integrity:
    return Integrity(
        f"the page from record {first_seq} of log {hex_id(log_id)} does not verify ({reason}): it is"
        " kept in quarantine with every good record; pull again, and have the board looked at."
    )


def _overlay(held: bytes, offset: int, data: bytes) -> bytes | None:
    """Returns `held` with `data` at `offset`, erased bytes up to a footer; None if known
    bytes differ or a stretch is missing."""
    overlap = held[offset : offset + len(data)]
    if overlap != data[: len(overlap)] or len(held) < offset < page.FOOTER_AT:
        return None
    gap = ERASED * max(0, offset - len(held))
    return held[:offset] + gap + data + held[offset + len(data) :]
