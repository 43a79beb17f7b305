"""Where a stay ends and another patient's begins, and the clock leaves open whose a record is.

A board's records lie in time give or take an uncertainty. A record is a patient's only if its whole
uncertain interval lies in the stay. At a border with another patient's stay three things follow:

- A bolus or a press that may lie on either side is nobody's. The high bounds of both patients hold it.
- What flows without end is divided at the border as the clock has it, as long as that is within five
  minutes. What may be the neighbour's is then in no low bound, and what may be the patient's is in the
  high bounds. Where the clock is less certain than that, the minutes in question are nobody's.
- Beyond a border that no other patient's stay comes near, nobody else can have had it: records are cut
  at the border. The bounds hold what the clock leaves open there too.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from ..intervals import Interval, clip
from ..log import Run

CLEAR_MS = 300_000  # a clock that is off by more than this divides nothing


@dataclass(frozen=True)
class Share:
    """A run's part in a stay: what it is by the clock, what it surely is, and what it may be."""

    span: Interval  #: by the clock, Unix ms UTC
    surely: Interval  #: the part of `span` that is the patient's for certain, Unix ms UTC
    perhaps: tuple[tuple[Interval, Interval], ...]  #: minutes that are in nobody's value, and where
    #: in the stay they truly lie if they are the patient's; Unix ms UTC


class Clock:
    """How certain the times of a log are, by its runs of minutes."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = sorted(runs, key=lambda run: run.begin_ms)
        self._begins = [run.begin_ms for run in self._runs]
        #: the greatest uncertainty of all, ms
        self.most_ms = max((max(run.uncertainties_ms) for run in self._runs), default=0)

    def uncertainty_ms(self, at_ms: int) -> int:
        """Returns the uncertainty of a moment, by the minutes around it; 0 without any."""
        k = bisect_right(self._begins, at_ms)
        near = self._runs[max(0, k - 1) : k + 1]
        inside = [run for run in near if run.begin_ms <= at_ms <= run.end_ms]
        return max((_around(run, at_ms) for run in inside or near), default=0)


def _around(run: Run, at_ms: int) -> int:
    edge = bisect_left(run.edges_ms, at_ms)
    return max(run.uncertainties_ms[max(0, edge - 1) : edge + 1], default=run.uncertainties_ms[-1])


def contested(reach: Interval, claim: Interval, others: list[Interval]) -> bool:
    """Returns whether something that lies in `reach` may be outside a claim, and another patient's."""
    outside = (reach[0], min(reach[1], claim[0])), (max(reach[0], claim[1]), reach[1])
    return any(clip(others, *piece) for piece in outside)


def share_of(run: Run, claim: Interval, others: list[Interval]) -> Share | None:
    """Returns a run's part in a claim, None if it has none; others: what other patients claim."""
    begin, end = _Border(run, claim[0], others, -1), _Border(run, claim[1], others, 1)
    span = max(begin.value[1], run.begin_ms), min(end.value[0], run.end_ms)
    surely = max(begin.surely[1], span[0]), min(end.surely[0], span[1])
    perhaps = [((max(begin.surely[0], run.begin_ms), min(begin.value[1], run.end_ms)),
                (claim[0], min(begin.value[1] + begin.reach_ms, claim[1]))),
               ((max(end.value[0], begin.value[1], run.begin_ms), min(end.surely[1], run.end_ms)),
                (max(end.value[0] - end.reach_ms, claim[0]), claim[1]))]
    kept = tuple(pair for pair in perhaps if pair[0][0] < pair[0][1])
    if span[0] >= span[1] and not kept:
        return None
    return Share(span, surely, kept)


class _Border:
    """What a run leaves open at a border: [before it, behind it), Unix ms UTC.

    value: up to there and from there on minutes are divided as the clock has it; surely: up to there and
    from there on they lie on that side for certain. outside: -1 before it is not the stay, 1 behind it.
    """

    def __init__(self, run: Run, at_ms: int, others: list[Interval], outside: int) -> None:
        self.value = self.surely = at_ms, at_ms
        self.reach_ms = 0
        most_ms = max(run.uncertainties_ms)
        across: list[tuple[int, int, int]] = []
        for k in range(*run.minutes(at_ms - most_ms - 1, at_ms + most_ms + 1)):
            uncertainty_ms = max(run.uncertainties_ms[k : k + 2])
            begin_ms, end_ms = run.edges_ms[k], run.edges_ms[k + 1]
            if begin_ms - uncertainty_ms < at_ms < end_ms + uncertainty_ms:
                across.append((begin_ms, end_ms, uncertainty_ms))
        if not across:
            return
        reach_ms = max(uncertainty_ms for _, _, uncertainty_ms in across)
        beyond = sorted((at_ms, at_ms + outside * reach_ms))
        self.reach_ms = reach_ms
        self.surely = (min(at_ms, *(max(a, at_ms - u) for a, _, u in across)),
                       max(at_ms, *(min(b, at_ms + u) for _, b, u in across)))
        unclear = [(a, b) for a, b, u in across if u > CLEAR_MS]
        if unclear and clip(others, *beyond):
            self.value = min(at_ms, unclear[0][0]), max(at_ms, unclear[-1][1])
