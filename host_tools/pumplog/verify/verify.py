"""Proves a stored log complete and untouched up to the end that its board attested, or names what not.

What holds it together: each record's own check, each page's check sum and seal, in each seal the first
bytes of the seal before it, the log's own notes of what its ring gave up (LOST) and of numbers that no
record has (SKIPPED), and the board's word, under its key, on where the log ended at each pull. What was
once held is known from the journal of pulls. Pure: bytes, rows and keys in, findings out.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pumpwire import decoding, page
from pumpwire.errors import WireError
from pumpwire.records import LOST, SKIPPED

from ..intervals import intersect, merge, subtract
from ..quantities import hex_id
from ..store import Attestation, Quarantined, Store, StoredPage
from ..store.page_reading import (
    BAD,
    OPEN,
    SEALED,
    UNKEYED,
    UNREAD,
    UNVERIFIED,
    Keyring,
    Reading,
    read_page,
)
from .findings import BROKEN, Finding, merged
from .rows import Held, Rows, altered_rows


@dataclass(frozen=True)
class Evidence:
    """All that a store holds of one log. rows(first, last): the decoded records between; reached:
    (oldest seq of the board, next_seq) of each complete pull; quarantined: (first_seq, reason)."""

    log_id: int
    pages: list[StoredPage]
    keys: Keyring
    rows: Callable[[int, int], Rows]
    attestations: list[Attestation]
    reached: list[tuple[int, int]]
    quarantined: list[Quarantined]

    @classmethod
    def of(cls, store: Store, log_id: int, board: str | None) -> Evidence:
        """Takes what the store holds."""
        return cls(log_id, list(store.pages.of(log_id)), store.keys.ring(board),
                   lambda first, last: store.records.rows(log_id, first, last),
                   store.attestations.of(log_id), store.pulls.reached(log_id),
                   store.pages.quarantined(log_id))


@dataclass(frozen=True)
class Report:
    """What came of it. oldest_seq, end_seq: of what is held, end_seq the one that would come next;
    attested: the last attestation that holds, and its fields; pages, sealed: counts."""

    log_id: int
    oldest_seq: int
    end_seq: int
    pages: int
    sealed: int
    attested: tuple[Attestation, dict[str, Any]] | None
    findings: list[Finding]

    @property
    def exit_code(self) -> int:
        """0: proven; 1: partly; 4: something is not as the board wrote it."""
        return max((one.weight for one in self.findings), default=0)


def verify_log(evidence: Evidence) -> Report:
    """Judges one log; a log without any page gives an empty report."""
    return _Verdict(evidence).report()


class _Verdict:
    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._found: list[Finding] = []
        readings = [(one, read_page(one.data, evidence.keys)) for one in evidence.pages]
        tills = [*(one.first_seq for one in evidence.pages[1:]), None][: len(readings)]
        self._held = [
            Held(one, reading, one.first_seq, self._end(one, reading), till)
            for (one, reading), till in zip(readings, tills, strict=True)
        ]
        self._by_first = {one.first: one for one in self._held}
        self._before = {after.first: before for before, after in pairwise(self._held)}
        self._attested: list[tuple[Attestation, dict[str, Any]]] = []
        self._cuts: dict[int, int] = {}  # page that is held shorter than attested: the next_seq then
        sound = [one.reading.records for one in self._held
                 if one.reading.state in (OPEN, SEALED, UNKEYED) and self._in_place(one)]
        notes = [(record.kind, record.fields["first_seq"], record.fields["last_seq"] + 1)
                 for records in sound for record in records if record.kind in (LOST, SKIPPED)]
        lost = max((end for kind, _, end in notes if kind == LOST), default=0)
        self._lost = [(0, lost)] if lost else []  # the ring gives up its oldest page first
        self._skipped = merge((first, end) for kind, first, end in notes if kind == SKIPPED)
        self._reached = merge(evidence.reached)
        self._oldest = max((oldest for oldest, _ in evidence.reached), default=0)

    def report(self) -> Report:
        """Judges everything, in the order in which one fault explains the next."""
        held = self._held
        for one in held:
            self._page(one)
        self._attestations()
        if held:
            self._hole(0, held[0].first, None)
        for before, after in pairwise(held):
            self._follows(before, after)
        end = self._tail()
        named = {one.first for one in held if self._broken(one.first)}
        self._found += altered_rows(held, named, self._evidence.rows)
        for first_seq, reason in self._evidence.quarantined:
            if not self._broken(first_seq):
                self._find("quarantine", first_seq, self._last_of(first_seq), reason, first_seq)
        return Report(
            self._evidence.log_id, held[0].first if held else 0, end, len(held),
            sum(one.reading.state == SEALED for one in held),
            self._attested[-1] if self._attested else None, merged(self._found))

    # ---- one page

    def _find(self, kind: str, first: int, last: int | None, why: str, *pages: int) -> None:
        self._found.append(Finding(kind, first, last, why, pages))

    def _page_finding(self, kind: str, one: Held, why: str) -> None:
        self._find(kind, one.first, one.last, why, one.first)

    def _broken(self, first_seq: int) -> bool:
        return any(found.weight == BROKEN and first_seq in found.pages for found in self._found)

    def _last_of(self, first_seq: int) -> int | None:
        one = self._by_first.get(first_seq)
        return one.last if one else first_seq

    def _in_place(self, one: Held) -> bool:
        return one.reading.place == (self._evidence.log_id, one.first)

    @staticmethod
    def _end(one: StoredPage, reading: Reading) -> int | None:
        if reading.state == UNREAD:
            return one.first_seq + one.records if one.records else None
        return None if reading.state == BAD else one.first_seq + len(reading.records)

    def _page(self, one: Held) -> None:
        reading, place = one.reading, one.reading.place
        if place is not None and not self._in_place(one):
            if place[0] == self._evidence.log_id:
                self._page_finding("swapped", one, f"the page from record {place[1]}")
            else:
                self._page_finding("foreign", one, f"log {hex_id(place[0])}, from record {place[1]}")
        elif reading.state == UNREAD:
            self._page_finding("unread", one, f"format version {reading.version}, this pumplog reads"
                                              f" {page.VERSION}")
        elif reading.state == UNVERIFIED:
            self._page_finding("unverified", one, f"key {reading.footer.key_id:04x}")
        elif reading.state == BAD:
            kind = "wrong_key" if reading.unusable and reading.footer else "altered"
            self._page_finding(kind, one, reading.error or "")
        elif reading.state == UNKEYED:
            self._unkeyed(one)
        elif reading.state == OPEN and reading.kept != len(one.page.data):
            self._page_finding("altered", one, "bytes behind its last record")

    def _unkeyed(self, one: Held) -> None:
        if any(other.reading.state == SEALED for other in self._held if other.first < one.first):
            self._page_finding("wrong_key", one, "it has none, though earlier pages have one")
        else:
            self._page_finding("unkeyed", one, "page closed without a seal")

    # ---- what the board attested

    def _attestations(self) -> None:
        for one in self._evidence.attestations:
            try:
                told = decoding.read_attestation(one.said)
            except WireError as error:
                self._find("denied", 0, None, str(error))
                continue
            known = self._evidence.keys.named(told["key_id"])
            if told["key_id"] == 0 or not known:
                continue
            if told["log_id"] != self._evidence.log_id:
                self._find("denied", 0, None, f"it is of log {hex_id(told['log_id'])}")
            elif not any(decoding.attested(one.said, key, one.nonce) for key in known):
                self._find("denied", told["next_seq"], None, "it is not made under the board's key")
            else:
                self._attested.append((one, told))
                self._fits(told)
        for first_seq, end in self._cuts.items():
            begin = first_seq + len(self._by_first[first_seq].reading.records)
            self._find("cut", begin, end - 1, "the board attested more", first_seq)

    def _fits(self, told: dict[str, Any]) -> None:
        """Holds the open page of that time against what the board said of it."""
        one = self._by_first.get(told["first_seq"])
        if one is None or self._broken(one.first) or one.reading.state in (UNREAD, BAD):
            return  # a hole, or named already
        data, used, next_seq = one.page.data, told["used"], told["next_seq"]
        if len(data) < used:
            self._cuts[one.first] = max(next_seq, self._cuts.get(one.first, 0))
        elif binascii.crc32(data[:used]) != told["crc"]:
            self._page_finding("altered", one, "not what the board attested")
        elif one.first + decoding.count_records(data[:used], page.read_header(data))[0] != next_seq:
            self._page_finding("altered", one, f"the board attested what comes before {next_seq}")
        before = self._before.get(one.first)
        if before and before.reading.closed and before.end == one.first and not (
                self._broken(before.first)) and told["previous"] != _link(before):
            self._page_finding("unchained", one, "by the board's word another page comes before it")

    def _proven_open(self, one: Held) -> bool:
        """Returns whether the board attested an open page just as it is held."""
        return any((told["first_seq"], told["used"]) == (one.first, len(one.page.data))
                   for _, told in self._attested) and not self._broken(one.first)

    # ---- one page after the other

    def _follows(self, before: Held, after: Held) -> None:
        end = before.end
        if end is not None and end > after.first:
            self._find("altered", after.first, end - 1, "two pages hold these numbers", before.first,
                       after.first)
            return
        if end is not None and end < after.first:
            self._hole(end, after.first, before)
        elif before.reading.state == OPEN and not self._proven_open(before):
            waits = after is self._held[-1] and after.reading.state == OPEN
            self._page_finding("unsealed" if waits else "seal_gone", before,
                               "its page was pulled before it was sealed" if waits else "no seal")
        elif (before.reading.closed and after.reading.closed and end == after.first
                and after.reading.footer.previous != _link(before)
                and not self._broken(before.first) and not self._broken(after.first)):
            self._page_finding("unchained", after, "it names another seal")

    def _hole(self, first: int, end: int, before: Held | None) -> None:
        """Explains the records [first, end) that no page has, as far as the log itself can."""
        left = subtract([(first, end)], self._skipped)
        gone = intersect(left, self._reached)
        for a, b in gone:
            self._missing(a, b, before, "they were here after an earlier pull")
        left = subtract(left, gone)
        given_up = intersect(left, self._lost)
        unnoted = intersect(subtract(left, given_up), [(0, self._oldest)] if self._oldest else [])
        for a, b in subtract(subtract(left, given_up), unnoted):
            self._missing(a, b, before, "nothing in the log says why")
        if self._held and end == self._held[0].first:
            return  # before the first pull: what is held begins here
        for pieces, why in ((given_up, "the log says so"), (unnoted, "by the board's status then")):
            for a, b in pieces:
                self._find("given_up", a, b - 1, why)
        if before and before.reading.state == OPEN and (given_up or unnoted) and (
                not self._proven_open(before)):
            self._page_finding("unsealed", before, "the ring gave its page up before the next pull")

    def _missing(self, first: int, end: int, before: Held | None, why: str) -> None:
        named = merge((found.first, (found.last or 0) + 1) for found in self._found
                      if found.kind in ("cut", "missing"))
        for a, b in subtract([(first, end)], named):
            cut = before is not None and before.reading.state == OPEN and before.end == a
            self._find("cut" if cut else "missing", a, b - 1, why,
                       *((before.first,) if cut and before else ()))

    def _tail(self) -> int:
        """Holds the end of what is held against the head attested; returns that end."""
        last = self._held[-1] if self._held else None
        end = 0
        if last:
            end = last.first + len(last.reading.records) if last.end is None else last.end
        head = max((told["next_seq"] for _, told in self._attested), default=None)
        reached = max((end for _, end in self._evidence.reached), default=0)
        should = max(head or 0, reached)
        broken = last is not None and self._broken(last.first)
        if end < should and not (broken and last and last.end is None):
            why = "the board attested them" if head == should else "they were here after an earlier pull"
            self._missing(end, should, last, why)
        if broken:
            return end
        if head is None and last:
            first = last.first if last.reading.state == OPEN else end
            self._find("unattested", first, None, self._why_unattested())
        elif head is not None and end > head:
            self._find("unattested", head, end - 1, "they came by a pull that broke off, or an image")
        return end

    def _why_unattested(self) -> str:
        if not self._evidence.attestations:
            return "no pull ended with the board's word"
        return "the board's word is under no key that this store has"


def _link(one: Held) -> bytes:
    return bytes(one.reading.footer.seal[: page.PREVIOUS_BYTES])
