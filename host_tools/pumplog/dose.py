"""Doses of one patient in one window: volumes by counts, milligrams by the bag then connected.

Every figure is (value, low, high): exact from the records, and the bounds that hold whatever the
motor's phase was (one quantum for each unbroken stretch and each bolus), whether or not unresolved
presses were given, and for the calibration's stated uncertainty at two sigma.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from .episodes import Bag, Episode
from .observed import Bolus, Observed

DAY_MS = 86_400_000
PL_PER_ML = 1_000_000_000
HOUR_MS = 3_600_000


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
class Doses:
    """One window. Keys of `per_day` are the table's; volumes in mL, masses in mg."""

    patient: str
    begin_ms: int
    end_ms: int
    observed_ms: int
    running_ms: int
    continuous_ml: Figure
    pcia_ml: Figure
    other_ml: Figure
    prime_ml: Figure
    morphine_mg: Figure
    bupivacaine_mg: Figure
    pcia_morphine_mg: Figure
    pcia_bupivacaine_mg: Figure
    deliveries: Figure
    denied: int
    rate_ml_h: Figure
    rate_wall_ml_h: Figure
    mean_with_boluses_ml_h: Figure
    records: tuple[tuple[int, int, int], ...]

    @property
    def unknown_ms(self) -> int:
        """Time in the window that no record covers: unknown, never taken as zero."""
        return self.end_ms - self.begin_ms - self.observed_ms

    def per_day(self) -> dict[str, Figure]:
        """Returns the table's figures, per 24 h of observed time."""
        def daily(figure: Figure) -> Figure:
            if not self.observed_ms:
                return Figure(None)
            return figure.map(lambda value: value * DAY_MS / self.observed_ms)

        return {
            "morphine_mg_day": daily(self.morphine_mg),
            "bupivacaine_mg_day": daily(self.bupivacaine_mg),
            "pcia_morphine_mg_day": daily(self.pcia_morphine_mg),
            "pcia_bupivacaine_mg_day": daily(self.pcia_bupivacaine_mg),
            "rate_ml_h": self.rate_ml_h,
            "pcia_per_day": daily(self.deliveries),
        }


def doses(one: Episode, seen: Observed, begin_ms: int, end_ms: int) -> Doses:
    """Computes a patient's doses in [begin, end), Unix ms UTC."""
    bags = one.bags(seen)
    parts = [_part(seen, a, b, bag) for a, b, bag in _pieces(bags, begin_ms, end_ms)]
    continuous, pcia, other, prime = (_sum([part.volumes[k] for part in parts]) for k in range(4))
    observed_ms = seen.observed_ms(begin_ms, end_ms)
    running_ms, running_low_ms, running_high_ms = seen.running_ms(begin_ms, end_ms)
    started = [b for b in seen.boluses if begin_ms <= b.begin_ms < end_ms and b.source == "patient"]
    certain = sum(not bolus.inferred for bolus in started)
    ppm = Fraction(2 * seen.uncertainty_ppm, 1_000_000)
    continuous, pcia, other = (_scaled(figure, ppm) for figure in (continuous, pcia, other))
    masses = [_scaled(_sum([part.masses[k] for part in parts]), ppm) for k in range(4)]
    return Doses(
        one.patient, begin_ms, end_ms, observed_ms, running_ms,
        continuous_ml=continuous, pcia_ml=pcia, other_ml=other, prime_ml=_scaled(prime, ppm),
        morphine_mg=masses[0], bupivacaine_mg=masses[1],
        pcia_morphine_mg=masses[2], pcia_bupivacaine_mg=masses[3],
        deliveries=Figure(Fraction(len(started)), Fraction(certain), Fraction(len(started))),
        denied=sum(d.outcome == "denied" and begin_ms <= d.at_ms < end_ms for d in seen.demands),
        rate_ml_h=_rate(continuous, running_ms, running_low_ms, running_high_ms),
        rate_wall_ml_h=_rate(continuous, observed_ms, observed_ms, observed_ms),
        mean_with_boluses_ml_h=_rate(continuous + pcia + other, observed_ms, observed_ms, observed_ms),
        records=_ranges(seen, begin_ms, end_ms),
    )


@dataclass(frozen=True)
class _Part:
    volumes: tuple[Figure, Figure, Figure, Figure]  # mL: continuous, PCIA, other, prime
    masses: tuple[Figure, Figure, Figure, Figure]  # mg: morphine, bupivacaine, PCIA of each


def _pieces(bags: list[Bag], begin_ms: int, end_ms: int) -> list[tuple[int, int, Bag]]:
    """Cuts a window where bags change; before the first bag nothing is known of drugs."""
    known = [Bag(begin_ms, None, None)] + [bag for bag in bags if bag.at_ms <= begin_ms][-1:]
    marks = [Bag(begin_ms, known[-1].morphine_ug_pl, known[-1].bupivacaine_ug_pl)]
    marks += [bag for bag in bags if begin_ms < bag.at_ms < end_ms]
    ends = [bag.at_ms for bag in marks[1:]] + [end_ms]
    return [(bag.at_ms, end, bag) for bag, end in zip(marks, ends, strict=True)]


def _part(seen: Observed, begin_ms: int, end_ms: int, bag: Bag) -> _Part:
    total = Fraction(0)
    quantum = 0
    for minute in seen.minutes_in(begin_ms, end_ms):
        inside_ms = min(minute.end_ms, end_ms) - max(minute.begin_ms, begin_ms)
        volume = minute.counts * minute.pl_per_count
        whole_ms = minute.end_ms - minute.begin_ms
        total += volume if inside_ms == whole_ms else Fraction(volume * inside_ms, whole_ms)
        quantum = max(quantum, minute.pl_per_count)
    slack = quantum * seen.stretches(begin_ms, end_ms)
    every = [_bolus_part(bolus, begin_ms, end_ms) for bolus in seen.boluses]
    by_source = {name: _sum([figure for bolus, figure in zip(seen.boluses, every, strict=True)
                             if (bolus.source if bolus.source in ("patient", "prime") else "other")
                             == name])
                 for name in ("patient", "other", "prime")}
    bursts = _sum(every)
    assert bursts.value is not None and bursts.low is not None and bursts.high is not None
    continuous = Figure(total - bursts.value, max(Fraction(0), total - slack - bursts.high),
                        total + slack - bursts.low)
    pcia = by_source["patient"]
    to_patient = Figure(total - _value(by_source["prime"]),
                        max(Fraction(0), total - slack - (by_source["prime"].high or 0)),
                        total + slack - (by_source["prime"].low or 0))
    masses = tuple(
        _mass(volume, concentration)
        for volume in (to_patient, pcia)
        for concentration in (bag.morphine_ug_pl, bag.bupivacaine_ug_pl)
    )
    volumes = (continuous, pcia, by_source["other"], by_source["prime"])
    in_ml = tuple(figure.map(lambda value: value / PL_PER_ML) for figure in volumes)
    return _Part(in_ml, masses)  # type: ignore[arg-type]


def _bolus_part(bolus: Bolus, begin_ms: int, end_ms: int) -> Figure:
    """Returns the picolitres of a bolus that fall into [begin, end), pro rata in time."""
    span_ms = bolus.end_ms - bolus.begin_ms
    if span_ms <= 0:
        share = Fraction(begin_ms <= bolus.begin_ms < end_ms)
    else:
        inside_ms = min(bolus.end_ms, end_ms) - max(bolus.begin_ms, begin_ms)
        share = Fraction(max(0, inside_ms), span_ms)
    if not share:
        return ZERO
    low = Fraction(0) if bolus.inferred else max(Fraction(0), bolus.volume_pl - bolus.quantum_pl)
    return Figure(bolus.volume_pl * share, low * share,
                  (bolus.volume_pl + bolus.quantum_pl) * share)


def _value(figure: Figure) -> Fraction:
    return figure.value or Fraction(0)


def _sum(figures: list[Figure]) -> Figure:
    out = ZERO
    for figure in figures:
        out = out + figure
    return out


def _mass(volume_pl: Figure, ug_pl: Fraction | None) -> Figure:
    if volume_pl.high == 0:
        return ZERO
    return Figure(None) if ug_pl is None else volume_pl.map(lambda value: value * ug_pl / 1000)


def _scaled(figure: Figure, relative: Fraction) -> Figure:
    """Widens the bounds by the calibration's relative uncertainty."""
    if figure.low is None or figure.high is None:
        return figure
    return Figure(figure.value, figure.low * (1 - relative), figure.high * (1 + relative))


def _rate(volume_ml: Figure, ms: int, low_ms: int, high_ms: int) -> Figure:
    if not ms or volume_ml.value is None or volume_ml.low is None or volume_ml.high is None:
        return Figure(None)
    return Figure(volume_ml.value * HOUR_MS / ms, volume_ml.low * HOUR_MS / max(high_ms, ms),
                  volume_ml.high * HOUR_MS / min(low_ms or ms, ms))


def _ranges(seen: Observed, begin_ms: int, end_ms: int) -> tuple[tuple[int, int, int], ...]:
    """Returns (log_id, first seq, last seq) of the minutes that the figures rest on."""
    found: dict[int, tuple[int, int]] = {}
    for minute in seen.minutes_in(begin_ms, end_ms):
        first, last = found.get(minute.log_id, (minute.seq, minute.seq))
        found[minute.log_id] = (min(first, minute.seq), max(last, minute.seq))
    return tuple((log_id, first, last) for log_id, (first, last) in sorted(found.items()))
