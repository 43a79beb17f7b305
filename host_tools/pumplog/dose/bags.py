"""Which bag hung when: what was entered, dated by what the weight saw.

An entry and a change found by weight within MATCH_MS of each other are the same bag, each entry with one
change at most. If they differ by more than the change's own uncertainty, the weight's time
holds: a bag is often entered late. A change that nobody entered leaves the drug unknown, and a
refill too. A bag that no weight saw being hung stands as entered, and is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from ..log import BagChange
from ..patients import DRUGS, Episode, bag_field
from ..store import Entry

MATCH_MS = 2 * 3600 * 1000
BY_ENTRY, BY_WEIGHT, BY_START = "entry", "weight", "start"  # what a bag's time was taken from


@dataclass(frozen=True)
class Bag:
    """A bag that hangs from a moment on, until the next bag."""

    at_ms: int  #: Unix ms UTC
    uncertainty_ms: int = 0  #: at_ms lies within so much
    #: micrograms a picolitre by drug; None or no drug: unknown
    strengths_ug_pl: Mapping[str, Fraction | None] = field(default_factory=dict)
    entry: Entry | None = None  #: what was entered; None: nobody entered it
    change: BagChange | None = None  #: what the weight saw; None: it saw nothing
    dated_by: str = BY_ENTRY  #: BY_ENTRY, BY_WEIGHT, or BY_START: taken as hung from the start
    redated_ms: int = 0  #: by how much at_ms differs from what it would have been else
    unconfirmed: bool = False  #: entered while the patient had a bag, and no weight saw the change


def bags(episode: Episode, changes: list[BagChange]) -> list[Bag]:
    """Returns a patient's bags in order of time."""
    entered = episode.of_kind("bag")
    matched = _match(entered, changes)
    dated = {id(change) for change in matched.values()}
    found = [_bag(entry, matched.get(k)) for k, entry in enumerate(entered)]
    found = [replace(bag, unconfirmed=bag.change is None and bag.at_ms > episode.start_ms + MATCH_MS)
             for bag in found]
    found += [Bag(change.at_ms, change.uncertainty_ms, change=change) for change in changes
              if id(change) not in dated]
    found.sort(key=lambda bag: bag.at_ms)
    return _from_the_start(found, episode.start_ms)


def _match(entered: list[Entry], changes: list[BagChange]) -> dict[int, BagChange]:
    """Returns {index of entry: change}: nearest pairs first, none twice."""
    pairs = sorted(
        (abs(entry.effective_at_ms - change.at_ms), k, n)
        for k, entry in enumerate(entered) for n, change in enumerate(changes)
        if abs(entry.effective_at_ms - change.at_ms) <= MATCH_MS
    )
    out: dict[int, BagChange] = {}
    taken: set[int] = set()
    for _, k, n in pairs:
        if k not in out and n not in taken:
            out[k] = changes[n]
            taken.add(n)
    return out


def _bag(entry: Entry, change: BagChange | None) -> Bag:
    bag = Bag(entry.effective_at_ms, 0, {drug: _strength(entry, drug) for drug in DRUGS}, entry, change)
    if change is None or abs(bag.at_ms - change.at_ms) <= change.uncertainty_ms:
        return bag
    return replace(bag, at_ms=change.at_ms, uncertainty_ms=change.uncertainty_ms, dated_by=BY_WEIGHT,
                   redated_ms=abs(bag.at_ms - change.at_ms))


def _strength(entry: Entry, drug: str) -> Fraction | None:
    """Returns ug/pL; None for a bag of no volume, which another host may have let through."""
    volume_ul = entry.fields["volume_ul"]
    return Fraction(entry.fields[bag_field(drug)], volume_ul * 1_000_000) if volume_ul else None


def _from_the_start(found: list[Bag], start_ms: int) -> list[Bag]:
    """The first bag, entered soon after the patient was, hung already."""
    if found and found[0].entry and start_ms < found[0].at_ms <= start_ms + MATCH_MS:
        found[0] = replace(found[0], at_ms=start_ms, uncertainty_ms=0, dated_by=BY_START,
                           redated_ms=found[0].at_ms - start_ms)
    return found
