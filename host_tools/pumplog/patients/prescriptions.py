"""Prescriptions as they are entered: rate, bolus and lockout, and what is in force for a patient."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .. import host
from ..errors import UsageError
from ..moments import since_text
from ..quantities import RATE_UL_H, TIME_S, VOLUME_UL, parse, show
from ..store import Entry, Store
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

_LEAST_COUNTS = 5  # a bolus of fewer is not always told from the continuous rate
_CHECKED = (("rate", "rate_ul_h", "uL/h"), ("bolus", "bolus_ul", "uL"), ("lockout", "lockout_s", "s"))


@dataclass(frozen=True)
class NewPrescription:
    """A prescription that may be entered, for a person to look at first."""

    entry: Entry  #: not stored yet
    patient: Episode  #: for whom, before it holds
    coarse: bool  #: whether the pump's count is coarser than a fifth of the bolus
    changes: tuple[Change, ...]  #: what changes twofold, and wants confirming

    def to_text(self) -> str:
        """Returns what was prescribed before and is now, and what the pump cannot tell of it."""
        lines = [*holds_from(self.entry), f"{self.patient.heading}: {_words(self.entry.fields)}"]
        before = self.patient.in_force("regimen", self.entry.effective_at_ms)
        if before:
            lines.append(f"  before: {_words(before.fields)}, since"
                         f" {since_text(before.effective_at_ms)}")
        if self.coarse:
            lines.append("this pump's count is coarser than a fifth of the bolus: some boluses will be"
                         " inferred or unresolved")
        return "\n".join(lines)


@dataclass(frozen=True)
class InForce:
    """What is prescribed for a patient now."""

    patient: Episode  #: for whom
    entry: Entry | None  #: None: nothing was entered

    def to_json(self) -> list[dict[str, Any]]:
        """Returns the prescription as an object; nothing if there is none."""
        return [entry_json(self.entry)] if self.entry else []

    def to_text(self) -> str:
        """Returns a line for the screen."""
        if self.entry is None:
            return f"{self.patient.heading}: no regimen was entered"
        return (f"{self.patient.heading}: {_words(self.entry.fields)}, since"
                f" {since_text(self.entry.effective_at_ms)}; {entered_by(self.entry)}")


def new_prescription(
    store: Store, name: str, rate: str | None, bolus: str | None, lockout: str | None,
    lockout_from_end: bool, by: Authorship,
) -> NewPrescription:
    """Returns the prescription that is to hold for a patient, nothing stored yet.

    rate, bolus, lockout: such as "0.1 mL/h", "0.1 mL", "15 min". NotFoundError without such a patient;
    UsageError if something is missing or in doubt.
    """
    patient = current_episode(store, name)
    fields = {
        "rate_ul_h": parse(rate, "--rate", RATE_UL_H),
        "bolus_ul": parse(bolus, "--bolus", VOLUME_UL),
        "lockout_s": parse(lockout, "--lockout", TIME_S),
        "lockout_from_end": int(lockout_from_end),
    }
    entry = new_entry(by, "regimen", patient.patient, patient.board, patient.assignment, fields)
    before = patient.in_force("regimen", entry.effective_at_ms)
    board = store.boards.named(patient.board)
    coarse = bool(board and board.pl_per_count * _LEAST_COUNTS > fields["bolus_ul"] * 1_000_000)
    changes = [change for what, key, unit in _CHECKED if before for change in changed_twofold(
        what, Fraction(before.fields[key]), Fraction(fields[key]), unit)]
    return NewPrescription(entry, patient, coarse, tuple(changes))


def unconfirmed(change: Change) -> UsageError:
    """Returns why a prescription in which something changes twofold is not entered."""
    return UsageError(f"the {change.what} would change twofold or more from the last prescription, so"
                      " nothing was entered", "check the prescription; if it is meant, add --confirm")


def in_force(store: Store, name: str | None) -> list[InForce]:
    """Returns what is prescribed for one patient, or without a name for all whose stay goes on."""
    now_ms = host.utc_now_ms()
    return [InForce(patient, patient.in_force("regimen", now_ms))
            for patient in named_or_current(store, name)]


def _words(fields: dict[str, int]) -> str:
    return (f"{show(Fraction(fields['rate_ul_h'], 1000))} mL/h, bolus"
            f" {show(Fraction(fields['bolus_ul'], 1000))} mL, lockout"
            f" {show(Fraction(fields['lockout_s'], 60))} min from its"
            f" {'end' if fields['lockout_from_end'] else 'start'}")
