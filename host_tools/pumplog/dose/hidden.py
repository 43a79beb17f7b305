"""Presses that may have given so little that no count tells it: denied, and not by a lockout.

A board denies such a press because the continuous rate alone explains the counts that came. A pump
that stopped at once may still have given a count or two: the motor's phase, the count that the board
allows that rate, and a 16th of that rate's counts meanwhile. So much is in the high bounds of what the
patient asked for, and out of the low bound of the continuous volume. A pump that surely stood gave
nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from fractions import Fraction

from ..intervals import holds
from ..patients import Observed

_ANSWER_MS = 120_000  # by then a board has decided what a press gave


def hidden_pl(observed: Observed, begin_ms: int, end_ms: int) -> list[Fraction]:
    """Returns what each such press in [begin, end) gave at most, in pL."""
    first, behind = (bisect_left(observed.demands, at, key=lambda demand: demand.at_ms)
                     for at in (begin_ms, end_ms))
    return [_most_pl(observed, demand.at_ms) for demand in observed.demands[first:behind]
            if demand.outcome == "denied" and demand.reason != "lockout"
            and holds(observed.ran_perhaps, demand.at_ms)]


def _most_pl(observed: Observed, at_ms: int) -> Fraction:
    until_ms = at_ms + _ANSWER_MS
    quanta_pl = [stretch.run.calibration.pl_per_count
                 for stretch in observed.stretches_in(at_ms, until_ms)]
    rate_pl = max(Fraction(0), observed.continuous_pl(at_ms, until_ms))
    return 2 * max(quanta_pl, default=0) + rate_pl / 16
