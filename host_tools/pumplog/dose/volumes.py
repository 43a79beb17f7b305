"""Volumes of a span with their bounds: what was counted, parted into continuous and boluses.

Counts are primary: each is so many picolitres, and all that was counted either belongs to a bolus or to
the continuous rate. Values are plain sums of both, cut pro rata at the span's edges. Five things make
the bounds, each taken at its worst, for nobody knows how the errors go together:

- The edges. A clock is right only within its uncertainty. So a low bound sums over the narrow span,
  which lies inside for certain. A high bound sums over the wide span, all that may lie inside.
- The motor's phase. Where counting begins and ends, up to one count was on its way: one quantum for each
  unbroken stretch of minutes, and for each bolus that no minute covers (`slack_pl`).
- The parting. A burst's own counts are known to a count, and a burst that is only inferred may be none.
  So may a press that the counts explain without a bolus have given a count or two.
  What a bolus is more, the continuous part is less: `continuous` takes both (`more_pl`, `less_pl`), but
  their sum was counted. So `patient` sums values, not the bounds of its parts, and is far narrower than
  continuous, pcia and other added up. Only a prime leaves the patient's sum: its own spread counts.
- The borders of the stay. What may be another patient's is in no low bound; what may be this patient's
  and is in no value is in the high bounds (`Observed.perhaps`, pumplog.patients.borders).
- The calibration's stated relative uncertainty at two sigma, on everything.

Errors that offset each other are taken at their worst all the same: bounds are rather too wide. They
bound what was counted. What moved uncounted (free flow, a silent counter), or was counted and did not
move, is in none of them: .disputed adds it. tests/host/dose/test_dose_edges.py holds random windows of
random pumps against the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ..intervals import Interval
from ..log import Bolus
from ..patients import BolusPart, Observed
from .figure import ZERO, Figure
from .hidden import hidden

PL_PER_ML = 1_000_000_000
_SIGMAS = 2  # of the calibration's stated uncertainty


@dataclass(frozen=True)
class UncertainSpan:
    """[begin, end), and by how much either edge may lie elsewhere."""

    begin_ms: int  #: Unix ms UTC
    end_ms: int  #: Unix ms UTC
    begin_uncertainty_ms: int = 0  #: the beginning lies within so much
    end_uncertainty_ms: int = 0  #: the end lies within so much

    @classmethod
    def of(cls, observed: Observed, begin_ms: int, end_ms: int) -> UncertainSpan:
        """Takes the clock's own uncertainty at both edges."""
        return cls(begin_ms, end_ms, observed.uncertainty_ms(begin_ms), observed.uncertainty_ms(end_ms))

    @property
    def exact(self) -> Interval:
        """The span as its edges are stated."""
        return self.begin_ms, self.end_ms

    @property
    def narrow(self) -> Interval:
        """The part that lies inside for certain."""
        begin_ms = self.begin_ms + self.begin_uncertainty_ms
        return begin_ms, max(begin_ms, self.end_ms - self.end_uncertainty_ms)

    @property
    def wide(self) -> Interval:
        """All that may lie inside."""
        return self.begin_ms - self.begin_uncertainty_ms, self.end_ms + self.end_uncertainty_ms


@dataclass(frozen=True)
class Volumes:
    """What the pump moved in a span, mL."""

    continuous_ml: Figure  #: outside of boluses
    pcia_ml: Figure  #: boluses that the patient asked for
    other_ml: Figure  #: boluses of anybody else, such as a clinician's
    prime_ml: Figure  #: what filled the line; it reached no patient
    patient_ml: Figure  #: all but the prime

    def raised(self, more_ml: Fraction, pcia: bool = True) -> Volumes:
        """Returns the volumes with so much more in the high bounds of all but the prime; pcia: also of
        the patient's boluses."""
        return Volumes(self.continuous_ml.raised(more_ml),
                       self.pcia_ml.raised(more_ml) if pcia else self.pcia_ml,
                       self.other_ml.raised(more_ml), self.prime_ml, self.patient_ml.raised(more_ml))

    def lowered(self, part: Volumes, most_ml: Fraction | None) -> Volumes:
        """Returns the volumes with what a part of them holds at most out of the low bounds, and no more
        than most_ml of it (None: all); the prime as it is."""
        def lowered(figure: Figure, of_part: Figure) -> Figure:
            return figure.lowered(of_part.high if most_ml is None else min(of_part.high, most_ml))

        return Volumes(lowered(self.continuous_ml, part.continuous_ml),
                       lowered(self.pcia_ml, part.pcia_ml), lowered(self.other_ml, part.other_ml),
                       self.prime_ml, lowered(self.patient_ml, part.patient_ml))


@dataclass(frozen=True)
class _Boluses:
    """The volume of some boluses with each one's own bounds, pL, in three sizes of one span."""

    exact: Figure
    narrow: Figure
    wide: Figure

    def __add__(self, other: _Boluses) -> _Boluses:
        return _Boluses(self.exact + other.exact, self.narrow + other.narrow, self.wide + other.wide)

    @property
    def figure(self) -> Figure:
        return Figure(self.exact.value, self.narrow.low, self.wide.high)

    @property
    def more_pl(self) -> Fraction:
        """By how much they may be more than their value."""
        return self.wide.high - self.wide.value

    @property
    def less_pl(self) -> Fraction:
        """By how much they may be less than their value."""
        return self.wide.value - self.wide.low


def volumes(observed: Observed, span: UncertainSpan) -> Volumes:
    """Returns the volumes of a span with their bounds."""
    parts = observed.boluses_in(*span.wide)
    stretches = list(observed.stretches_in(*span.wide))
    perhaps = observed.perhaps_in(*span.wide)
    slack_pl = sum(stretch.run.calibration.pl_per_count for stretch in stretches)
    slack_pl += sum(part.bolus.pl_per_count for part in parts if not part.covered)
    value_pl = max(Fraction(0), observed.continuous_pl(*span.exact))
    least_pl = observed.continuous_pl(*span.narrow, surely=True)
    most_pl = observed.continuous_pl(*span.wide) + sum(
        each.continuous_pl() for each in perhaps)
    apart = {id(each.stretch.run): each.stretch for each in perhaps}
    for stretch in stretches:
        apart.pop(id(stretch.run), None)  # what follows on unbroken shares its count under way
    slack_pl += sum(stretch.run.calibration.pl_per_count for stretch in apart.values())
    pcia, other, prime = (
        _boluses([part for part in parts if _of(part.bolus) == name], span)
        + _perhaps([each.bolus for each in observed.perhaps_boluses_in(*span.wide)
                    if _of(each.bolus) == name])
        for name in ("pcia", "other", "prime"))
    given, every = pcia + other, pcia + other + prime
    unheard_pl = sum((each.most_pl for each in hidden(observed, *span.wide)), Fraction(0))
    continuous = Figure(value_pl, max(Fraction(0), least_pl - slack_pl - every.more_pl - unheard_pl),
                        most_pl + slack_pl + every.less_pl)
    patient = Figure(
        value_pl + given.exact.value,
        max(Fraction(0), least_pl + given.narrow.value - slack_pl - prime.more_pl),
        most_pl + given.wide.value + slack_pl + prime.less_pl,
    )
    stretches += [each.stretch for each in perhaps]
    ppm = max((stretch.run.calibration.uncertainty_ppm for stretch in stretches), default=0)
    return Volumes(*(_in_ml(figure, Fraction(_SIGMAS * ppm, 1_000_000)) for figure in (
        continuous, pcia.figure.raised(unheard_pl), other.figure, prime.figure, patient)))


def _of(bolus: Bolus) -> str:
    return {"patient": "pcia", "prime": "prime"}.get(bolus.source, "other")


def _boluses(parts: list[BolusPart], span: UncertainSpan) -> _Boluses:
    sure = [part for part in parts if part.surely]
    return _Boluses(_within(parts, span.exact), _within(sure, span.narrow), _within(parts, span.wide))


def _perhaps(boluses: list[Bolus]) -> _Boluses:
    """Returns boluses that may be another patient's: nothing, or all of each."""
    every = ZERO
    for bolus in boluses:
        every = every + Figure(bolus.volume_pl, *bolus.bounds_pl)
    return _Boluses(ZERO, ZERO, every)


def _within(parts: list[BolusPart], edges: Interval) -> Figure:
    """Returns the volume of boluses within edges, pL, with the bounds of each of them added up."""
    found = ZERO
    for part in parts:
        share = part.share(*edges)
        if share:
            low_pl, high_pl = part.bolus.bounds_pl
            found = found + Figure(part.bolus.volume_pl * share, low_pl * share, high_pl * share)
    return found


def _in_ml(volume_pl: Figure, relative: Fraction) -> Figure:
    """Returns mL, the bounds widened by the calibration's relative uncertainty."""
    return Figure(volume_pl.value / PL_PER_ML, volume_pl.low * (1 - relative) / PL_PER_ML,
                  volume_pl.high * (1 + relative) / PL_PER_ML)
