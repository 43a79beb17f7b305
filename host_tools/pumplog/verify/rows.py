"""Holds the decoded records of a store against what its raw pages decode to now."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ..intervals import merge, subtract
from ..store import OPEN, UNREAD, UNVERIFIED, RecordRow, row_of
from .evidence import NO_MORE, Evidence, HeldLog, HeldPage
from .findings import Finding, Found


def check_rows(log: HeldLog, found: Found) -> Iterator[Finding]:
    """Yields a finding for each stretch of records that are not there, changed, or of no page.

    Pages that are known to be broken are left out, and those that are not read.
    """
    after_unverified = {held.next_first for held in log.pages if held.reading.state == UNVERIFIED}
    for held in log.pages:
        if held.reading.state != UNREAD and not found.broken(held.first):
            yield from _in_page(held, log.evidence, held.first in after_unverified)
    for first, end in subtract([(0, NO_MORE)], merge(held.span for held in log.pages)):
        for a, b in merge((seq, seq + 1) for seq in log.evidence.rows(first, end - 1)):
            yield Finding("rows", a, b - 1, "their page is not here")


def _in_page(held: HeldPage, evidence: Evidence, after_unverified: bool) -> Iterator[Finding]:
    reading = held.reading
    expected = {} if reading.unusable else {record.seq: row_of(record) for record in reading.records}
    stored = evidence.rows(held.first, held.span[1] - 1)
    if not stored and after_unverified and reading.state == OPEN:
        return  # it follows a page under an unknown key, and is not used either
    wrong = [seq for seq in expected.keys() | stored.keys()
             if not _same(expected.get(seq), stored.get(seq))]
    for a, b in merge((seq, seq + 1) for seq in wrong):
        absent = all(seq not in stored for seq in range(a, b))
        extra = all(seq not in expected for seq in range(a, b))
        yield Finding("rows", a, b - 1,
                      "not there" if absent else "not in the page" if extra else "changed",
                      (held.first,))


def _same(expected: RecordRow | None, stored: RecordRow | None) -> bool:
    """Returns whether a stored row is what its page says now; it may lack fields at the end that are 0,
    which its kind may have gained since it was decoded."""
    if expected is None or stored is None or expected[:3] != stored[:3]:
        return False
    try:
        now, kept = json.loads(expected[3]), json.loads(stored[3])
    except ValueError:
        return False
    if not isinstance(kept, dict):
        return False
    lacking = dict(list(now.items())[len(kept):])
    return bool(kept | lacking == now) and not any(lacking.values())
