"""Judges each held page by itself: its place, its format, its check sums, its seal."""

from __future__ import annotations

from collections.abc import Iterator

from pumpwire import page

from ..quantities import hex_id
from ..store import BAD, OPEN, SEALED, UNKEYED, UNREAD, UNVERIFIED
from .evidence import HeldLog, HeldPage
from .findings import Finding

Fault = tuple[str, str]  # kind, why


def check_pages(log: HeldLog) -> Iterator[Finding]:
    """Yields what is wrong with each page, or not proven of it."""
    sealed_before = False
    for held in log.pages:
        fault = _misplaced(log.evidence.log_id, held) or _fault(held, sealed_before)
        if fault:
            yield Finding(fault[0], held.first, held.last, fault[1], (held.first,))
        sealed_before = sealed_before or held.reading.state == SEALED


def _misplaced(log_id: int, held: HeldPage) -> Fault | None:
    place = held.reading.place
    if place is None or place == (log_id, held.first):
        return None
    if place[0] == log_id:
        return "swapped", f"the page from record {place[1]}"
    return "foreign", f"log {hex_id(place[0])}, from record {place[1]}"


def _fault(held: HeldPage, sealed_before: bool) -> Fault | None:
    reading = held.reading
    if reading.state == UNREAD:
        return "unread", f"format version {reading.version}, this pumplog reads {page.VERSION}"
    if reading.state == UNVERIFIED:
        return "unverified", f"key {reading.footer.key_id:04x}"
    if reading.state == BAD:
        kind = "wrong_key" if reading.unusable and reading.footer else "altered"
        return kind, reading.error or ""
    if reading.state == UNKEYED and sealed_before:
        return "wrong_key", "it has none, though earlier pages have a seal"
    if reading.state == UNKEYED:
        return "unkeyed", "page closed without a seal"
    if reading.state == OPEN and reading.kept != len(held.page.data):
        return "altered", "bytes behind its last record"
    return None
