"""What lies between brackets in a window: its time and its volume, kept apart from what was observed.

A bracket is time that no minute covers, between two boots, of which both ends are known (log/brackets).
The pump may have moved nothing meanwhile, or all that weight or rate allows. So a bracket is in no
value and no low bound. It adds its high volume to the high bounds of every window that it touches:
all of it, since nobody knows when it moved. Figures per day divide by the time observed.
Their bounds must hold for the mean over the bracketed time too, and so know its length at least and at
most.

Where neither weight nor rate bounds the volume, or no bolus's size is known, there is no bracket: the
time stays unknown. Taken as bracketed, with an endless bound, it would make every figure endless.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..intervals import Interval, clip, length
from ..log import PL_PER_UL, Bracket
from ..moments import utc_text
from ..patients import Episode, Observed
from ..quantities import decimal, hex_id
from .bags import Bag
from .figure import ZERO, Figure, figure_json
from .volumes import PL_PER_ML


@dataclass(frozen=True)
class BracketVolume:
    """A bracket that concerns a window, and what the pump may have moved in all of it."""

    bracket: Bracket  #: its time and its records
    volume_ml: Figure  #: mL

    def touches(self, begin_ms: int, end_ms: int) -> bool:
        """Returns whether it falls into [begin, end)."""
        return _touches(self.bracket, begin_ms, end_ms)

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program, every decimal a string."""
        bracket = self.bracket
        return {
            "begin_utc": utc_text(bracket.begin_ms), "end_utc": utc_text(bracket.end_ms),
            "at_most_s": decimal(Fraction(bracket.most_ms, 1000)), "by": bracket.how,
            "log_id": hex_id(bracket.log_id), "seqs": list(bracket.seqs),
            "ml": figure_json(self.volume_ml),
        }


@dataclass(frozen=True)
class Bracketed:
    """All that is bracketed in a window."""

    ms: int  #: as the brackets are placed
    least_ms: int  #: at least
    most_ms: int  #: at most
    volume_ml: Figure  #: what was moved meanwhile, mL
    deliveries: int  #: how many boluses may have begun meanwhile
    brackets: tuple[BracketVolume, ...]  #: in order of time

    def high_ml(self, begin_ms: int, end_ms: int) -> Fraction:
        """Returns what was moved at most in the brackets that touch [begin, end)."""
        return sum((each.volume_ml.high for each in self.brackets
                    if each.touches(begin_ms, end_ms)), Fraction(0))


def bracketed(
    episode: Episode, observed: Observed, hung: Sequence[Bag], begin_ms: int, end_ms: int
) -> Bracketed:
    """Returns what is bracketed in [begin, end); what neither rate nor weight bounds is not in it."""
    boluses_pl = programmed_pl(episode, observed)
    ms = least_ms = most_ms = deliveries = 0
    found: list[BracketVolume] = []
    total = ZERO
    for bracket in observed.brackets:
        if not _touches(bracket, begin_ms, end_ms):
            continue
        bounds_pl = bracket.volume_pl(max(boluses_pl, default=None), [bag.at_ms for bag in hung])
        if bounds_pl is None or not boluses_pl:
            continue
        volume_pl = Figure(*bounds_pl)
        span_ms = _uncovered_ms(bracket, observed.covered, begin_ms, end_ms)
        ms += span_ms
        whole = bracket.begin_ms >= begin_ms and bracket.end_ms <= end_ms
        most_ms += max(span_ms, bracket.most_ms) if whole else span_ms
        least_ms += 0 if bracket.how == "reset" else span_ms
        deliveries += bracket.deliveries(min(boluses_pl), volume_pl.high)
        found.append(BracketVolume(bracket, volume_pl.map(lambda pl: pl / PL_PER_ML)))
        total = total + found[-1].volume_ml
    return Bracketed(ms, least_ms, most_ms, total, deliveries, tuple(found))


def _touches(bracket: Bracket, begin_ms: int, end_ms: int) -> bool:
    return bracket.begin_ms < end_ms and bracket.end_ms >= begin_ms


def _uncovered_ms(bracket: Bracket, covered: list[Interval], begin_ms: int, end_ms: int) -> int:
    """Returns how much of a bracket lies in [begin, end) and under no minute."""
    inside = clip([(bracket.begin_ms, bracket.end_ms)], begin_ms, end_ms)
    return length(inside) - sum(length(clip(covered, *piece)) for piece in inside)


def programmed_pl(episode: Episode, observed: Observed) -> list[Fraction]:
    """Returns the volumes of one bolus that were prescribed or programmed."""
    prescribed = [entry.fields["bolus_ul"] for entry in episode.of_kind("regimen")]
    programmed = {part.bolus.programmed_ul for part in observed.boluses if not part.bolus.inferred}
    return [Fraction(ul * PL_PER_UL) for ul in {*prescribed, *programmed} if ul > 0]
