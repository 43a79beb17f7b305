"""Counts in time: unbroken runs of minutes, and the boluses among them.

Volumes are exact: picolitres, as ints or as Fractions where a minute or a bolus is split.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True)
class Calibration:
    """Picolitres a count and their relative standard uncertainty; seq of its record, None: only
    the store knows it, since from_ms."""

    pl_per_count: int
    uncertainty_ppm: int
    seq: int | None
    from_ms: int = 0


@dataclass(frozen=True)
class Bolus:
    """A burst of counts: milli_counts of it (thousandths) are not the continuous rate's.

    inferred: perhaps nothing was given; likely: counted as a delivery all the same; open: its end was
    not recorded; continues: the rest of the bolus before, which a restart of the board cut in two.
    """

    begin_ms: int
    end_ms: int
    milli_counts: int
    pl_per_count: int
    source: str
    halted: bool
    inferred: bool
    log_id: int
    seq: int
    programmed_ul: int = 0
    likely: bool = True
    open: bool = False
    continues: bool = False

    @property
    def volume_pl(self) -> Fraction:
        """The volume, never below nothing."""
        return Fraction(max(0, self.milli_counts) * self.pl_per_count, 1000)

    @property
    def bounds_pl(self) -> tuple[Fraction, Fraction]:
        """One count less and one more; where it is only inferred, nothing at least, and at most what
        was programmed if that is more."""
        high = Fraction(max(0, self.milli_counts + 1000) * self.pl_per_count, 1000)
        if self.inferred:
            return Fraction(0), max(high, Fraction(self.programmed_ul * 1_000_000))
        return max(Fraction(0), self.volume_pl - self.pl_per_count), high

    def share(self, begin_ms: int, end_ms: int) -> Fraction:
        """Returns which part of the bolus falls into [begin, end), pro rata in time."""
        span_ms = self.end_ms - self.begin_ms
        if span_ms <= 0:
            return Fraction(begin_ms <= self.begin_ms < end_ms)
        return Fraction(max(0, min(self.end_ms, end_ms) - max(self.begin_ms, begin_ms)), span_ms)


class Boluses:
    """Boluses in order of their begin, found by time."""

    def __init__(self, boluses: Iterable[Bolus]) -> None:
        self._all = sorted(boluses, key=lambda bolus: bolus.begin_ms)
        self._longest_ms = max((b.end_ms - b.begin_ms for b in self._all), default=0)

    def during(self, begin_ms: int, end_ms: int) -> list[Bolus]:
        """Returns those of which some part falls into [begin, end)."""
        first = bisect_left(self._all, begin_ms - self._longest_ms, key=lambda b: b.begin_ms)
        last = bisect_left(self._all, end_ms, key=lambda b: b.begin_ms)
        return [b for b in self._all[first:last] if b.end_ms > begin_ms or b.begin_ms == begin_ms]

    def volume_pl(self, begin_ms: int, end_ms: int) -> Fraction:
        """Returns the volume of all boluses in [begin, end)."""
        return sum((b.volume_pl * b.share(begin_ms, end_ms) for b in self.during(begin_ms, end_ms)),
                   Fraction(0))


@dataclass
class Run:
    """Unbroken minutes of one boot at one calibration, in columns: minute k lies in
    [edges_ms[k], edges_ms[k+1]) and made totals[k+1] - totals[k] counts; uncertainties_ms: of
    the edges."""

    log_id: int
    boot: int
    calibration: Calibration
    edges_ms: array[int]
    uncertainties_ms: array[int]
    totals: array[int] = field(default_factory=lambda: array("q", [0]))
    seqs: array[int] = field(default_factory=lambda: array("q"))

    @property
    def begin_ms(self) -> int:
        """When the first minute begins."""
        return self.edges_ms[0]

    @property
    def end_ms(self) -> int:
        """When the last minute ends."""
        return self.edges_ms[-1]

    def add(self, end_ms: int, uncertainty_ms: int, counts: int, seq: int) -> None:
        """Appends the next minute."""
        self.edges_ms.append(end_ms)
        self.uncertainties_ms.append(uncertainty_ms)
        self.totals.append(self.totals[-1] + counts)
        self.seqs.append(seq)

    def minutes(self, begin_ms: int, end_ms: int) -> tuple[int, int]:
        """Returns the minutes [first, behind last) that overlap [begin, end)."""
        first = max(0, bisect_right(self.edges_ms, begin_ms) - 1)
        return first, max(first, min(len(self.seqs), bisect_left(self.edges_ms, end_ms)))

    def uncertainty_ms(self, at_ms: int) -> int:
        """Returns the clock's uncertainty at about at_ms."""
        edge = min(len(self.edges_ms) - 1, bisect_left(self.edges_ms, at_ms))
        return self.uncertainties_ms[edge]

    def continuous_pl(self, begin_ms: int, end_ms: int, boluses: Boluses) -> Fraction:
        """Returns the volume in [begin, end) without boluses; a minute that an edge cuts counts
        pro rata, less its boluses, which have times of their own."""
        first, behind = self.minutes(begin_ms, end_ms)
        total = Fraction(0)
        for k in {first, behind - 1} if first < behind else ():
            a_ms, b_ms = self.edges_ms[k], self.edges_ms[k + 1]
            inside_ms = min(b_ms, end_ms) - max(a_ms, begin_ms)
            if 0 < inside_ms < b_ms - a_ms:
                total += self._less_boluses(k, k + 1, boluses) * Fraction(inside_ms, b_ms - a_ms)
                first, behind = (k + 1, behind) if k == first else (first, k)
        return total + self._less_boluses(first, behind, boluses)

    def _less_boluses(self, first: int, behind: int, boluses: Boluses) -> Fraction:
        if first >= behind:
            return Fraction(0)
        counts = self.totals[behind] - self.totals[first]
        return (counts * self.calibration.pl_per_count
                - boluses.volume_pl(self.edges_ms[first], self.edges_ms[behind]))
