"""What a store holds of one log, and its pages as they read now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from pumpwire import page
from pumpwire.records import LOST, SKIPPED

from ..intervals import Interval, holds, merge
from ..store import (
    BAD,
    CLAIM,
    DECAYED,
    OPEN,
    SEALED,
    UNKEYED,
    UNREAD,
    Attestation,
    Entry,
    Keyring,
    Quarantined,
    Reading,
    RecordRow,
    Store,
    StoredPage,
    read_page,
)

NO_MORE = 1 << 33  # beyond every sequence number


@dataclass(frozen=True)
class Evidence:
    """All that a store holds of one log."""

    log_id: int  #: which log
    pages: list[StoredPage]  #: in order
    keys: Keyring  #: those of its board, and those of all others
    rows: Callable[[int, int], Mapping[int, RecordRow]]  #: the decoded records first..last, by seq
    attestations: list[Attestation]  #: in the order they came
    reached: list[Interval]  #: [oldest seq that the board had, next_seq) of each complete pull
    quarantined: list[Quarantined]  #: in the order it came
    journal: list[Entry] = field(default_factory=list)  #: every entry of the store
    unproven: list[Interval] = field(default_factory=list)  #: records that nothing covers, [first, end)
    #: pages (first_seq) held as they were before the board's memory failed
    outlived: set[int] = field(default_factory=set)
    claimed: list[Interval] = field(default_factory=list)  #: of `unproven` what only a file has

    @classmethod
    def of(cls, store: Store, log_id: int, board: str | None) -> Evidence:
        """Takes what the store holds."""
        return cls(log_id, list(store.pages.of(log_id)), store.keys.ring(board),
                   lambda first, last: store.records.rows(log_id, first, last),
                   store.attestations.of(log_id), store.pulls.reached(log_id),
                   [each for each in store.pages.quarantined(log_id)
                    if each.reason not in (CLAIM, DECAYED)],
                   store.entries.all(), store.pages.unproven(log_id), store.holes.outlived(log_id),
                   store.pages.claimed(log_id))

    @property
    def empty(self) -> bool:
        """Whether nothing of the log was ever here."""
        return not (self.pages or self.attestations or self.reached)


@dataclass(frozen=True)
class HeldPage:
    """A page that is held, and what it covers."""

    page: StoredPage  #: as it is kept
    reading: Reading  #: what its bytes say now
    first: int  #: its first record, by the place it is kept in
    end: int | None  #: right behind its last record; None: that cannot be counted
    next_first: int | None  #: the first record of the page after it; None: it is the last one

    @property
    def last(self) -> int | None:
        """The last record that the page has, or must be taken to have had."""
        end = self.next_first if self.end is None else self.end
        return None if end is None else max(self.first, end - 1)

    @property
    def span(self) -> Interval:
        """Which records it covers, as far as that is known: [first, end)."""
        if self.end is not None:
            return self.first, self.end
        return self.first, NO_MORE if self.next_first is None else self.next_first

    @property
    def link(self) -> bytes:
        """What the page after it must name of its seal, if it is closed."""
        return bytes(self.reading.footer.seal[: page.PREVIOUS_BYTES])


@dataclass(frozen=True)
class HeldLog:
    """The pages of a log as they read now, and what the log says of its own holes."""

    evidence: Evidence  #: what it is made of
    pages: tuple[HeldPage, ...]  #: in order
    lost: list[Interval]  #: [first, end) of what the ring gave up, by the log's own notes
    skips: list[Interval]  #: [first, end) of each skip of numbers that the log notes
    skipped: list[Interval]  #: [first, end) of the numbers that so no record has, by notes of the board
    skipped_claimed: list[Interval]  #: likewise, by notes that only a file has
    reached: list[Interval]  #: [first, end) of what was here after some complete pull
    oldest_seq: int  #: the oldest record that the board had at its latest pull

    @classmethod
    def of(cls, evidence: Evidence) -> HeldLog:
        """Reads the pages."""
        next_firsts = [*(each.first_seq for each in evidence.pages[1:]), None]
        pages = tuple(_held(stored, read_page(stored.data, evidence.keys), next_first)
                      for stored, next_first in zip(evidence.pages, next_firsts, strict=False))
        sound = [held.reading.records for held in pages if held.reading.state in (OPEN, SEALED, UNKEYED)
                 and held.reading.place == (evidence.log_id, held.first)]
        notes = [(record.kind, record.fields["first_seq"], record.fields["last_seq"] + 1,
                  holds(evidence.claimed, record.seq))
                 for records in sound for record in records if record.kind in (LOST, SKIPPED)]
        lost = max((end for kind, _, end, _ in notes if kind == LOST), default=0)
        skipped, claimed = (merge((first, end) for kind, first, end, of_a_file in notes
                                  if kind == SKIPPED and of_a_file == which) for which in (False, True))
        return cls(
            evidence, pages,
            [(0, lost)] if lost else [],  # the ring gives up its oldest page first
            [(first, end) for kind, first, end, _ in notes if kind == SKIPPED],
            skipped, claimed, merge(evidence.reached),
            max((oldest for oldest, _ in evidence.reached), default=0))

    @cached_property
    def by_first(self) -> dict[int, HeldPage]:
        """The pages by their first record."""
        return {held.first: held for held in self.pages}

    @cached_property
    def before(self) -> dict[int, HeldPage]:
        """The page before each page but the first, by that page's first record."""
        return {after.first: before for before, after in pairwise(self.pages)}

    @property
    def end(self) -> int:
        """Right behind the last record that is held and can be read; 0 without pages."""
        if not self.pages:
            return 0
        last = self.pages[-1]
        return last.first + len(last.reading.records) if last.end is None else last.end


def _held(stored: StoredPage, reading: Reading, next_first: int | None) -> HeldPage:
    first = stored.first_seq
    if reading.state == UNREAD:
        end = first + stored.records if stored.records else None
    else:
        end = None if reading.state == BAD else first + len(reading.records)
    return HeldPage(stored, reading, first, end, next_first)
