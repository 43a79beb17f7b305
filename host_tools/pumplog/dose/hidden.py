"""Presses that may have given so little that no count tells it: denied, and not by a lockout.

A board denies such a press because the continuous rate alone explains the counts that came. A pump
that stopped at once may still have given a count or two: the motor's phase, the count that the board
allows that rate, and a 16th of that rate's counts meanwhile. So much is in the high bounds of what the
patient asked for, and out of the low bound of the continuous volume. Where a whole bolus is no more than
that it may have been a delivery. A pump that surely stood gave
nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction

from ..intervals import holds
from ..patients import Observed

_LEAST_BOLUS_PL = 100 * 1_000_000  # an hour of the slowest rate in use, 0.1 mL/h
_ANSWER_MS = 120_000  # by then a board has decided what a press gave


@dataclass(frozen=True)
class Hidden:
    """What such a press may have given."""

    most_pl: Fraction  #: at most, pL
    uncertainty_ppm: int  #: relative standard uncertainty of that, ppm

    def may_be_whole(self, bolus_pl: Fraction | None) -> bool:
        """Whether it may have been nine tenths of a bolus of so much; None: nobody knows of how much."""
        most_pl = self.most_pl * (1_000_000 + 2 * self.uncertainty_ppm) / 1_000_000
        return 10 * most_pl >= 9 * (_LEAST_BOLUS_PL if bolus_pl is None else bolus_pl)


def hidden(observed: Observed, begin_ms: int, end_ms: int) -> list[Hidden]:
    """Returns what each such press in [begin, end) may have given."""
    first, behind = (bisect_left(observed.demands, at, key=lambda demand: demand.at_ms)
                     for at in (begin_ms, end_ms))
    return [_hidden(observed, demand.at_ms) for demand in observed.demands[first:behind]
            if demand.outcome == "denied" and demand.reason != "lockout"
            and holds(observed.ran_perhaps, demand.at_ms)]


def _hidden(observed: Observed, at_ms: int) -> Hidden:
    until_ms = at_ms + _ANSWER_MS
    runs = [stretch.run.calibration for stretch in observed.stretches_in(at_ms, until_ms)]
    rate_pl = max(Fraction(0), observed.continuous_pl(at_ms, until_ms))
    return Hidden(2 * max((each.pl_per_count for each in runs), default=0) + rate_pl / 16,
                  max((each.uncertainty_ppm for each in runs), default=0))
