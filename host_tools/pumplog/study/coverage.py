"""What is known of a window: time observed, bracketed and unknown, and what became of presses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from fractions import Fraction
from operator import add
from typing import Any

from ..dose import DAY_MS, Doses
from ..quantities import decimal, show_span
from .digits import digits_of


@dataclass(frozen=True)
class Coverage:
    """A patient's window, or the windows of several patients added up."""

    observed_ms: int  #: minutes cover it
    running_ms: int  #: the pump ran so long of what was observed
    bracketed_ms: int  #: not observed, but its volume is bounded
    bracketed_most_ms: int  #: bracketed, at most
    unknown_ms: int  #: neither observed nor bracketed
    withheld_ms: int  #: of what is unknown: two patients claim the board
    outside_ms: int  #: of what is unknown: outside the patient's stay
    asked: int  #: presses of the handset
    given: int  #: presses that a bolus followed
    denied_lockout: int  #: presses denied during lockout
    denied_other: int  #: presses denied for any other reason
    unresolved: int  #: presses of which nobody knows what followed

    @classmethod
    def of(cls, doses: Doses) -> Coverage:
        """Takes the coverage of one patient's doses."""
        presses = doses.presses
        return cls(doses.observed_ms, doses.running_ms, doses.bracketed.ms, doses.bracketed.most_ms,
                   doses.unknown_ms, doses.withheld_ms, doses.outside_ms, presses.asked, presses.given,
                   presses.lockout, presses.other, presses.unresolved)

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(*map(add, astuple(self), astuple(other)))

    def to_json(self) -> dict[str, Any]:
        """Returns days as decimal strings, and presses."""
        return {
            "observed_days": _days(self.observed_ms), "running_days": _days(self.running_ms),
            "bracketed_days": _days(self.bracketed_ms),
            "bracketed_at_most_days": _days(self.bracketed_most_ms),
            "unknown_days": _days(self.unknown_ms), "withheld_days": _days(self.withheld_ms),
            "outside_stay_days": _days(self.outside_ms), "presses": self.asked, "given": self.given,
            "denied_lockout": self.denied_lockout, "denied_other": self.denied_other,
            "unresolved": self.unresolved,
        }

    def to_text(self) -> list[str]:
        """Returns a line of time and a line of presses."""
        apart = [f", {words} {_shown_days(ms)}" for words, ms in
                 (("of which withheld", self.withheld_ms), ("of which outside a stay", self.outside_ms))
                 if ms]
        between = ""
        if self.bracketed_most_ms:
            between = (f", bracketed {show_span(self.bracketed_ms)} (at most"
                       f" {show_span(self.bracketed_most_ms)})")
        return [
            f"{_shown_days(self.observed_ms)} days observed, pump running"
            f" {_shown_days(self.running_ms)}{between}, unknown {_shown_days(self.unknown_ms)}"
            f"{''.join(apart)}",
            f"presses: asked {self.asked}, given {self.given}, during lockout {self.denied_lockout},"
            f" denied otherwise {self.denied_other}, unresolved {self.unresolved}",
        ]


@dataclass(frozen=True)
class TimepointCoverage:
    """What is known of everybody at one timepoint."""

    patients: Mapping[str, Coverage]  #: by the patients' codes; never empty
    notes: Mapping[str, tuple[str, ...]]  #: what must be known of each of them, sentences

    @classmethod
    def of(cls, doses: Mapping[str, Doses]) -> TimepointCoverage:
        """Takes the coverage of {patient: doses}."""
        return cls({code: Coverage.of(found) for code, found in doses.items()},
                   {code: found.notes for code, found in doses.items()})

    @property
    def total(self) -> Coverage:
        """All patients added up."""
        first, *others = self.patients.values()
        for each in others:
            first = first + each
        return first

    def to_json(self) -> dict[str, Any]:
        """Returns the total, and each patient's coverage and notes below it."""
        return {
            **self.total.to_json(),
            "patients": {code: {**each.to_json(), "notes": list(self.notes[code])}
                         for code, each in self.patients.items()},
        }

    def to_text(self, timepoint: str) -> list[str]:
        """Returns the lines below the table: the total, then the notes of each patient."""
        time, presses = self.total.to_text()
        return [f"{timepoint}: {time}", f"  {presses}",
                *(f"  {code}: {note}" for code, notes in self.notes.items() for note in notes)]


def _days(ms: int) -> str | None:
    return decimal(Fraction(ms, DAY_MS))


def _shown_days(ms: int) -> str:
    return digits_of(Fraction(ms, DAY_MS), 2)
