"""Which bag hung when: what was entered, dated by what the weight saw.

An entry and a change seen by weight within MATCH_MS of each other are the same bag, each entry with
one change at most; if they differ by more than the change's own uncertainty, the weight's time
holds: a bag is often entered late. A change that nobody entered leaves the drug unknown, and a
refill too. A bag that no weight saw being hung stands as entered, and is told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from ..log import BagChange
from ..patients.episodes import Episode
from ..store import Entry

MATCH_MS = 2 * 3600 * 1000
_TOLD_MIN = 2  # a bag dated by so many minutes otherwise than it was entered is told
UNCONFIRMED = "a bag was entered that no weight confirms: check whose it is"


@dataclass(frozen=True)
class Bag:
    """A bag from at_ms on, give or take uncertainty_ms: micrograms a picolitre. entry: None after a
    change that nobody entered; change: None where no weight saw it."""

    at_ms: int
    uncertainty_ms: int = 0
    morphine_ug_pl: Fraction | None = None
    bupivacaine_ug_pl: Fraction | None = None
    entry: Entry | None = None
    change: BagChange | None = None
    note: str | None = None


def bags(one: Episode, changes: list[BagChange]) -> list[Bag]:
    """Returns a patient's bags in order of time."""
    entered = one.of_kind("bag")
    matched = _match(entered, changes)
    dated = {id(change) for change in matched.values()}
    found = [_bag(entry, matched.get(k)) for k, entry in enumerate(entered)]
    found = [replace(bag, note=UNCONFIRMED)
             if bag.change is None and bag.at_ms > one.start_ms + MATCH_MS else bag for bag in found]
    found += [Bag(change.at_ms, change.uncertainty_ms, change=change) for change in changes
              if id(change) not in dated]
    found.sort(key=lambda bag: bag.at_ms)
    return _from_the_start(found, one.start_ms)


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
    morphine, bupivacaine = (_strength(entry, drug) for drug in ("morphine_ug", "bupivacaine_ug"))
    at_ms, uncertainty_ms, note = entry.effective_at_ms, 0, None
    if change is not None and abs(at_ms - change.at_ms) > change.uncertainty_ms:
        minutes = abs(at_ms - change.at_ms) // 60_000
        note = f"bag dated by weight, {minutes} min from its entry" if minutes >= _TOLD_MIN else None
        at_ms, uncertainty_ms = change.at_ms, change.uncertainty_ms
    return Bag(at_ms, uncertainty_ms, morphine, bupivacaine, entry, change, note)


def _strength(entry: Entry, drug: str) -> Fraction | None:
    """Returns ug/pL; None for a bag of no volume, which another host may have let through."""
    volume_ul = entry.fields["volume_ul"]
    return Fraction(entry.fields[drug], volume_ul * 1_000_000) if volume_ul else None


def _from_the_start(found: list[Bag], start_ms: int) -> list[Bag]:
    """The first bag, entered soon after the patient was, hung already."""
    if found and found[0].entry and start_ms < found[0].at_ms <= start_ms + MATCH_MS:
        first = found[0]
        late_s = (first.at_ms - start_ms) // 1000
        note = f"first bag, entered {late_s} s after the start, taken as hung from the start"
        found[0] = replace(first, at_ms=start_ms, uncertainty_ms=0, note=note)
    return found
