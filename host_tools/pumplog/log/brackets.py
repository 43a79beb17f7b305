"""Time that no board recorded, but that both its ends bound: neither observed nor unknown.

After a reset that kept the memory (RESUMED with lost_ms) the time lost is short. Nothing was moved at
least; at most what the pump makes at the rate around it, and one bolus. The rate is the higher of
those of ten minutes on either side, and one count more, for a count may lie just beyond each end.

After a power cut the weight on both sides tells how much left the bag, less what was counted between the
two weighings and the cut. It is a value with bounds of two standard errors, and a count at either end.
It holds only if the same bag hung: a bag that was entered, or that the weight saw, spoils it. A bag
that became heavier beyond those bounds was refilled, and tells nothing either.

A reset is bounded by both where both hold. A loss that the clocks make longer than the board stated
was no quick reset, also where the board says so: its rate bounds nothing. Where neither holds the time
stays unknown. What lies in a bracket enters no value, only the upper bounds: nobody saw it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import NamedTuple

from ..intervals import Interval
from ..store import StoredRecord
from .runs import Calibration

_AROUND_MS = 600_000  # the rate around a reset is that of up to ten minutes on either side
_SIGMAS = 2
_CLOCKS_MS = 15_000  # a loss that clocks make longer than stated by more than this was no quick reset
PL_PER_UL = 1_000_000


class BoundedPl(NamedTuple):
    """A volume between its bounds, in pL."""

    value: Fraction  #: what it most likely is, pL
    low: Fraction  #: at least, pL
    high: Fraction  #: at most, pL


@dataclass(frozen=True)
class Bracket:
    """Time between two boots of which what was moved is bounded."""

    begin_ms: int  #: when it begins, Unix ms UTC
    end_ms: int  #: when it ends, Unix ms UTC
    most_ms: int  #: how long it lasted at most, ms
    by_rate_pl: Fraction | None  #: moved at most, without boluses, pL; None: only weights bound it
    by_weight_pl: BoundedPl | None  #: moved by the weights on both sides, pL; None: not weighed
    weighed: Interval  #: between these two moments no bag may have been hung, Unix ms UTC
    log_id: int  #: the log of its records
    seqs: tuple[int, ...]  #: the numbers of the records that bound it

    @property
    def how(self) -> str:
        """What bounds it: reset or weight."""
        return "weight" if self.by_rate_pl is None else "reset"

    def volume_pl(self, bolus_pl: Fraction | None, hung_ms: Iterable[int]) -> BoundedPl | None:
        """Returns what was moved meanwhile, in pL, None where it is unknown.

        bolus_pl: of one bolus; hung_ms: when bags were hung, Unix ms UTC: across that no weight tells
        a volume.
        """
        by_weight = self.by_weight_pl
        if any(self.weighed[0] <= at_ms <= self.weighed[1] for at_ms in hung_ms):
            by_weight = None
        if self.by_rate_pl is None:
            return by_weight
        highs = [by_weight.high] if by_weight else []
        if bolus_pl is not None:
            highs.append(self.by_rate_pl + bolus_pl)
        return BoundedPl(Fraction(0), Fraction(0), min(highs)) if highs else None

    def deliveries(self, bolus_pl: Fraction, high_pl: Fraction) -> int:
        """Returns how many boluses may have begun meanwhile at most."""
        return 1 if self.by_rate_pl is not None else int(high_pl // bolus_pl) + 1


@dataclass
class _Level:
    record: StoredRecord
    at_ms: int
    counts: int = 0  # between it and the edge of the boot

    def fall_pl(self, later: _Level, calibration: Calibration) -> BoundedPl:
        """Returns what left the bag and was not counted."""
        first, second = self.record.fields, later.record.fields
        sigma_ul = isqrt(first["se_ul"] ** 2 + second["se_ul"] ** 2) + 1
        counted_pl = Fraction((self.counts + later.counts) * calibration.pl_per_count)
        uncertainty_pl = (_SIGMAS * (sigma_ul * PL_PER_UL
                                     + counted_pl * calibration.uncertainty_ppm / 1_000_000)
                          + 2 * calibration.pl_per_count)
        fall_pl = Fraction((first["level_ul"] - second["level_ul"]) * PL_PER_UL) - counted_pl
        return BoundedPl(fall_pl, fall_pl - uncertainty_pl, fall_pl + uncertainty_pl)


class _Minute(NamedTuple):
    span_ms: int
    counts: int


@dataclass
class _Edge:
    """How a boot ended."""

    at_ms: int
    seq: int
    level: _Level | None  # its last weight
    minutes: list[_Minute]  # its last ten minutes


class BracketBook:
    """Follows one log in order of seq; `found` holds the brackets between its boots."""

    def __init__(self, log_id: int) -> None:
        self.found: list[Bracket] = []
        self._log_id = log_id
        self._before: _Edge | None = None
        self._begin_ms = 0
        self._lost_ms = 0
        self._forget_boot()

    def _forget_boot(self) -> None:
        self._first: _Level | None = None
        self._first_lost = False
        self._last: _Level | None = None
        self._end: tuple[int, int] | None = None  # ms, seq
        self._counts = 0
        self._minutes: deque[_Minute] = deque()
        self._opening: list[_Minute] = []
        self._calibration: Calibration | None = None

    def minute(self, begin_ms: int, end_ms: int, counts: int, seq: int,
               calibration: Calibration) -> None:
        """Takes a minute, or what RESUMED tells in place of a minute; Unix ms UTC."""
        self._calibration = calibration
        self._end = end_ms, seq
        self._counts += counts
        minute = _Minute(end_ms - begin_ms, counts)
        self._minutes.append(minute)
        if len(self._minutes) * 60_000 > _AROUND_MS:
            self._minutes.popleft()
        if len(self._opening) * 60_000 < _AROUND_MS:
            self._opening.append(minute)
        if self._last is not None:
            self._last.counts += counts

    def level(self, record: StoredRecord, at_ms: int) -> None:
        """Takes a RESERVOIR record."""
        if record.fields["level_ul"] < 0:
            return
        self._last = _Level(record, at_ms)
        if self._first is None:
            self._first = _Level(record, at_ms, self._counts)

    def bag(self) -> None:
        """The weight saw another bag, or a refill: what it says before and after is not one bag's."""
        self._last = None
        if self._first is None:  # none before the change: none that belongs to the boot's beginning
            self._first_lost = True

    def boot(self, begin_ms: int | None, lost_ms: int) -> None:
        """A boot begins at begin_ms, Unix ms UTC (None: nobody knows when).

        lost_ms: how long the reset before it was at most, ms; 0: nobody knows.
        """
        self.finish()
        edge = None
        if self._end is not None:
            edge = _Edge(*self._end, self._last, list(self._minutes))
        self._before = edge if begin_ms is not None else None
        self._forget_boot()
        self._begin_ms, self._lost_ms = begin_ms or 0, lost_ms

    def finish(self) -> None:
        """Notes the bracket before the boot that ends now."""
        before, calibration = self._before, self._calibration
        if before is None or calibration is None:
            return
        self._before = None
        weighed = before.at_ms, self._begin_ms
        by_weight = None
        seqs = [before.seq]
        if before.level and self._first and not self._first_lost:
            weighed = before.level.at_ms, self._first.at_ms
            fall = before.level.fall_pl(self._first, calibration)
            if fall.high >= 0:
                by_weight = BoundedPl(max(Fraction(0), fall.value), max(Fraction(0), fall.low),
                                      fall.high)
                seqs = [before.level.record.seq, before.seq, self._first.record.seq]
        by_rate = None
        most_ms = self._begin_ms - before.at_ms
        if self._lost_ms and most_ms <= self._lost_ms + _CLOCKS_MS:
            most_ms = max(most_ms, self._lost_ms)
            by_rate = most_ms * calibration.pl_per_count * max(
                _rate(before.minutes), _rate(self._opening))
        if by_rate is not None or by_weight is not None:
            self.found.append(Bracket(before.at_ms, max(before.at_ms, self._begin_ms), most_ms,
                                      by_rate, by_weight, weighed, self._log_id, tuple(seqs)))


def _rate(minutes: Sequence[_Minute]) -> Fraction:
    """Returns the counts a ms at most."""
    ms = sum(minute.span_ms for minute in minutes)
    return Fraction(sum(minute.counts for minute in minutes) + 1, ms) if ms else Fraction(0)
