"""The doses of one patient in one window, as data; computed by .doses, told by .notes and .answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..log import Check, Reliefs, Signature
from ..patients import MASSES
from .bags import Bag
from .bracketed import Bracketed
from .figure import Figure
from .volumes import Volumes
from .windows import DAY_MS


@dataclass(frozen=True)
class Presses:
    """Presses of the handset: every one, and what came of them."""

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
    withheld_ms: int  #: of what is unknown: another patient claims the same board then
    outside_ms: int  #: of what is unknown: outside the patient's stay
    clock_uncertainty_ms: int  #: at the worse of the window's edges
    continuous_ml: Figure | None  #: mL outside of boluses
    pcia_ml: Figure | None  #: mL of boluses that the patient asked for
    other_ml: Figure | None  #: mL of boluses of anybody else
    prime_ml: Figure | None  #: mL that filled the line and reached no patient
    masses_mg: Mapping[str, Figure | None]  #: mg by name of MASSES
    deliveries: Figure | None  #: boluses of the patient's that began in the window
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
            "deliveries": self.deliveries, "rate_ml_h": self.rate_ml_h,
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
        return Figure(alone.value * DAY_MS / self.observed_ms,
                      alone.low * DAY_MS / (self.observed_ms + self.bracketed.most_ms),
                      max(alone.high * DAY_MS / self.observed_ms,
                          whole.high * DAY_MS / (self.observed_ms + self.bracketed.least_ms)))
