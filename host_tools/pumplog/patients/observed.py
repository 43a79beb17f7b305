"""What the boards saw of one patient, in UTC: the patient's share of every log, nothing derived."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from ..intervals import Interval, clip, intersect, length, merge
from ..log import BagChange, Bolus, Boluses, Bracket, Check, Demand, LogView, Relief, Run, Signature

_M = TypeVar("_M", Demand, BagChange, Relief, Check)


@dataclass(frozen=True)
class Stretch:
    """The part of a run that is this patient's; boluses: all of its log."""

    run: Run
    boluses: Boluses
    begin_ms: int
    end_ms: int

    def minutes(self, begin_ms: int, end_ms: int) -> tuple[int, int]:
        """Returns the run's minutes [first, behind last) of this stretch in [begin, end)."""
        return self.run.minutes(max(begin_ms, self.begin_ms), min(end_ms, self.end_ms))

    def continuous_pl(self, begin_ms: int, end_ms: int) -> Fraction:
        """Returns the volume without boluses in [begin, end)."""
        begin_ms, end_ms = max(begin_ms, self.begin_ms), min(end_ms, self.end_ms)
        if begin_ms >= end_ms:
            return Fraction(0)
        return self.run.continuous_pl(begin_ms, end_ms, self.boluses)


@dataclass(frozen=True)
class BolusPart:
    """The part of a bolus that lies in the patient's stay; covered: minutes cover it too."""

    bolus: Bolus
    begin_ms: int
    end_ms: int
    covered: bool

    def share(self, begin_ms: int, end_ms: int) -> Fraction:
        """Returns which part of the whole bolus is this patient's in [begin, end)."""
        return self.bolus.share(max(begin_ms, self.begin_ms), min(end_ms, self.end_ms))


@dataclass
class Observed:
    """Everything seen, in order of time, over all stays of a patient.

    brackets: between boots, time that was not seen but is bounded on both sides.
    ran, ran_surely, ran_perhaps: when the pump ran, at least, at most, within `observed`. withheld:
    stretches that another patient claims too, with whom. unplaced, uncalibrated: minutes of the
    boards' logs whose time or volume nobody can tell; they are in no figure.
    """

    claimed: list[Interval] = field(default_factory=list)
    withheld: list[tuple[int, int, str]] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    boluses: list[BolusPart] = field(default_factory=list)
    demands: list[Demand] = field(default_factory=list)
    bag_changes: list[BagChange] = field(default_factory=list)
    reliefs: list[Relief] = field(default_factory=list)
    signatures: list[Signature] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    brackets: list[Bracket] = field(default_factory=list)
    observed: list[Interval] = field(default_factory=list)
    ran: list[Interval] = field(default_factory=list)
    ran_surely: list[Interval] = field(default_factory=list)
    ran_perhaps: list[Interval] = field(default_factory=list)
    logs: list[LogView] = field(default_factory=list)
    unplaced: int = 0
    uncalibrated: int = 0
    longest_bolus_ms: int = 0

    def add(self, view: LogView, claims: list[Interval]) -> None:
        """Adds what a log saw in the claimed intervals (sorted, disjoint)."""
        boluses = Boluses(view.boluses)
        covered: list[Interval] = []
        for run in view.runs:
            for begin_ms, end_ms in clip(claims, run.begin_ms, run.end_ms):
                self.stretches.append(Stretch(run, boluses, begin_ms, end_ms))
                covered.append((begin_ms, end_ms))
        covered = merge(covered)
        for begin_ms, end_ms in claims:
            self.boluses += [_part(bolus, begin_ms, end_ms, covered)
                             for bolus in boluses.during(begin_ms, end_ms)]
            self.demands += _between(view.demands, begin_ms, end_ms)
            self.bag_changes += _between(view.bag_changes, begin_ms, end_ms)
            self.reliefs += _between(view.reliefs, begin_ms, end_ms)
            self.checks += _between(view.checks, begin_ms, end_ms)
            self.brackets += [one for one in view.brackets
                              if begin_ms <= one.begin_ms and one.end_ms <= end_ms]
        self.signatures += [one for one in view.signatures
                            if any(one.touches(*claim) for claim in claims)]
        self.observed = merge([*self.observed, *covered])
        ran, surely, perhaps = (intersect(part, covered) for part in view.pump)
        self.ran = merge([*self.ran, *ran])
        self.ran_surely = merge([*self.ran_surely, *surely])
        self.ran_perhaps = merge([*self.ran_perhaps, *perhaps])
        self.logs.append(view)
        self.unplaced += view.unplaced
        self.uncalibrated += view.uncalibrated

    def sort(self) -> None:
        """Puts everything in order of time, once all logs are added."""
        self.stretches.sort(key=lambda stretch: stretch.begin_ms)
        self.boluses.sort(key=lambda part: part.begin_ms)
        self.demands.sort(key=lambda demand: demand.at_ms)
        self.bag_changes.sort(key=lambda change: change.at_ms)
        self.reliefs.sort(key=lambda press: press.at_ms)
        self.checks.sort(key=lambda check: check.at_ms)
        self.signatures.sort(key=lambda one: one.noticed_ms)
        self.brackets.sort(key=lambda one: one.begin_ms)
        self.longest_bolus_ms = max((part.end_ms - part.begin_ms for part in self.boluses), default=0)

    def stretches_in(self, begin_ms: int, end_ms: int) -> Iterator[Stretch]:
        """Yields the stretches that overlap [begin, end)."""
        for stretch in self.stretches:
            if stretch.begin_ms >= end_ms:
                return
            if stretch.end_ms > begin_ms:
                yield stretch

    def boluses_in(self, begin_ms: int, end_ms: int) -> list[BolusPart]:
        """Returns the boluses of which the patient got some part in [begin, end)."""
        first = bisect_left(self.boluses, begin_ms - self.longest_bolus_ms, key=lambda p: p.begin_ms)
        last = bisect_left(self.boluses, end_ms, key=lambda p: p.begin_ms)
        return [part for part in self.boluses[first:last]
                if part.end_ms > begin_ms or part.begin_ms == begin_ms]

    def observed_ms(self, begin_ms: int, end_ms: int) -> int:
        """Returns how much of [begin, end) minutes cover."""
        return length(clip(self.observed, begin_ms, end_ms))

    def running_ms(self, begin_ms: int, end_ms: int) -> tuple[int, int, int]:
        """Returns (running time, at least, at most) within the observed part of [begin, end)."""
        value, low, high = (length(clip(part, begin_ms, end_ms))
                            for part in (self.ran, self.ran_surely, self.ran_perhaps))
        return value, min(low, value), max(high, value)

    def continuous_pl(self, begin_ms: int, end_ms: int) -> Fraction:
        """Returns the volume without boluses in [begin, end)."""
        return sum((stretch.continuous_pl(begin_ms, end_ms)
                    for stretch in self.stretches_in(begin_ms, end_ms)), Fraction(0))

    def uncertainty_ms(self, at_ms: int) -> int:
        """Returns the clock's uncertainty at at_ms, by the nearest minute; 0 with none."""
        k = bisect_right(self.stretches, at_ms, key=lambda stretch: stretch.begin_ms)
        near = self.stretches[max(0, k - 1) : k + 1]
        if not near:
            return 0
        nearest = min(near, key=lambda s: max(s.begin_ms - at_ms, at_ms - s.end_ms))
        return nearest.run.uncertainty_ms(min(max(at_ms, nearest.begin_ms), nearest.end_ms))


def _between(moments: list[_M], begin_ms: int, end_ms: int) -> list[_M]:
    first, behind = (bisect_left(moments, at, key=lambda m: m.at_ms) for at in (begin_ms, end_ms))
    return moments[first:behind]


def _part(bolus: Bolus, begin_ms: int, end_ms: int, covered: list[Interval]) -> BolusPart:
    inside = max(bolus.begin_ms, begin_ms), min(max(bolus.end_ms, bolus.begin_ms), end_ms)
    seen_ms = length(clip(covered, *inside))
    return BolusPart(bolus, *inside, covered=seen_ms == inside[1] - inside[0])
