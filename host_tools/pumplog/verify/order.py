"""Judges the pages one after the other: what is between them, and where they end."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..intervals import Interval, intersect, merge, subtract
from ..store import OPEN, memory_failed
from .attested import Attested
from .evidence import HeldLog, HeldPage
from .findings import Found


@dataclass(frozen=True)
class Hole:
    """Records that no page has, by what the log says of them; each list is of [first, end)."""

    gone: list[Interval]  #: they were here after an earlier pull
    unexplained: list[Interval]  #: nothing in the log says why they are not here
    given_up: list[Interval]  #: the log notes that the ring gave them up
    unnoted: list[Interval]  #: the board no longer had them, by its status, and no note is here
    decayed: list[Interval]  #: the log skips them, for the board could not read its own flash there

    @classmethod
    def of(cls, log: HeldLog, first: int, end: int, before: HeldPage | None = None) -> Hole:
        """Explains the records [first, end) behind the page `before` as far as the log itself can."""
        left = subtract([(first, end)], log.skipped)
        gone = intersect(left, log.reached)
        left = subtract(subtract(left, gone), log.skipped_claimed)
        given_up = intersect(left, log.lost)
        left = subtract(left, given_up)
        unnoted = intersect(left, [(0, log.oldest_seq)] if log.oldest_seq else [])
        return cls(gone, subtract(left, unnoted), given_up, unnoted, _decayed(log, first, end, before))


def _decayed(log: HeldLog, first: int, end: int, before: HeldPage | None) -> list[Interval]:
    """Returns what the log skips of [first, end) because the board's memory failed."""
    return [piece for skip in log.skips for piece in intersect([skip], [(first, end)]) if before and (
        before.first in log.evidence.outlived or memory_failed(before.page.data, skip[1] - skip[0]))]


def check_order(log: HeldLog, as_attested: Collection[int], found: Found) -> None:
    """Finds holes between pages, pages that overlap, seals that are gone or do not chain.

    as_attested: the pages (first_seq) that are held just as the board attested them.
    """
    if log.pages:
        _missing(Hole.of(log, 0, log.pages[0].first), None, found)  # what is held begins there
    for before, after in pairwise(log.pages):
        end = before.end
        if end is not None and end > after.first:
            found.add("altered", after.first, end - 1, "two pages hold these numbers", before.first,
                      after.first)
        elif end is not None and end < after.first:
            _check_hole(Hole.of(log, end, after.first, before), before, as_attested, found)
        elif _unproven(before, as_attested, found):
            waits = after is log.pages[-1] and after.reading.state == OPEN
            found.add("unsealed" if waits else "seal_gone", before.first, before.last,
                      "its page was pulled before it was sealed" if waits else "no seal", before.first)
        elif not _chained(before, after, found):
            found.add("unchained", after.first, after.last, "it names another seal", after.first)


def check_end(log: HeldLog, attested: Sequence[Attested], found: Found) -> None:
    """Holds the end of what is held against the farthest end that the board attested or a pull had."""
    last = log.pages[-1] if log.pages else None
    head = max((told["next_seq"] for _, told in attested), default=None)
    farthest = max(head or 0, max((end for _, end in log.evidence.reached), default=0))
    broken = last is not None and found.broken(last.first)
    if log.end < farthest and not (broken and last and last.end is None):
        why = "the board attested them" if head == farthest else "they were here after an earlier pull"
        _add_missing((log.end, farthest), last, why, found)
    if broken:
        return
    if head is None and last:
        first = last.first if last.reading.state == OPEN else log.end
        found.add("unattested", first, None, "the board's word is under no key that this store has"
                  if log.evidence.attestations else "no pull ended with the board's word")
    elif head is not None and log.end > head:
        found.add("unattested", head, log.end - 1, "they came by a pull that broke off, or an image")


def _unproven(held: HeldPage, as_attested: Collection[int], found: Found) -> bool:
    """Returns whether a page is open, and not just as the board attested it."""
    return held.reading.state == OPEN and (
        held.first not in as_attested or found.broken(held.first))


def _chained(before: HeldPage, after: HeldPage, found: Found) -> bool:
    """Returns whether a closed page names the seal before its own, or one of the two is broken."""
    return not (before.reading.closed and after.reading.closed and before.end == after.first) or (
        after.reading.footer.previous == before.link
        or found.broken(before.first) or found.broken(after.first))


def _check_hole(hole: Hole, before: HeldPage, as_attested: Collection[int], found: Found) -> None:
    """Finds what is missing behind a page, and why."""
    _missing(hole, before, found)
    for first, end in hole.decayed:
        found.add("decayed", first, end - 1, "the log skips them")
    for pieces, why in ((hole.given_up, "the log says so"),
                        (hole.unnoted, "by the board's status then")):
        for first, end in pieces:
            found.add("given_up", first, end - 1, why)
    if (hole.given_up or hole.unnoted) and _unproven(before, as_attested, found):
        found.add("unsealed", before.first, before.last,
                  "the ring gave its page up before the next pull", before.first)


def _missing(hole: Hole, before: HeldPage | None, found: Found) -> None:
    for piece in hole.gone:
        _add_missing(piece, before, "they were here after an earlier pull", found)
    for piece in hole.unexplained:
        _add_missing(piece, before, "nothing in the log says why", found)


def _add_missing(piece: Interval, before: HeldPage | None, why: str, found: Found) -> None:
    """Finds records missing that are not found so yet; `cut` where they belong to an open page."""
    known = merge((finding.first, (finding.last or 0) + 1) for finding in found.findings
                  if finding.kind in ("cut", "missing"))
    for first, end in subtract([piece], known):
        if before is not None and before.reading.state == OPEN and before.end == first:
            found.add("cut", first, end - 1, why, before.first)
        else:
            found.add("missing", first, end - 1, why)
