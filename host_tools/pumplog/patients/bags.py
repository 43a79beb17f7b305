"""Bags as they are entered: what was mixed, how strong that is, and which bags a patient had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..errors import UsageError
from ..moments import since_text
from ..quantities import MASS_UG, VOLUME_UL, parse, show, show_age
from ..store import Entry, Store
from .contradictions import AROUND_MS
from .drugs import DRUGS, bag_field
from .entering import (
    Authorship,
    Change,
    changed_twofold,
    entered_by,
    entry_json,
    holds_from,
    new_entry,
)
from .episodes import Episode
from .roster import current_episode, named_or_current

_DAY_MS = 86_400_000


@dataclass(frozen=True)
class NewBag:
    """A bag that may be entered, for a person to look at first."""

    entry: Entry  #: not stored yet
    patient: Episode  #: whose bag it is, before it hangs
    changes: tuple[Change, ...]  #: strengths in mg/mL that change twofold, and want confirming
    ahead_ms: int = 0  #: by how much the bag before is dated ahead of this computer's clock, if by a day
    twin: Entry | None = None  #: a bag that was entered already, within half an hour of this one

    def to_text(self) -> str:
        """Returns patient, board and bed; mg a bag, mg/mL, and the mg/day to expect of each drug."""
        return "\n".join([*holds_from(self.entry), self.patient.heading, *self._strengths()])

    def _strengths(self) -> list[str]:
        fields = self.entry.fields
        regimen = self.patient.in_force("regimen", self.entry.effective_at_ms)
        lines = []
        for drug in DRUGS:
            ug = fields[bag_field(drug)]
            if not ug:
                lines.append(f"  {drug}: none in this bag")
                continue
            strength = _strength(fields, drug) or Fraction(0)  # its volume was checked as it was typed
            line = (f"  {drug}: {show(Fraction(ug, 1000))} mg in"
                    f" {show(Fraction(fields['volume_ul'], 1000))} mL = {show(strength)} mg/mL")
            if regimen:
                daily_ml = Fraction(regimen.fields["rate_ul_h"] * 24, 1000)
                line += f", {show(daily_ml * strength)} mg/day expected, boluses apart"
            lines.append(line)
        if not regimen:
            lines.append("  no regimen was entered: mg/day cannot be expected")
        return lines


@dataclass(frozen=True)
class PatientBags:
    """The bags that a patient had."""

    patient: Episode  #: whose
    bags: tuple[Entry, ...]  #: in order of effect

    def to_json(self) -> list[dict[str, Any]]:
        """Returns an object for each bag."""
        return [entry_json(bag) for bag in self.bags]

    def to_text(self) -> str:
        """Returns a heading, and a line for each bag."""
        if not self.bags:
            return f"{self.patient.heading}: no bag was entered, milligrams are unknown"
        return "\n".join([self.patient.heading, *(
            f"    since {since_text(bag.effective_at_ms)}: {_contents(bag.fields)}; {entered_by(bag)}"
            for bag in self.bags)])


def new_bag(
    store: Store, name: str, masses: Mapping[str, str | None], volume: str | None, by: Authorship,
) -> NewBag:
    """Returns the bag that is to hang at a patient, nothing stored yet.

    masses: {drug: amount in the whole bag, such as "110 mg", or "none"}; volume: such as "250 mL".
    NotFoundError without such a patient; UsageError if something is missing or in doubt.
    """
    patient = current_episode(store, name)
    fields = {bag_field(drug): _mass_ug(masses.get(drug), f"--{drug}") for drug in DRUGS}
    fields["volume_ul"] = parse(volume, "--volume", VOLUME_UL)
    entry = new_entry(by, "bag", patient.patient, patient.board, patient.assignment, fields)
    last = patient.latest("bag")
    ahead_ms = last.effective_at_ms - entry.entered_at_ms if last and not last.simulated else 0
    return NewBag(entry, patient, tuple(_changes(last, fields)), ahead_ms if ahead_ms > _DAY_MS else 0,
                  _twin(patient, entry))


def unconfirmed(change: Change) -> UsageError:
    """Returns why a bag whose strength changes twofold is not entered."""
    return UsageError(f"{change.what} would change from {show(change.before)} to {show(change.after)}"
                      f" {change.unit}, twofold or more",
                      "check the bag; if it is meant, add --confirm")


def dated_ahead(bag: NewBag) -> UsageError:
    """Returns why a bag is not entered while the bag before is dated a day ahead, or more."""
    return UsageError(f"the bag before is dated {show_age(-bag.ahead_ms)}",
                      "set the clock right that is wrong; if this computer's is right, add --confirm")


def entered_already(twin: Entry) -> UsageError:
    """Returns why a bag is not entered where a bag was entered for the same half hour."""
    return UsageError(f"a bag was entered already, by {twin.author}, that hangs since"
                      f" {since_text(twin.effective_at_ms)}",
                      "do not enter it twice; if another bag hangs now, add --confirm")


def bags_of(store: Store, name: str | None) -> list[PatientBags]:
    """Returns the bags of one patient, or without a name of everybody whose stay goes on."""
    return [PatientBags(patient, tuple(patient.of_kind("bag")))
            for patient in named_or_current(store, name)]


def _mass_ug(text: str | None, option: str) -> int:
    return 0 if text == "none" else parse(text, option, MASS_UG)


def _twin(patient: Episode, entry: Entry) -> Entry | None:
    """Returns the bag, by whoever, that would contradict a new entry."""
    return next((bag for bag in reversed(patient.of_kind("bag"))
                 if abs(bag.effective_at_ms - entry.effective_at_ms) < AROUND_MS), None)


def _changes(last: Entry | None, fields: dict[str, int]) -> list[Change]:
    if last is None:
        return []
    strengths = [(drug, _strength(last.fields, drug), _strength(fields, drug)) for drug in DRUGS]
    return [change for drug, before, after in strengths if before is not None and after is not None
            for change in changed_twofold(drug, before, after, "mg/mL")]


def _strength(fields: dict[str, int], drug: str) -> Fraction | None:
    """Returns mg/mL; None for a bag of no volume, which another host may have let through."""
    return Fraction(fields[bag_field(drug)], fields["volume_ul"]) if fields["volume_ul"] else None


def _contents(fields: dict[str, int]) -> str:
    """Returns what is in a bag."""
    drugs = []
    for drug in DRUGS:
        ug = fields[bag_field(drug)]
        strength = _strength(fields, drug)
        said = "strength unknown" if strength is None else f"{show(strength)} mg/mL"
        drugs.append(f"{drug} {show(Fraction(ug, 1000))} mg ({said})" if ug else f"no {drug}")
    return f"{', '.join(drugs)} in {show(Fraction(fields['volume_ul'], 1000))} mL"
