"""The doses of one patient in one window: data, as .doses computes them, with their JSON and text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..log import Check, Reliefs, Signature
from ..moments import dated_text, in_local_time, local_text, utc_text
from ..patients import MASSES, Unproven
from ..quantities import decimal, show_span
from .bags import Bag
from .bracketed import Bracketed
from .disputed import Disputed
from .figure import Figure, figure_json, figure_text
from .volumes import Volumes
from .windows import DAY_MS

_RESTS_ON = {  # figure by its name in the JSON: the volume that it is computed from
    **{f"{mass.name}_mg{per}": "pcia_ml" if mass.pcia else "patient_ml"
       for mass in MASSES for per in ("", "_day")},
    "rate_ml_h": "continuous_ml", "rate_wall_ml_h": "continuous_ml", "rate_last_ml_h": "continuous_ml",
    "mean_with_boluses_ml_h": "patient_ml",
}


@dataclass(frozen=True)
class Presses:
    """Presses of the handset: all of them, and what came of them."""

    asked: int  #: all of them
    given: int  #: a bolus followed
    lockout: int  #: denied during lockout
    other: int  #: denied for any other reason
    unresolved: int  #: nobody knows whether a bolus followed
    without_outcome: int  #: of the unresolved, those counted that have no outcome in the log

    @property
    def denied(self) -> int:
        """Presses that gave nothing."""
        return self.lockout + self.other

    def to_json(self) -> dict[str, int]:
        """Returns the counts by the names of the command-line contract."""
        return {
            "presses": self.asked, "given": self.given, "denied": self.denied,
            "denied_lockout": self.lockout, "denied_other": self.other,
            "unresolved": self.unresolved, "without_outcome": self.without_outcome,
        }

    def to_text(self) -> str:
        """Returns a line for the screen."""
        without = self.without_outcome
        return (f"presses: asked {self.asked}, given {self.given}, during lockout {self.lockout},"
                f" denied otherwise {self.other}, unresolved {self.unresolved}"
                + (f" (no outcome recorded {without})" if without else ""))


@dataclass(frozen=True)
class Piece:
    """The part of a window in which one bag hung."""

    begin_ms: int  #: Unix ms UTC
    end_ms: int  #: Unix ms UTC
    bag: Bag  #: what hung
    volumes: Volumes  #: mL, of the time observed
    observed_masses_mg: Mapping[str, Figure | None]  #: mg by name of MASSES, of the time observed
    masses_mg: Mapping[str, Figure | None]  #: the same with what brackets add to the high bounds


@dataclass(frozen=True)
class Doses:
    """One window. None in place of a figure: unknown."""

    patient: str  #: the code
    begin_ms: int  #: Unix ms UTC
    end_ms: int  #: Unix ms UTC
    observed_ms: int  #: minutes cover so much of it
    running_ms: int  #: the pump ran so long of what was observed
    withheld_ms: int  #: of what is unknown: another patient claims the board then, or two logs differ
    outside_ms: int  #: of what is unknown: outside the patient's stay
    border_ms: int  #: recorded at a border of the stay, not in the values, perhaps this patient's
    unsure_ms: int  #: of observed_ms, what may be another patient's by the clock
    unproven: tuple[Unproven, ...]  #: what nothing proves to be the boards'
    clock_uncertainty_ms: int  #: at the worse of the window's edges
    continuous_ml: Figure | None  #: mL outside of boluses
    pcia_ml: Figure | None  #: mL of boluses that the patient asked for
    other_ml: Figure | None  #: mL of boluses of anybody else
    prime_ml: Figure | None  #: mL that filled the line and reached no patient
    masses_mg: Mapping[str, Figure | None]  #: mg by name of MASSES
    deliveries: Figure | None  #: whole boluses of the patient's that began in the window
    given_in_part: Figure | None  #: those of which less than nine tenths were given: no deliveries
    rate_ml_h: Figure | None  #: continuous mL/h while the pump ran
    rate_wall_ml_h: Figure | None  #: continuous mL/h of the time observed
    rate_last_ml_h: Figure | None  #: continuous mL/h of the last hour that the pump ran
    mean_with_boluses_ml_h: Figure | None  #: mL/h of the time observed, all but primes
    presses: Presses  #: of the handset
    bracketed: Bracketed  #: time with both ends bound, in the high bounds alone
    observed_masses_mg: Mapping[str, Figure | None]  #: masses_mg of the time observed alone
    observed_deliveries: Figure  #: deliveries of the time observed alone
    reliefs: Reliefs  #: presses of the relief button
    check: Check | None  #: the latest calibration as found by weight
    signatures: tuple[Signature, ...]  #: possibilities that the board noticed
    disputed: tuple[Disputed, ...]  #: what weight and counts disagree about; it widens the bounds
    doubtful_volumes: tuple[str, ...]  #: by name, those whose bounds it widens; patient_ml: their sum
    pieces: tuple[Piece, ...]  #: the window cut where bags change
    notes: tuple[str, ...]  #: what a reader of the figures must know, a sentence each

    @property
    def unknown_ms(self) -> int:
        """Time in the window that no record covers and nothing brackets: unknown, never taken as
        zero. What is withheld or outside the patient's stay is part of it."""
        return self.end_ms - self.begin_ms - self.observed_ms - self.bracketed.ms

    def figures(self) -> dict[str, Figure | None]:
        """Returns the window's own figures by name, in the order in which they are told."""
        return {
            "continuous_ml": self.continuous_ml, "pcia_ml": self.pcia_ml, "other_ml": self.other_ml,
            "prime_ml": self.prime_ml,
            **{f"{mass.name}_mg": self.masses_mg[mass.name] for mass in MASSES},
            "deliveries": self.deliveries, "given_in_part": self.given_in_part,
            "rate_ml_h": self.rate_ml_h,
            "rate_wall_ml_h": self.rate_wall_ml_h, "rate_last_ml_h": self.rate_last_ml_h,
            "mean_with_boluses_ml_h": self.mean_with_boluses_ml_h,
        }

    def per_day(self) -> dict[str, Figure | None]:
        """Returns the table's figures by its keys, per 24 h of observed time."""
        return {
            **{f"{mass.name}_mg_day": self._daily(self.observed_masses_mg[mass.name],
                                                  self.masses_mg[mass.name]) for mass in MASSES},
            "rate_ml_h": self.rate_ml_h,
            "pcia_per_day": self._daily(self.observed_deliveries, self.deliveries),
        }

    def _daily(self, alone: Figure | None, whole: Figure | None) -> Figure | None:
        """Returns a figure per 24 h: the value of observed time; bounds that hold for the mean over
        observed time and for that over observed and bracketed time."""
        if not self.observed_ms or alone is None or whole is None:
            return None  # unknown in a bracket is unknown in all
        surely_ms = self.observed_ms - self.unsure_ms or self.observed_ms
        return Figure(alone.value * DAY_MS / self.observed_ms,
                      alone.low * DAY_MS / (self.observed_ms + self.border_ms + self.bracketed.most_ms),
                      max(alone.high * DAY_MS / surely_ms,
                          whole.high * DAY_MS / (surely_ms + self.bracketed.least_ms)))

    def to_json(self) -> dict[str, Any]:
        """Returns the doses as the command-line contract has them: every decimal a string."""
        return {
            "patient": self.patient, "begin_utc": utc_text(self.begin_ms),
            "end_utc": utc_text(self.end_ms), "observed_s": _seconds(self.observed_ms),
            "running_s": _seconds(self.running_ms), "unknown_s": _seconds(self.unknown_ms),
            "bracketed_s": _seconds(self.bracketed.ms),
            "bracketed_at_most_s": _seconds(self.bracketed.most_ms),
            "bracketed_ml": figure_json(self.bracketed.volume_ml),
            "brackets": [bracket.to_json() for bracket in self.bracketed.brackets],
            "withheld_s": _seconds(self.withheld_ms), "outside_stay_s": _seconds(self.outside_ms),
            "border_s": _seconds(self.border_ms), "unsure_s": _seconds(self.unsure_ms),
            "unproven_logs": [each.to_json() for each in self.unproven],
            "clock_uncertainty_ms": self.clock_uncertainty_ms,
            **self.presses.to_json(),
            **{name: figure_json(figure) for name, figure in self._all_figures().items()},
            "relief": self.reliefs.to_json(), "check": self.check.to_json() if self.check else None,
            "signatures": [signature.to_json() for signature in self.signatures],
            "disagreements": [each.to_json() for each in self.disputed],
            "doubtful": [name for name in self._all_figures() if self.is_doubtful(name)],
            "notes": list(self.notes),
        }

    def to_text(self, heading: str) -> str:
        """Returns the doses for the screen, under the patient's heading."""
        mark = "  UNPROVEN" if any(each.used for each in self.unproven) else ""
        lines = [f"{name:<26}{figure_text(figure)}{'  doubtful' if self.is_doubtful(name) else ''}{mark}"
                 for name, figure in self._all_figures().items()]
        lines.append(self._coverage_text())
        if self.observed_ms or self.presses.asked:  # else nobody counted: unknown, and not 0
            lines += [self.presses.to_text(), self.reliefs.to_text()]
        if self.check is not None:
            lines.append(self.check.to_text())
        lines += [signature.to_text(local_text) for signature in self.signatures]
        lines += [each.to_text(dated_text) for each in self.disputed]
        in_utc = {each.to_text() for each in self.disputed}  # as the notes have them, for programs
        lines += [in_local_time(note) for note in self.notes if note not in in_utc]
        return "\n".join([f"{heading}, {dated_text(self.begin_ms)} to {dated_text(self.end_ms)}",
                          *(f"    {line}" for line in lines)])

    def is_doubtful(self, name: str) -> bool:
        """Returns whether weight and counts disagree about a figure, by its name in the JSON."""
        if name in ("deliveries", "pcia_per_day"):
            return any(each.presses for each in self.disputed)
        volume = _RESTS_ON.get(name, name)
        return volume in self.doubtful_volumes

    def _all_figures(self) -> dict[str, Figure | None]:
        return {**self.figures(), **self.per_day()}

    def _coverage_text(self) -> str:
        def days(ms: int) -> str | None:
            return decimal(Fraction(ms, DAY_MS), 3)

        between = self.bracketed
        withheld = f" (withheld {days(self.withheld_ms)})" if self.withheld_ms else ""
        apart = ""
        if between.brackets:
            apart = f", bracketed {show_span(between.ms)} (at most {show_span(between.most_ms)})"
        return (f"observed {days(self.observed_ms)} days, pump running {days(self.running_ms)}{apart},"
                f" unknown {days(self.unknown_ms)}{withheld}")


def _seconds(ms: int) -> str:
    return str(ms // 1000)
