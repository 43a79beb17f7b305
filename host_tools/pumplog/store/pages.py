"""The store's raw pages, byte for byte as boards sent them, and the quarantine of what contradicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .. import host
from .database import Database, Row
from .page_states import BAD, UNREAD, UNVERIFIED
from .sound import made

if TYPE_CHECKING:
    from .page_reading import Reading


@dataclass(frozen=True)
class StoredPage:
    """A raw page and what it was found to be (pumplog.store.page_states)."""

    first_seq: int  #: its place in the log: the number of its first record
    data: bytes  #: as it came; an open page's first bytes only
    version: int  #: of its format
    state: str  #: one of page_states'
    records: int  #: how many it was found to have


@dataclass(frozen=True)
class PageSpan:
    """What a page covers, without its bytes."""

    first_seq: int  #: the number of its first record
    records: int  #: how many it was found to have
    state: str  #: one of page_states'
    length: int  #: bytes held

    @property
    def end(self) -> int:
        """The number that its next record would have."""
        return self.first_seq + self.records


class Quarantined(NamedTuple):
    """Bytes that came for a page and are not used."""

    first_seq: int  #: the page they came for
    reason: str  #: why they are not used, in words


class Pages:
    """Raw pages by (log_id, first_seq); beside them the quarantine, which only ever grows."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # ---- writing

    def put(self, log_id: int, first_seq: int, data: bytes, reading: Reading, records: int,
            error: str | None) -> None:
        """Keeps a page's bytes and what it was found to be; error: why it does not verify."""
        self._db.put("pages", ("log_id", "first_seq"), log_id=log_id, first_seq=first_seq, data=data,
                     closed=reading.closed, records=records, error=error, version=reading.version,
                     state=reading.state)

    def quarantine(self, log_id: int, first_seq: int, data: bytes, reason: str) -> None:
        """Keeps bytes that are not used, once."""
        if not self._db.row("SELECT 1 FROM quarantine WHERE log_id=:log_id AND first_seq=:first_seq"
                            " AND data=:data", log_id=log_id, first_seq=first_seq, data=data):
            self._db.insert("quarantine", log_id=log_id, first_seq=first_seq, data=data, reason=reason,
                            at_ms=host.utc_now_ms())

    # ---- one page

    def held(self, log_id: int, first_seq: int) -> Row | None:
        """Returns data, records, state and error of a page."""
        return self._db.row("SELECT data, records, state, error FROM pages"
                            " WHERE log_id=:log_id AND first_seq=:first_seq",
                            log_id=log_id, first_seq=first_seq)

    def before(self, log_id: int, first_seq: int) -> Row | None:
        """Returns first_seq, data, records, state and error of the page before a place in the log."""
        return self._db.row("SELECT first_seq, data, records, state, error FROM pages"
                            " WHERE log_id=:log_id AND first_seq<:first_seq"
                            " ORDER BY first_seq DESC LIMIT 1", log_id=log_id, first_seq=first_seq)

    def bytes_held(self, log_id: int, first_seq: int) -> int:
        """Returns how many bytes of a page are held."""
        row = self._db.row("SELECT LENGTH(data) AS length FROM pages"
                           " WHERE log_id=:log_id AND first_seq=:first_seq",
                           log_id=log_id, first_seq=first_seq)
        return row["length"] if row else 0

    # ---- a log's pages

    def of(self, log_id: int) -> Iterator[StoredPage]:
        """Yields a log's pages in order."""
        for row in self._db.rows("SELECT first_seq, data, version, state, records FROM pages"
                                 " WHERE log_id=:log_id ORDER BY first_seq", log_id=log_id):
            yield made(StoredPage, row, "a page")

    def spans(self, log_id: int) -> Iterator[PageSpan]:
        """Yields in order what a log's pages cover."""
        for row in self._db.rows("SELECT first_seq, records, state, LENGTH(data) AS length FROM pages"
                                 " WHERE log_id=:log_id ORDER BY first_seq", log_id=log_id):
            yield made(PageSpan, row, "a page")

    def last_spans(self, log_id: int, n: int) -> list[PageSpan]:
        """Returns what the last n pages of a log cover, the last page first."""
        return [made(PageSpan, row, "a page") for row in self._db.rows(
            "SELECT first_seq, records, state, LENGTH(data) AS length FROM pages"
            " WHERE log_id=:log_id ORDER BY first_seq DESC LIMIT :n", log_id=log_id, n=n)]

    def end(self, log_id: int) -> int:
        """Returns the number right behind the last record that any page has; 0 without pages."""
        row = self._db.row("SELECT MAX(first_seq + records) AS last FROM pages WHERE log_id=:log_id",
                           log_id=log_id)
        return (row and row["last"]) or 0

    def from_unverified(self, log_id: int) -> list[Row]:
        """Returns first_seq and data of the first page under a key not held, and of all after it."""
        return list(self._db.rows(
            "SELECT first_seq, data FROM pages WHERE log_id=:log_id AND first_seq >="
            " (SELECT MIN(first_seq) FROM pages WHERE log_id=:log_id AND state=:state)"
            " ORDER BY first_seq", log_id=log_id, state=UNVERIFIED))

    # ---- what is not used

    def bad(self, log_id: int) -> int:
        """Returns how many of a log's pages do not verify: their later records are missing."""
        return self._count("log_id=:log_id AND error IS NOT NULL", log_id)

    def unverified(self, log_id: int) -> int:
        """Returns how many of a log's pages are sealed under a key that this store lacks."""
        return self._count("log_id=:log_id AND state=:state", log_id, UNVERIFIED)

    def unread(self, log_id: int) -> dict[int, int]:
        """Returns {format version: pages} of a log's pages that this pumplog does not read."""
        return {row["version"]: row["pages"] for row in self._db.rows(
            "SELECT version, COUNT(*) AS pages FROM pages WHERE log_id=:log_id AND state=:state"
            " AND records=0 GROUP BY version", log_id=log_id, state=UNREAD)}

    def quarantined(self, log_id: int) -> list[Quarantined]:
        """Returns what is in quarantine, in the order it came."""
        return [made(Quarantined, row, "a page in quarantine") for row in self._db.rows(
            "SELECT first_seq, reason FROM quarantine WHERE log_id=:log_id ORDER BY id",
            log_id=log_id)]

    def _count(self, where: str, log_id: int, state: str = BAD) -> int:
        row = self._db.row(f"SELECT COUNT(*) AS pages FROM pages WHERE {where}",
                           log_id=log_id, state=state)
        return row["pages"] if row else 0
