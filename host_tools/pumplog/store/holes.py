"""What a store lacks of a log: the holes between its pages, and from where on a board is to be asked."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from pumpwire.units import PAGE_BYTES

from .page_states import BAD, DECAYED, OPEN, SEALED, UNREAD
from .pages import Pages, PageSpan
from .pulls import Pulls
from .records import Records, without


class Hole(NamedTuple):
    """A stretch of a log's numbers whose records nobody has, as far as there were any."""

    first: int  #: seq of its first record
    last: int  #: seq of its last record
    memory_failed: bool = False  #: the log skips it, for the board could not read its own flash there


class Holes:
    """Joins pages, records and pulls; nothing is stored here."""

    def __init__(self, pages: Pages, records: Records, pulls: Pulls) -> None:
        self._pages, self._records, self._pulls = pages, records, pulls

    def of(self, log_id: int) -> list[Hole]:
        """Returns the stretches between the pages held, but for those of which the log itself says that
        no record ever had their numbers."""
        spans = list(self._pages.spans(log_id))
        return sorted([*self._unexplained(log_id, spans), *self._failed(log_id, spans)])

    def not_told(self, log_id: int, by_link: bool = True) -> list[Hole]:
        """Returns the holes that no complete pull has told yet.

        by_link False: but for what a pull by a link found that broke off.
        """
        told_to = self._pulls.told_to(log_id)
        holes = [hole for hole in self.of(log_id) if hole.last >= told_to]
        if by_link:
            return holes
        behind = [(hole, self._pages.held(log_id, hole.last + 1)) for hole in holes]
        return [hole for hole, held in behind if not held or not held["linked"]]

    def next_seq_wanted(self, log_id: int, oldest_seq: int | None = None) -> int:
        """Returns from which record on to ask a board whose oldest record is oldest_seq, None if that
        is not known.

        The board answers from right behind the record before that record. A page that was pulled before
        it had its footer is asked for from its own end on, but not what outlived the board's own copy. A
        hole that the board cannot fill is not asked for again. What only a file said is asked for as if
        it were not here.
        """
        spans = [span for span in self._pages.spans(log_id) if not span.of_a_file]
        first = spans[0].first_seq if spans else 0
        if oldest_seq is not None and oldest_seq < first and any(
                begin <= oldest_seq < end for begin, end in self._pulls.reached(log_id)):
            return oldest_seq  # it was here, and is not here now: `verify` says so too
        oldest_seq = oldest_seq or 0
        outlived = self.outlived(log_id)
        waiting = [span for span in spans[:-2] if span.state == OPEN] + spans[-2:]
        ends = [span.end for span in waiting if span.length < PAGE_BYTES and span.end > oldest_seq
                and span.first_seq not in outlived]
        claimed = [self._linked_end(log_id, span.first_seq) for span in spans
                   if span.linked < span.length and span.state != SEALED and span.end > oldest_seq]
        return min([self._reached(log_id, spans, oldest_seq), *ends, *claimed])

    def to_repair(self, log_id: int, oldest_seq: int) -> list[tuple[int, int]]:
        """Returns the (first, last) of records that came damaged, or did not come, though the board has
        records from oldest_seq on; the newest first. Only where the board has a key: without a seal
        nothing tells which of two is right."""
        if not self._pages.proves_some(log_id):
            return []
        spans = [span for span in self._pages.spans(log_id) if not span.of_a_file]
        bad = [(span.first_seq, max(span.first_seq, after.first_seq - 1))
               for span, after in pairwise(spans) if span.state == BAD]
        lost = [(first, last) for first, last, _ in self._unexplained(log_id, spans)
                if self._known_lost(log_id, first, spans)]
        return sorted(((first, last) for first, last in {*bad, *lost} if first >= oldest_seq),
                      reverse=True)

    def next_seq_reached(self, log_id: int, oldest_seq: int = 0) -> int:
        """Returns the first record that this store lacks and that the board may have."""
        return self._reached(log_id, list(self._pages.spans(log_id)), oldest_seq)

    def _reached(self, log_id: int, spans: list[PageSpan], oldest_seq: int) -> int:
        for first, last, _ in self._unexplained(log_id, spans):
            if last >= oldest_seq and not self._known_lost(log_id, first, spans):
                return max(first, oldest_seq)
        return max((span.end for span in spans), default=0)

    def _unexplained(self, log_id: int, spans: list[PageSpan]) -> list[Hole]:
        """Returns the holes of which the log does not say that it skipped their numbers."""
        holes = _between(spans)
        skips = self._skips(log_id, spans) if holes else []
        return [Hole(first, last) for _, first, last in holes
                if not any(begin <= first and last <= end for begin, end in skips)]

    def _failed(self, log_id: int, spans: list[PageSpan]) -> list[Hole]:
        """Returns the holes whose numbers the log skips because the board's memory failed."""
        from .page_reading import memory_failed

        found = []
        outlived = self.outlived(log_id)
        for before, first, last in _between(spans):
            for begin, end in self._skips(log_id, spans):
                held = self._pages.held(log_id, before.first_seq)
                if begin <= first and last <= end and (
                        before.first_seq in outlived
                        or held and memory_failed(held["data"], end - begin + 1)):
                    found.append(Hole(first, last, True))
                    break
        return found

    def _skips(self, log_id: int, spans: list[PageSpan]) -> list[tuple[int, int]]:
        """Returns (first, last seq) of each stretch that the log says it skipped. Beside what the board
        sent or sealed, a file's word on that hides nothing."""
        claimed = self._pages.claimed(log_id) if any(not span.of_a_file for span in spans) else []
        return [(record.fields["first_seq"], record.fields["last_seq"])
                for record in without(self._records.of(log_id, "skipped"), claimed)]

    def outlived(self, log_id: int) -> set[int]:
        """Returns the pages (first_seq) of which more is here than the board can still read."""
        return {each.first_seq for each in self._pages.quarantined(log_id) if each.reason == DECAYED}

    def _linked_end(self, log_id: int, first_seq: int) -> int:
        """Returns right behind the last record of a page that the board itself sent."""
        from .page_reading import records_within

        held = self._pages.held(log_id, first_seq)
        return first_seq + (records_within(held["data"][: held["linked"]]) if held else 0)

    def _known_lost(self, log_id: int, first: int, spans: list[PageSpan]) -> bool:
        """Returns whether a hole is the end of a bad page, or outlasted a complete pull while the
        board had later records: its page is gone there."""
        before = [span.state for span in spans if span.first_seq <= first][-1:]
        return before == [BAD] or self._pulls.stopped_at(log_id, first)


def _between(spans: list[PageSpan]) -> list[tuple[PageSpan, int, int]]:
    """Returns (the page before, first, last seq) of each stretch between pages."""
    out = []
    for before, after in pairwise(spans):
        uncounted = before.state == UNREAD and not before.records and before.length == PAGE_BYTES
        if before.end < after.first_seq and not uncounted:
            out.append((before, before.end, after.first_seq - 1))
    return out
