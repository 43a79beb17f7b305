"""What the boards observed of one patient, in UTC: the patient's share of every log, nothing derived.

A log is a board's, not a patient's. It knows minutes, boluses and presses; the entries know from when
to when the board was claimed for whom. Only here the two meet: each log is cut at the edges of the
patient's stays, less what another patient claims at the same time. What follows reads nothing else.

- A minute that an edge cuts is cut pro rata, and so is a bolus. A press or a bag change belongs to the
  stay in which its moment lies. What the clock leaves open at a border with another patient's stay is
  nobody's, or at least in no low bound, and in the high bounds of both (`borders`).
- A bolus may begin before its stay does, or hang over its end: its part keeps the whole bolus, for its
  bounds are the whole bolus's. `longest_bolus_ms` lets a search by beginnings find those that hang over.
- `covered` is the union of the minutes, not of the stays: time without a minute is unknown. The pump's
  state holds only within it, for a board that is off hears of no stop.
- A bracket is taken only whole: cut in two, nobody could tell how its volume divides.

Everything is kept in order of time, so that a window finds its part by bisection. If all of it were
filtered for each window, work would grow with the log's square (a test counts calls).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from ..intervals import Interval, clip, intersect, length, merge
from ..log import (
    BagChange,
    Bolus,
    Boluses,
    Bracket,
    Check,
    Demand,
    Disagreement,
    LogView,
    Relief,
    Run,
    Signature,
)
from .borders import Clock, contested, share_of
from .episodes import Contest
from .unproven import Unproven

_M = TypeVar("_M", Demand, BagChange, Relief, Check)
_P = TypeVar("_P", Demand, Relief)


@dataclass(frozen=True)
class Stretch:
    """The part of a run that is this patient's."""

    run: Run  #: unbroken minutes of a boot
    boluses: Boluses  #: all of its log
    begin_ms: int  #: Unix ms UTC
    end_ms: int  #: Unix ms UTC
    surely: Interval  #: of that, what is the patient's whatever the clock's error, Unix ms UTC

    def minutes(self, begin_ms: int, end_ms: int) -> tuple[int, int]:
        """Returns the run's minutes [first, behind last) of this stretch in [begin, end)."""
        return self.run.minutes(max(begin_ms, self.begin_ms), min(end_ms, self.end_ms))

    def continuous_pl(self, begin_ms: int, end_ms: int, surely: bool = False) -> Fraction:
        """Returns the volume without boluses in [begin, end); surely: only of what is the patient's for
        certain."""
        span = self.surely if surely else (self.begin_ms, self.end_ms)
        begin_ms, end_ms = max(begin_ms, span[0]), min(end_ms, span[1])
        if begin_ms >= end_ms:
            return Fraction(0)
        return self.run.continuous_pl(begin_ms, end_ms, self.boluses)


@dataclass(frozen=True)
class Perhaps:
    """Minutes at a border of the stay that are in no value, and may be the patient's."""

    stretch: Stretch  #: the minutes
    truly: Interval  #: when they truly were, if they are the patient's, Unix ms UTC

    def continuous_pl(self) -> Fraction:
        """Returns their volume without boluses."""
        return self.stretch.continuous_pl(self.stretch.begin_ms, self.stretch.end_ms)


@dataclass(frozen=True)
class BolusPart:
    """The part of a bolus that lies in the patient's stay."""

    bolus: Bolus  #: all of it
    begin_ms: int  #: Unix ms UTC
    end_ms: int  #: Unix ms UTC
    covered: bool  #: minutes cover all of it too
    surely: bool = True  #: it was given, and lies in the stay whatever the clock's error

    def share(self, begin_ms: int, end_ms: int) -> Fraction:
        """Returns which part of the whole bolus is this patient's in [begin, end)."""
        return self.bolus.share(max(begin_ms, self.begin_ms), min(end_ms, self.end_ms))

    @property
    def is_asked(self) -> bool:
        """Whether it is a bolus of the patient's that began in the stay, whole or in part."""
        return (self.bolus.source == "patient" and self.begin_ms == self.bolus.begin_ms
                and not self.bolus.continues)


@dataclass(frozen=True)
class PerhapsBolus:
    """A bolus at a border of the stay that is in no value, and may be the patient's."""

    bolus: Bolus  #: all of it
    truly: Interval  #: when it truly was, if it is the patient's, Unix ms UTC

    @property
    def is_asked(self) -> bool:
        """Whether it then is a bolus that the patient asked for, whole or in part."""
        return self.bolus.source == "patient" and not self.bolus.continues


@dataclass(frozen=True)
class Running:
    """How long the pump ran within the time observed."""

    ms: int  #: as records say
    least_ms: int  #: at least, by the uncertainties of its starts and stops
    most_ms: int  #: at most


@dataclass
class Observed:
    """Everything observed of a patient over all stays, each list in order of time."""

    claimed: list[Interval] = field(default_factory=list)  #: the stays, Unix ms UTC
    withheld: list[Contest] = field(default_factory=list)  #: what another patient claims too
    stretches: list[Stretch] = field(default_factory=list)  #: the minutes
    boluses: list[BolusPart] = field(default_factory=list)  #: of every source
    demands: list[Demand] = field(default_factory=list)  #: presses of the handset
    bag_changes: list[BagChange] = field(default_factory=list)  #: bags as the weight tells
    reliefs: list[Relief] = field(default_factory=list)  #: presses of the relief button
    signatures: list[Signature] = field(default_factory=list)  #: possibilities that boards noticed
    #: where weight and counts disagree
    disagreements: list[Disagreement] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)  #: calibrations as found by weight
    brackets: list[Bracket] = field(default_factory=list)  #: time between boots with both ends bound
    covered: list[Interval] = field(default_factory=list)  #: time that minutes cover, Unix ms UTC
    ran: list[Interval] = field(default_factory=list)  #: when the pump ran, within `covered`
    ran_surely: list[Interval] = field(default_factory=list)  #: when it ran at least
    ran_perhaps: list[Interval] = field(default_factory=list)  #: when it ran at most
    logs: list[LogView] = field(default_factory=list)  #: the logs read, in no order
    perhaps: list[Perhaps] = field(default_factory=list)  #: minutes that may be this patient's
    perhaps_boluses: list[PerhapsBolus] = field(default_factory=list)  #: boluses that may be
    perhaps_presses: list[int] = field(default_factory=list)  #: presses of any button that may be, Unix
    #: ms UTC
    unproven: list[Unproven] = field(default_factory=list)  #: what nothing proves to be the boards'
    unplaced: int = 0  #: minutes of these logs whose time nobody can tell; in no figure
    unsound: int = 0  #: records of these logs that no board can have written; in no figure
    uncalibrated: int = 0  #: minutes of these logs without a known calibration; in no figure
    longest_bolus_ms: int = 0  #: of the parts in `boluses`

    def add(self, view: LogView, claims: list[Interval], others: list[Interval]) -> None:
        """Adds what a log recorded in the claimed intervals (sorted, disjoint).

        others: what other patients claim of the same board, likewise.
        """
        boluses = Boluses(view.boluses)
        clock = Clock(view.runs)
        covered: list[Interval] = []
        for claim in claims:
            for run in view.runs:
                share = share_of(run, claim, others)
                if share is None:
                    continue
                self.perhaps += [Perhaps(Stretch(run, boluses, *nominal, nominal), truly)
                                 for nominal, truly in share.perhaps]
                if share.span[0] < share.span[1]:
                    self.stretches.append(Stretch(run, boluses, *share.span, share.surely))
                    covered.append(share.span)
        covered = merge(covered)
        for claim in claims:
            self._add_boluses(boluses, clock, claim, others, covered)
            self._add_moments(view, clock, claim, others)
        self.signatures += [signature for signature in view.signatures
                            if any(signature.touches(*claim) for claim in claims)]
        self.disagreements += [each for each in view.disagreements
                               if any(each.touches(*claim) for claim in claims)]
        self.covered = merge([*self.covered, *covered])
        self.ran = merge([*self.ran, *intersect(view.pump.ran, covered)])
        self.ran_surely = merge([*self.ran_surely, *intersect(view.pump.surely, covered)])
        self.ran_perhaps = merge([*self.ran_perhaps, *intersect(view.pump.perhaps, covered)])
        self.logs.append(view)
        self.unplaced += view.unplaced
        self.unsound += view.unsound
        self.uncalibrated += view.uncalibrated

    def _add_boluses(self, boluses: Boluses, clock: Clock, claim: Interval, others: list[Interval],
                     covered: list[Interval]) -> None:
        for bolus in boluses.during(claim[0] - clock.most_ms, claim[1] + clock.most_ms + 1):
            end_ms = max(bolus.end_ms, bolus.begin_ms)
            off_ms = max(clock.uncertainty_ms(at_ms) for at_ms in (bolus.begin_ms, end_ms))
            reach = bolus.begin_ms - off_ms, end_ms + off_ms
            if reach[1] < claim[0] or reach[0] >= claim[1]:
                continue
            wholly = claim[0] <= reach[0] and reach[1] <= claim[1]
            its = wholly or _inside(bolus, claim) and not contested(reach, claim, others)
            if its:
                self.boluses.append(_part(bolus, *claim, covered, wholly))
            if not its or not (claim[0] <= bolus.begin_ms and end_ms <= claim[1]):
                truly = max(reach[0], claim[0]), min(reach[1], claim[1])
                self.perhaps_boluses.append(PerhapsBolus(bolus, truly))

    def _add_moments(self, view: LogView, clock: Clock, claim: Interval, others: list[Interval]
                     ) -> None:
        self.demands += self._certain(view.demands, clock, claim, others)
        self.reliefs += self._certain(view.reliefs, clock, claim, others)
        self.bag_changes += _between(view.bag_changes, *claim)
        self.checks += _between(view.checks, *claim)
        self.brackets += [bracket for bracket in view.brackets
                          if claim[0] <= bracket.begin_ms and bracket.end_ms <= claim[1]]

    def _certain(self, presses: list[_P], clock: Clock, claim: Interval, others: list[Interval]
                 ) -> list[_P]:
        """Returns the presses of the stay; notes those that may be another patient's."""
        found = []
        for press in _between(presses, claim[0] - clock.most_ms, claim[1] + clock.most_ms + 1):
            off_ms = clock.uncertainty_ms(press.at_ms)
            reach = press.at_ms - off_ms, press.at_ms + off_ms
            if reach[1] < claim[0] or reach[0] >= claim[1]:
                continue
            if contested(reach, claim, others):
                self.perhaps_presses.append(press.at_ms)
            elif claim[0] <= press.at_ms < claim[1]:
                found.append(press)
        return found

    def sort(self) -> None:
        """Puts everything in order of time, once all logs are added."""
        self.stretches.sort(key=lambda stretch: stretch.begin_ms)
        self.boluses.sort(key=lambda part: part.begin_ms)
        self.demands.sort(key=lambda demand: demand.at_ms)
        self.bag_changes.sort(key=lambda change: change.at_ms)
        self.reliefs.sort(key=lambda press: press.at_ms)
        self.checks.sort(key=lambda check: check.at_ms)
        self.signatures.sort(key=lambda signature: signature.noticed_ms)
        self.disagreements.sort(key=lambda each: each.begin_ms)
        self.brackets.sort(key=lambda bracket: bracket.begin_ms)
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

    def covered_ms(self, begin_ms: int, end_ms: int) -> int:
        """Returns how much of [begin, end) minutes cover."""
        return length(clip(self.covered, begin_ms, end_ms))

    def unsure_ms(self, begin_ms: int, end_ms: int) -> int:
        """Returns how much of that may be another patient's."""
        sure = merge(stretch.surely for stretch in self.stretches_in(begin_ms, end_ms))
        return self.covered_ms(begin_ms, end_ms) - length(clip(intersect(self.covered, sure),
                                                               begin_ms, end_ms))

    def perhaps_in(self, begin_ms: int, end_ms: int) -> list[Perhaps]:
        """Returns the minutes in no value that may be the patient's, and then in [begin, end)."""
        return [each for each in self.perhaps if each.truly[0] < end_ms and each.truly[1] > begin_ms]

    def perhaps_boluses_in(self, begin_ms: int, end_ms: int) -> list[PerhapsBolus]:
        """Returns the boluses in no value that may be the patient's, and then in [begin, end)."""
        return [each for each in self.perhaps_boluses
                if each.truly[0] <= end_ms and each.truly[1] >= begin_ms]

    def perhaps_ms(self, begin_ms: int, end_ms: int) -> int:
        """Returns how long the minutes of `perhaps_in` last."""
        return length(merge((each.stretch.begin_ms, each.stretch.end_ms)
                            for each in self.perhaps_in(begin_ms, end_ms)))

    def running(self, begin_ms: int, end_ms: int) -> Running:
        """Returns how long the pump ran within the covered part of [begin, end)."""
        ms, surely_ms, perhaps_ms = (length(clip(part, begin_ms, end_ms))
                                     for part in (self.ran, self.ran_surely, self.ran_perhaps))
        least_ms = max(0, min(surely_ms, ms) - self.unsure_ms(begin_ms, end_ms))
        return Running(ms, least_ms, max(perhaps_ms, ms) + self.perhaps_ms(begin_ms, end_ms))

    def watched(self, begin_ms: int, end_ms: int) -> Running:
        """Returns how long minutes cover [begin, end), by how the borders of the stay may lie."""
        ms = self.covered_ms(begin_ms, end_ms)
        return Running(ms, ms - self.unsure_ms(begin_ms, end_ms),
                       ms + self.perhaps_ms(begin_ms, end_ms))

    def continuous_pl(self, begin_ms: int, end_ms: int, surely: bool = False) -> Fraction:
        """Returns the volume without boluses in [begin, end); surely: only of what is the patient's for
        certain."""
        return sum((stretch.continuous_pl(begin_ms, end_ms, surely)
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


def _inside(bolus: Bolus, claim: Interval) -> bool:
    """Returns whether some of a bolus lies in a claim by the clock."""
    return bolus.end_ms > claim[0] and bolus.begin_ms < claim[1] or claim[0] <= bolus.begin_ms < claim[1]


def _part(bolus: Bolus, begin_ms: int, end_ms: int, covered: list[Interval], surely: bool
          ) -> BolusPart:
    inside = max(bolus.begin_ms, begin_ms), min(max(bolus.end_ms, bolus.begin_ms), end_ms)
    whole = length(clip(covered, *inside)) == inside[1] - inside[0]
    return BolusPart(bolus, *inside, whole, surely and not bolus.is_too_fast)
