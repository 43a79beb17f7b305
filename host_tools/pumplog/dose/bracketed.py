"""What lies between brackets in a window: its time and its volume, kept apart from what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..intervals import Interval, clip, length
from ..log import PL_PER_UL, Bracket
from ..patients.episodes import Episode
from ..patients.observed import Observed
from .bags import Bag
from .volumes import PL_PER_ML, ZERO, Figure


@dataclass(frozen=True)
class Bracketed:
    """Time bracketed in a window (as placed, at least and at most, ms), what was moved meanwhile, and
    how many deliveries may have begun; brackets: each with its volume in mL."""

    ms: int
    least_ms: int
    most_ms: int
    volume_ml: Figure
    deliveries: int
    brackets: tuple[tuple[Bracket, Figure], ...]

    def high_ml(self, begin_ms: int, end_ms: int) -> Fraction:
        """Returns what was moved at most in the brackets that touch [begin, end)."""
        return sum((volume.high or Fraction(0) for bracket, volume in self.brackets
                    if _touches(bracket, begin_ms, end_ms)), Fraction(0))

    def widen(self, figure: Figure, begin_ms: int, end_ms: int) -> Figure:
        """Returns a volume in mL whose high bound takes in the brackets that touch [begin, end)."""
        if figure.high is None:
            return figure
        return Figure(figure.value, figure.low, figure.high + self.high_ml(begin_ms, end_ms))


def bracketed(
    one: Episode, seen: Observed, hung: Sequence[Bag], begin_ms: int, end_ms: int
) -> Bracketed:
    """Returns what is bracketed in [begin, end); what neither rate nor weight bounds is not in it."""
    boluses_pl = _boluses_pl(one, seen)
    ms = least_ms = most_ms = deliveries = 0
    found: list[tuple[Bracket, Figure]] = []
    seen_ms: list[Interval] = [*seen.observed]
    for bracket in seen.brackets:
        if not _touches(bracket, begin_ms, end_ms):
            continue
        volume_pl = bracket.volume_pl(max(boluses_pl, default=None), [bag.at_ms for bag in hung])
        if volume_pl is None or not boluses_pl:
            continue
        inside = clip([(bracket.begin_ms, bracket.end_ms)], begin_ms, end_ms)
        span_ms = length(inside) - sum(length(clip(seen_ms, *piece)) for piece in inside)
        ms += span_ms
        whole = bracket.begin_ms >= begin_ms and bracket.end_ms <= end_ms
        most_ms += max(span_ms, bracket.most_ms) if whole else span_ms
        least_ms += 0 if bracket.how == "reset" else span_ms
        deliveries += bracket.deliveries(min(boluses_pl), volume_pl[2])
        found.append((bracket, Figure(*(pl / PL_PER_ML for pl in volume_pl))))
    total = ZERO
    for _, volume in found:
        total = total + volume
    return Bracketed(ms, least_ms, most_ms, total, deliveries, tuple(found))


def _touches(bracket: Bracket, begin_ms: int, end_ms: int) -> bool:
    return bracket.begin_ms < end_ms and bracket.end_ms >= begin_ms


def _boluses_pl(one: Episode, seen: Observed) -> list[Fraction]:
    """Returns the volumes of one bolus that were prescribed or seen."""
    entered = [entry.fields["bolus_ul"] for entry in one.of_kind("regimen")]
    told = {part.bolus.programmed_ul for part in seen.boluses if not part.bolus.inferred}
    return [Fraction(ul * PL_PER_UL) for ul in {*entered, *told} if ul > 0]
