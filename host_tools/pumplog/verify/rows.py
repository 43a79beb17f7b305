"""Holds the decoded records of a store against what its raw pages decode to now."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..intervals import Interval, merge, subtract
from ..store import StoredPage, row_of
from ..store.page_reading import OPEN, UNREAD, UNVERIFIED, Reading
from .findings import Finding

Rows = dict[int, tuple[str, int, int, str]]
_NO_MORE = 1 << 33  # beyond every sequence number


@dataclass
class Held:
    """A page, what it says, and what it covers: [first, end); end None where that cannot be counted."""

    page: StoredPage
    reading: Reading
    first: int
    end: int | None
    till: int | None  # the next page's first, None for the last page

    @property
    def last(self) -> int | None:
        """The last record that the page has, or must be taken to have had."""
        end = self.till if self.end is None else self.end
        return None if end is None else max(self.first, end - 1)


def altered_rows(
    held: list[Held], named: set[int], rows: Callable[[int, int], Rows]
) -> Iterator[Finding]:
    """Yields a finding for each stretch of records that are not there, changed, or of no page.

    named: first_seq of pages that are known to be broken; rows(first, last): the decoded records.
    """
    strange = {one.till for one in held if one.reading.state == UNVERIFIED}
    for one in held:
        if one.reading.state != UNREAD and one.first not in named:
            yield from _in_page(one, rows, one.first in strange)
    for a, b in subtract([(0, _NO_MORE)], merge(_span(one) for one in held)):
        for first, end in merge((seq, seq + 1) for seq in rows(a, b - 1)):
            yield Finding("rows", first, end - 1, "their page is not here")


def _span(one: Held) -> Interval:
    if one.end is not None:
        return one.first, one.end
    return one.first, _NO_MORE if one.till is None else one.till


def _in_page(one: Held, rows: Callable[[int, int], Rows], strange: bool) -> Iterator[Finding]:
    reading = one.reading
    expected = {} if reading.unusable else {record.seq: row_of(record) for record in reading.records}
    stored = rows(one.first, _span(one)[1] - 1)
    if not stored and strange and reading.state == OPEN:
        return  # it follows a page under an unknown key, and is not used either
    wrong = [seq for seq in expected.keys() | stored.keys()
             if not _same(expected.get(seq), stored.get(seq))]
    for a, b in merge((seq, seq + 1) for seq in wrong):
        absent = all(seq not in stored for seq in range(a, b))
        extra = all(seq not in expected for seq in range(a, b))
        yield Finding("rows", a, b - 1,
                      "not there" if absent else "not in the page" if extra else "changed", (one.first,))


def _same(expected: tuple[Any, ...] | None, stored: tuple[Any, ...] | None) -> bool:
    if expected is None or stored is None or expected[:3] != stored[:3]:
        return False
    try:
        return bool(json.loads(expected[3]) == json.loads(stored[3]))
    except ValueError:
        return False
