"""Volumes of a window with their bounds: what was counted, parted into continuous and boluses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from ..intervals import Interval
from ..patients.observed import BolusPart, Observed

PL_PER_ML = 1_000_000_000


@dataclass(frozen=True)
class Figure:
    """A value with its bounds; all None: unknown."""

    value: Fraction | None
    low: Fraction | None = None
    high: Fraction | None = None

    def map(self, change: Callable[[Fraction], Fraction]) -> Figure:
        """Returns the figure with a rising function applied."""
        if self.value is None or self.low is None or self.high is None:
            return Figure(None)
        return Figure(change(self.value), change(self.low), change(self.high))

    def __add__(self, other: Figure) -> Figure:
        if None in (self.value, other.value):
            return Figure(None)
        return Figure(self.value + other.value, self.low + other.low, self.high + other.high)  # type: ignore[operator]


ZERO = Figure(Fraction(0), Fraction(0), Fraction(0))


@dataclass(frozen=True)
class Window:
    """[begin, end), Unix ms UTC, and by how much either edge may lie elsewhere."""

    begin_ms: int
    end_ms: int
    begin_uncertainty_ms: int
    end_uncertainty_ms: int

    @classmethod
    def of(cls, seen: Observed, begin_ms: int, end_ms: int) -> Window:
        """Takes the clock's own uncertainty at both edges."""
        return cls(begin_ms, end_ms, seen.uncertainty_ms(begin_ms), seen.uncertainty_ms(end_ms))

    @property
    def narrow(self) -> Interval:
        """The part that lies inside for certain."""
        begin_ms = self.begin_ms + self.begin_uncertainty_ms
        return begin_ms, max(begin_ms, self.end_ms - self.end_uncertainty_ms)

    @property
    def wide(self) -> Interval:
        """All that may lie inside."""
        return self.begin_ms - self.begin_uncertainty_ms, self.end_ms + self.end_uncertainty_ms


def volumes_ml(seen: Observed, window: Window) -> dict[str, Figure]:
    """Returns the mL of a window: continuous, pcia, other, prime, and patient (all but prime).

    What a bolus may be more or less, the continuous part is less or more: their sum is counted.
    """
    exact, narrow, wide = (window.begin_ms, window.end_ms), window.narrow, window.wide
    around = seen.boluses_in(*wide)
    slack = sum(stretch.run.calibration.pl_per_count for stretch in seen.stretches_in(*wide))
    slack += sum(part.bolus.pl_per_count for part in around if not part.covered)
    continuous, at_least, at_most = (seen.continuous_pl(*edges) for edges in (exact, narrow, wide))
    of = {name: [part for part in around if _source(part) == name]
          for name in ("pcia", "other", "prime")}
    found = {name: Figure(*(_bolus_pl(parts, edges, k) for k, edges in enumerate((exact, narrow, wide))))
             for name, parts in of.items()}
    more, less = _spread(around, wide)
    found["continuous"] = Figure(max(Fraction(0), continuous), max(Fraction(0), at_least - slack - more),
                                 at_most + slack + less)
    to_patient = of["pcia"] + of["other"]
    prime_more, prime_less = _spread(of["prime"], wide)
    found["patient"] = Figure(
        max(Fraction(0), continuous) + _bolus_pl(to_patient, exact, 0),
        max(Fraction(0), at_least + _bolus_pl(to_patient, narrow, 0) - slack - prime_more),
        at_most + _bolus_pl(to_patient, wide, 0) + slack + prime_less,
    )
    ppm = max((s.run.calibration.uncertainty_ppm for s in seen.stretches_in(*wide)), default=0)
    return {name: _scaled(figure, Fraction(2 * ppm, 1_000_000)).map(lambda pl: pl / PL_PER_ML)
            for name, figure in found.items()}


def _source(part: BolusPart) -> str:
    return {"patient": "pcia", "prime": "prime"}.get(part.bolus.source, "other")


def _bolus_pl(parts: list[BolusPart], edges: Interval, which: int) -> Fraction:
    """Returns the volume of boluses within edges: the value, the low or the high one (0, 1, 2)."""
    return sum(((part.bolus.volume_pl, *part.bolus.bounds_pl)[which] * part.share(*edges)
                for part in parts), Fraction(0))


def _spread(parts: list[BolusPart], edges: Interval) -> tuple[Fraction, Fraction]:
    """Returns by how much boluses may be more, and less, than their value."""
    value, low, high = (_bolus_pl(parts, edges, which) for which in range(3))
    return high - value, value - low


def total(figures: Iterable[Figure]) -> Figure:
    """Adds figures up; unknown if one of them is."""
    out = ZERO
    for figure in figures:
        out = out + figure
    return out


def _scaled(figure: Figure, relative: Fraction) -> Figure:
    """Widens the bounds by the calibration's relative uncertainty."""
    if figure.low is None or figure.high is None:
        return figure
    return Figure(figure.value, figure.low * (1 - relative), figure.high * (1 + relative))
