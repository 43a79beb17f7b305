"""Entries that contradict each other: both are kept, and flagged until a correction voids either.

Two computers may enter for one patient without knowing of each other until each has pulled the board
that carries both copies. Nothing here decides who is right.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from ..store import Entry
from .episodes import Episode

AROUND_MS = 30 * 60_000  # nobody hangs two bags, or prescribes twice, within half an hour
_ENDS = ("patient_end", "patient_withdraw")


@dataclass(frozen=True)
class Conflict:
    """Two standing entries that cannot both be right.

    They are in order of effect; of an entry that came from a board's log whole seconds are known.
    """

    first: Entry  #: it took effect first
    second: Entry  #: it took effect after that

    @property
    def what(self) -> str:
        """What they disagree on, in words."""
        kind = self.second.kind
        if kind in _ENDS:
            return "two ends of the stay"
        words = {"bag": "bag", "regimen": "prescription"}[kind]
        return f"two {words}s that differ" if self.first.fields != self.second.fields else (
            f"the same {words} twice")

    @property
    def words(self) -> str:
        """Who entered them, and what to do."""
        authors = " and ".join(sorted({self.first.author, self.second.author}))
        return (f"entered by {authors}: {self.what}; both are kept, but they cannot both be right."
                " Ask who entered them, and have the wrong entry corrected")


def conflicts(episode: Episode) -> list[Conflict]:
    """Returns what contradicts itself in a patient's standing entries.

    Bags within half an hour of each other, also with the same content, for another bag makes other
    figures. Prescriptions that differ, within half an hour, of two authors: an author may think again.
    More than one end of the stay.
    """
    found = [Conflict(a, b) for a, b in pairwise(episode.of_kind("bag")) if _close(a, b)]
    found += [Conflict(a, b) for a, b in pairwise(episode.of_kind("regimen"))
              if _close(a, b) and a.fields != b.fields and a.author != b.author]
    found += [Conflict(a, b) for a, b in pairwise(
        entry for entry in episode.entries if entry.kind in _ENDS)]
    return found


def _close(a: Entry, b: Entry) -> bool:
    return b.effective_at_ms - a.effective_at_ms < AROUND_MS
