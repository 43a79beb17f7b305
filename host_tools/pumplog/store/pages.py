"""The store's raw pages, byte for byte as boards sent them, and the quarantine of what contradicts.

Beside its bytes a page has its provenance. `linked`: so many of its first bytes came over a link, from a
board that had proved itself; the rest is a file's. `vouched`: so many of its first records are what an
attested pull reached. A sealed page needs neither, its seal proves all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .. import host
from .database import Database, Row
from .page_states import BAD, SEALED, UNREAD, UNVERIFIED
from .sound import damaged, made

if TYPE_CHECKING:
    from .page_reading import Reading

_TYPES = {"first_seq": int, "records": int, "linked": int, "vouched": int, "data": bytes, "state": str}


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
    linked: int  #: bytes of them that the board itself sent
    vouched: int  #: records of them that the board's word covers
    wrong: int  #: 1 where it does not verify, or not beside its neighbours

    @property
    def of_a_file(self) -> bool:
        """Whether nothing but a file says that this page is the board's."""
        return not self.linked and self.state != SEALED

    @property
    def end(self) -> int:
        """The number that its next record would have."""
        return self.first_seq + self.records


class Quarantined(NamedTuple):
    """Bytes that came for a page and are not used."""

    first_seq: int  #: the page they came for
    reason: str  #: why they are not used, in words


_SPAN = "first_seq, records, state, LENGTH(data) AS length, linked, vouched, error IS NOT NULL AS wrong"


class Pages:
    """Raw pages by (log_id, first_seq); beside them the quarantine of what is not used."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # ---- writing

    def put(self, log_id: int, first_seq: int, data: bytes, reading: Reading, records: int,
            error: str | None, linked: int) -> None:
        """Keeps a page's bytes and what it was found to be; error: why it does not verify; linked: how
        many of the bytes the board itself sent."""
        self._db.put("pages", ("log_id", "first_seq"), log_id=log_id, first_seq=first_seq, data=data,
                     closed=reading.closed, records=records, error=error, version=reading.version,
                     state=reading.state, linked=linked)

    def link(self, log_id: int, first_seq: int, linked: int) -> None:
        """Notes how many of a page's bytes the board itself sent."""
        self._db.run("UPDATE pages SET linked=:linked WHERE log_id=:log_id AND first_seq=:first_seq",
                     log_id=log_id, first_seq=first_seq, linked=linked)

    def vouch(self, log_id: int, first_seq: int, records: int) -> None:
        """Notes how many of a page's records the board's word covers; they never become fewer."""
        self._db.run("UPDATE pages SET vouched=:records WHERE log_id=:log_id AND first_seq=:first_seq"
                     " AND vouched<:records", log_id=log_id, first_seq=first_seq, records=records)

    def remove(self, log_id: int, first_seq: int) -> None:
        """Takes a page out: another page is proven to be in its place."""
        self._db.run("DELETE FROM pages WHERE log_id=:log_id AND first_seq=:first_seq",
                     log_id=log_id, first_seq=first_seq)

    def quarantine(self, log_id: int, first_seq: int, data: bytes, reason: str) -> None:
        """Keeps bytes that are not used, once."""
        if not self._db.row("SELECT 1 FROM quarantine WHERE log_id=:log_id AND first_seq=:first_seq"
                            " AND data=:data", log_id=log_id, first_seq=first_seq, data=data):
            self._db.insert("quarantine", log_id=log_id, first_seq=first_seq, data=data, reason=reason,
                            at_ms=host.utc_now_ms())

    def release(self, log_id: int) -> None:
        """Takes out of quarantine what turned out to be just the page that is held, and good."""
        self._db.run("DELETE FROM quarantine WHERE log_id=:log_id AND EXISTS (SELECT 1 FROM pages WHERE"
                     " pages.log_id=quarantine.log_id AND pages.first_seq=quarantine.first_seq"
                     " AND pages.data=quarantine.data AND pages.error IS NULL)", log_id=log_id)

    # ---- one page

    def held(self, log_id: int, first_seq: int) -> Row | None:
        """Returns data, records, state, error, linked and vouched of a page."""
        return _checked(self._db.row(
            "SELECT data, records, state, error, linked, vouched FROM pages"
            " WHERE log_id=:log_id AND first_seq=:first_seq", log_id=log_id, first_seq=first_seq))

    def before(self, log_id: int, first_seq: int) -> Row | None:
        """Returns first_seq, data, records, state and error of the page before a place in the log."""
        return _checked(self._db.row(
            "SELECT first_seq, data, records, state, error FROM pages"
            " WHERE log_id=:log_id AND first_seq<:first_seq"
            " ORDER BY first_seq DESC LIMIT 1", log_id=log_id, first_seq=first_seq))

    def linked(self, log_id: int, first_seq: int) -> int:
        """Returns how many bytes of a page the board itself sent, or sealed."""
        row = self._db.row("SELECT CASE WHEN state=:state THEN LENGTH(data) ELSE linked END AS linked"
                           " FROM pages WHERE log_id=:log_id AND first_seq=:first_seq",
                           log_id=log_id, first_seq=first_seq, state=SEALED)
        return row["linked"] if row else 0

    # ---- a log's pages

    def of(self, log_id: int) -> Iterator[StoredPage]:
        """Yields a log's pages in order."""
        for row in self._db.rows("SELECT first_seq, data, version, state, records FROM pages"
                                 " WHERE log_id=:log_id ORDER BY first_seq", log_id=log_id):
            yield made(StoredPage, row, "a page")

    def spans(self, log_id: int) -> Iterator[PageSpan]:
        """Yields in order what a log's pages cover."""
        for row in self._db.rows(f"SELECT {_SPAN} FROM pages"
                                 " WHERE log_id=:log_id ORDER BY first_seq", log_id=log_id):
            yield made(PageSpan, row, "a page")

    def end(self, log_id: int) -> int:
        """Returns the number right behind the last record that any page has; 0 without pages."""
        row = self._db.row("SELECT MAX(first_seq + records) AS last FROM pages WHERE log_id=:log_id",
                           log_id=log_id)
        return (row and row["last"]) or 0

    def unproven(self, log_id: int) -> list[tuple[int, int]]:
        """Returns the records [first, end) of a log that neither a seal nor the board's word covers.

        Those under a key that is not held are not among them: they are in no table at all.
        """
        return [(row["first_seq"] + row["vouched"], row["first_seq"] + row["records"])
                for row in map(_checked, self._db.rows(
                    "SELECT first_seq, records, vouched FROM pages WHERE log_id=:log_id"
                    " AND state NOT IN (:sealed, :unverified) AND vouched<records ORDER BY first_seq",
                    log_id=log_id, sealed=SEALED, unverified=UNVERIFIED)) if row]

    def claimed(self, log_id: int) -> list[tuple[int, int]]:
        """Returns the records [first, end) of a log that nothing but a file says are the board's."""
        return [(span.first_seq + span.vouched, span.end) for span in self.spans(log_id)
                if span.linked < span.length and span.state != SEALED]

    def proves_some(self, log_id: int) -> bool:
        """Returns whether a seal or the board's word covers any page of a log."""
        return self._count("log_id=:log_id AND (state=:state OR vouched>0)", log_id, SEALED) > 0

    def over(self, log_id: int, first: int, end: int) -> list[Row]:
        """Returns first_seq, data, records, state and linked of the pages that hold any of the records
        first..end-1, but for the page that begins at `first`."""
        return list(self._db.rows(
            "SELECT first_seq, data, records, state, linked FROM pages WHERE log_id=:log_id"
            " AND first_seq<>:first AND first_seq<:end AND first_seq+records>:first"
            " ORDER BY first_seq", log_id=log_id, first=first, end=end))

    def from_unverified(self, log_id: int) -> list[Row]:
        """Returns first_seq, data and linked of the first page under a key not held, and of all after
        it."""
        return list(self._db.rows(
            "SELECT first_seq, data, linked FROM pages WHERE log_id=:log_id AND first_seq >="
            " (SELECT MIN(first_seq) FROM pages WHERE log_id=:log_id AND state=:state)"
            " ORDER BY first_seq", log_id=log_id, state=UNVERIFIED))

    def every(self, log_id: int) -> list[Row]:
        """Returns first_seq, data and linked of all pages of a log."""
        return list(self._db.rows("SELECT first_seq, data, linked FROM pages WHERE log_id=:log_id"
                                  " ORDER BY first_seq", log_id=log_id))

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


def _checked(row: Row | None) -> Row | None:
    """Returns a row; IntegrityError if a value of it is not of its type."""
    if row is None:
        return None
    for name in row.keys():
        if type(row[name]) is not _TYPES.get(name, type(row[name])):
            raise damaged(f"a page ({name})")
    return row
