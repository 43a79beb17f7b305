"""Time that no board saw, but that both its ends bound: bracketed; neither observed nor unknown.

After a reset that kept the memory (RESUMED with lost_ms) the time lost is short: nothing at least,
at most what the pump makes at the rate around it and one bolus, or what the weight fell by. After a
power cut the weight on both sides tells how much left the bag, less what was counted between the
two weighings and the cut: a value with bounds. Where neither holds, the time stays unknown.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from ..intervals import Interval
from ..store import StoredRecord
from .runs import Calibration

_AROUND_MS = 600_000  # the rate around a reset is that of up to ten minutes on either side
_SIGMAS = 2
_CLOCKS_MS = 15_000  # a loss that clocks make longer than stated by more than this was no quick reset
PL_PER_UL = 1_000_000


@dataclass(frozen=True)
class Bracket:
    """[begin, end), Unix ms UTC, lasting most_ms at most, between what log_id's records seqs tell.

    by_rate_pl: without boluses, at most, None where only weights bound it; by_weight_pl: (value, low,
    high), None without; weighed: between which moments no bag may have been hung.
    """

    begin_ms: int
    end_ms: int
    most_ms: int
    by_rate_pl: Fraction | None
    by_weight_pl: tuple[Fraction, Fraction, Fraction] | None
    weighed: Interval
    log_id: int
    seqs: tuple[int, ...]

    @property
    def how(self) -> str:
        """What bounds it: reset or weight."""
        return "weight" if self.by_rate_pl is None else "reset"

    def volume_pl(
        self, bolus_pl: Fraction | None, hung_ms: Iterable[int]
    ) -> tuple[Fraction, Fraction, Fraction] | None:
        """Returns (value, low, high) of what was moved meanwhile, None where it is unknown.

        bolus_pl: of one bolus; hung_ms: when bags were hung: across that no weight tells a volume.
        """
        by_weight = self.by_weight_pl
        if any(self.weighed[0] <= at_ms <= self.weighed[1] for at_ms in hung_ms):
            by_weight = None
        if self.by_rate_pl is None:
            return by_weight
        highs = [by_weight[2]] if by_weight else []
        if bolus_pl is not None:
            highs.append(self.by_rate_pl + bolus_pl)
        return (Fraction(0), Fraction(0), min(highs)) if highs else None

    def deliveries(self, bolus_pl: Fraction, high_pl: Fraction) -> int:
        """Returns how many boluses may have begun meanwhile at most."""
        return 1 if self.by_rate_pl is not None else int(high_pl // bolus_pl) + 1


@dataclass
class _Level:
    record: StoredRecord
    at_ms: int
    counts: int = 0  # between it and the edge of the boot

    def fall_pl(self, later: _Level, calibration: Calibration) -> tuple[Fraction, Fraction, Fraction]:
        """Returns what left the bag and was not counted: value, low, high."""
        first, second = self.record.fields, later.record.fields
        sigma_ul = isqrt(first["se_ul"] ** 2 + second["se_ul"] ** 2) + 1
        counted_pl = Fraction((self.counts + later.counts) * calibration.pl_per_count)
        doubt_pl = (_SIGMAS * (sigma_ul * PL_PER_UL
                               + counted_pl * calibration.uncertainty_ppm / 1_000_000)
                    + 2 * calibration.pl_per_count)
        fall_pl = Fraction((first["level_ul"] - second["level_ul"]) * PL_PER_UL) - counted_pl
        return fall_pl, fall_pl - doubt_pl, fall_pl + doubt_pl


@dataclass
class _Edge:
    """How a boot ended: when, by what record, its last weight, its last minutes (ms, counts)."""

    at_ms: int
    seq: int
    level: _Level | None
    minutes: list[tuple[int, int]]


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
        self._minutes: deque[tuple[int, int]] = deque()
        self._opening: list[tuple[int, int]] = []
        self._calibration: Calibration | None = None

    def minute(self, begin_ms: int, end_ms: int, counts: int, seq: int,
               calibration: Calibration) -> None:
        """Takes a minute, or what RESUMED tells in place of one."""
        self._calibration = calibration
        self._end = end_ms, seq
        self._counts += counts
        span = end_ms - begin_ms, counts
        self._minutes.append(span)
        if len(self._minutes) * 60_000 > _AROUND_MS:
            self._minutes.popleft()
        if len(self._opening) * 60_000 < _AROUND_MS:
            self._opening.append(span)
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
        """A boot begins at begin_ms (None: nobody knows when)."""
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
            value, low, high = before.level.fall_pl(self._first, calibration)
            if high >= 0:
                by_weight = max(Fraction(0), value), max(Fraction(0), low), high
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


def _rate(minutes: Sequence[tuple[int, int]]) -> Fraction:
    """Returns the counts a ms at most."""
    ms = sum(span_ms for span_ms, _ in minutes)
    return Fraction(sum(counts for _, counts in minutes) + 1, ms) if ms else Fraction(0)
