"""A patient's stay: where and when, which bags and regimens were in force; from entries alone."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from .entries import Entry
from .errors import NotFound
from .observed import Observed, observe, sort
from .store import Store
from .timeline import Timeline

_FOREVER_MS = 1 << 60
MATCH_MS = 2 * 3600 * 1000  # a bag seen by weight and a bag entered within this are one


@dataclass(frozen=True)
class Stay:
    """A board claimed for [begin, end), Unix ms UTC."""

    board: str
    begin_ms: int
    end_ms: int


@dataclass(frozen=True)
class Bag:
    """A bag from at_ms on: micrograms a picolitre; None after a change that nobody entered."""

    at_ms: int
    morphine_ug_pl: Fraction | None
    bupivacaine_ug_pl: Fraction | None


@dataclass
class Episode:
    """One patient."""

    patient: str
    start_ms: int
    stays: list[Stay]
    entries: list[Entry]
    assignment: int
    bed: str | None
    simulated: bool

    @property
    def board(self) -> str:
        """The board last claimed."""
        return self.stays[-1].board

    @property
    def ended(self) -> bool:
        """Whether the last stay has an end."""
        return self.stays[-1].end_ms != _FOREVER_MS

    def bags(self, seen: Observed) -> list[Bag]:
        """Returns the bags in force, with an unknown one where weight saw a change unentered."""
        entered = [entry for entry in self.entries if entry.kind == "bag"]
        bags = [Bag(entry.effective_at_ms, _per_pl(entry, "morphine_ug"),
                    _per_pl(entry, "bupivacaine_ug")) for entry in entered]
        for at_ms in seen.bag_changes_ms:
            if all(abs(entry.effective_at_ms - at_ms) > MATCH_MS for entry in entered):
                bags.append(Bag(at_ms, None, None))
        return sorted(bags, key=lambda bag: bag.at_ms)

    def latest(self, kind: str) -> Entry | None:
        """Returns the entry of that kind in force last."""
        found = [entry for entry in self.entries if entry.kind == kind]
        return found[-1] if found else None


def _per_pl(entry: Entry, drug: str) -> Fraction:
    return Fraction(entry.fields[drug], entry.fields["volume_ul"] * 1_000_000)


def episodes(store: Store) -> dict[str, Episode]:
    """Returns every patient that was started, by code."""
    found: dict[str, Episode] = {}
    for entry in store.entries():
        _apply(found, entry)
    return found


def episode(store: Store, patient: str) -> Episode:
    """Returns one patient by code, board or bed; NotFound with the names that there are."""
    known = episodes(store)
    if patient in known:
        return known[patient]
    for one in known.values():
        if not one.ended and patient in (one.board, one.bed):
            return one
    names = ", ".join(sorted(known)) or "none yet: start one with `pumplog patient start`"
    raise NotFound(f"no patient, board or bed {patient}: known patients are {names}.")


def _apply(found: dict[str, Episode], entry: Entry) -> None:
    if entry.kind == "patient_start" and entry.board:
        stay = Stay(entry.board, entry.effective_at_ms, _FOREVER_MS)
        found.setdefault(entry.patient, Episode(
            entry.patient, entry.effective_at_ms, [stay], [], entry.assignment, entry.bed,
            entry.simulated,
        ))
    one = found.get(entry.patient)
    if one is None:
        return
    one.entries.append(entry)
    if entry.kind in ("patient_move", "patient_withdraw", "patient_end"):
        last = one.stays[-1]
        one.stays[-1] = Stay(last.board, last.begin_ms, entry.effective_at_ms)
        if entry.kind == "patient_move" and entry.board:
            one.stays.append(Stay(entry.board, entry.effective_at_ms, _FOREVER_MS))
            one.bed = entry.bed or one.bed


def overlaps(known: dict[str, Episode]) -> dict[str, str]:
    """Returns {patient: the other who claims the same board at the same time}."""
    out: dict[str, str] = {}
    stays = [(stay, one.patient) for one in known.values() for stay in one.stays]
    for stay, patient in stays:
        for other, rival in stays:
            if rival != patient and other.board == stay.board:
                if stay.begin_ms < other.end_ms and other.begin_ms < stay.end_ms:
                    out[patient] = rival
    return out


def seen_by(store: Store, one: Episode) -> Observed:
    """Returns what the boards saw of a patient during the stays."""
    seen = Observed()
    for stay in one.stays:
        for log_id, _ in store.logs(stay.board):
            timeline = Timeline(store.records(log_id, "anchor"))
            whole = Observed()
            observe(store.records(log_id, "calibration", "minute", "bolus", "demand", "pump",
                                  "boot", "bag"), timeline, whole)
            _take_stay(seen, whole, stay)
    sort(seen)
    return seen


def _take_stay(seen: Observed, whole: Observed, stay: Stay) -> None:
    begin, end = stay.begin_ms, stay.end_ms
    seen.minutes += [m for m in whole.minutes if m.end_ms > begin and m.begin_ms < end]
    seen.boluses += [b for b in whole.boluses if begin <= b.begin_ms < end]
    seen.demands += [d for d in whole.demands if begin <= d.at_ms < end]
    seen.pump += [p for p in whole.pump if p.at_ms < end]
    seen.bag_changes_ms += [at for at in whole.bag_changes_ms if begin <= at < end]
    seen.uncertainty_ppm = max(seen.uncertainty_ppm, whole.uncertainty_ppm)
    seen.clock_uncertainty_ms = max(seen.clock_uncertainty_ms, whole.clock_uncertainty_ms)
    seen.unplaced += whole.unplaced
