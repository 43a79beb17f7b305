"""Counts in time: unbroken runs of minutes, and the boluses among them.

Volumes are exact: picolitres, as ints or as Fractions where a minute or a bolus is split. Integer
sums have no order; sums in floating point have, and a mean of 20.25 printed as 20.24 when cut.
Minutes stand in columns with running totals: so the counts of any stretch are a single difference.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from pumpwire import names

from ..store import StoredRecord

_LAG_MS = 5000  # a bolus begins within this of its press, and is no slower than this: the firmware's
_SLOWEST_UL_H = 10_000
_FASTEST_UL_H = 500_000  # of an ambulatory pump, a prime included: makers give 125 to 500 mL/h; assumed
_AT_ONCE_MS = 2000  # counts of so long may be read at once: an erase of flash, a write of the settings
_EITHER_WAY = 1500  # thousandths of counts by which a burst's own may be off: as the firmware judges it


@dataclass(frozen=True)
class Calibration:
    """The volume of a count."""

    pl_per_count: int  #: pL a count
    uncertainty_ppm: int  #: its relative standard uncertainty, ppm
    seq: int | None  #: the number of its record; None: only the store knows it
    from_ms: int = 0  #: since when it holds where only the store knows it, Unix ms UTC

    @classmethod
    def of(cls, record: StoredRecord) -> Calibration:
        """Takes a CALIBRATION record."""
        return cls(record.fields["pl_per_count"], record.fields["uncertainty_ppm"], record.seq)


class BolusPiece(NamedTuple):
    """A part of a bolus, even over its time."""

    begin_ms: int  #: Unix ms UTC
    end_ms: int  #: Unix ms UTC
    pl: Fraction  #: its volume, pL


@dataclass(frozen=True)
class Bolus:
    """A burst of counts beyond the continuous rate."""

    begin_ms: int  #: when it began, Unix ms UTC
    end_ms: int  #: when it ended, Unix ms UTC
    milli_counts: int  #: its counts without those of the continuous rate, in thousandths
    pl_per_count: int  #: pL a count
    source: str  #: who asked for it: a value of pumpwire.names.SOURCES, or unknown
    halted: bool  #: given in part: it ended before nine tenths of what was programmed, by the record
    inferred: bool  #: perhaps nothing was given
    log_id: int  #: the log of its record
    seq: int  #: the number of its record
    programmed_ul: int = 0  #: what it was to give, uL; 0: not known. Left open: at most, uL
    likely: bool = True  #: it counts as a delivery, even if it is inferred
    open: bool = False  #: its end was not recorded
    continues: bool = False  #: it is the rest of the bolus before it, which a restart cut in two
    cut: bool = False  #: the board's power ended its record, not the pump the bolus
    uncertainty_ppm: int = 0  #: relative standard uncertainty of pl_per_count, ppm
    awaited_ul: int = 0  #: inferred: a whole bolus would have come to so much by the record's time, uL
    pieces: tuple[BolusPiece, ...] = ()  #: where its volume was, if not evenly over its time

    @classmethod
    def of(cls, record: StoredRecord, at_ms: int, calibration: Calibration) -> Bolus:
        """Takes a BOLUS record that was made at at_ms."""
        fields = record.fields
        begin_ms = at_ms - fields["ago_ms"]
        gone_ms = max(0, fields["ago_ms"] - _LAG_MS)
        return cls(
            begin_ms, begin_ms + fields["duration_ms"],
            fields["counts"] * 1000 - fields["continuous_milli_counts"], calibration.pl_per_count,
            names.SOURCES.get(fields["source"], "unknown"), bool(fields["halted"]),
            bool(fields["inferred"]), record.log_id, record.seq, fields["programmed_ul"],
            uncertainty_ppm=calibration.uncertainty_ppm,
            awaited_ul=min(fields["programmed_ul"], gone_ms * _SLOWEST_UL_H // 3_600_000))

    @property
    def volume_pl(self) -> Fraction:
        """The volume in pL, never below nothing."""
        return Fraction(max(0, self.milli_counts) * self.pl_per_count, 1000)

    @property
    def bounds_pl(self) -> tuple[Fraction, Fraction]:
        """At least and at most, in pL: one count less and one more.

        Of an inferred bolus: nothing at least, and at most what was programmed if that is more. Of
        counts that came faster than a pump gives: nothing at least.
        """
        high = Fraction(max(0, self.milli_counts + 1000) * self.pl_per_count, 1000)
        if self.inferred:
            most_ul = self.programmed_ul if self.may_be_whole else 0
            return Fraction(0), max(high, Fraction(most_ul * 1_000_000))
        least = Fraction(0) if self.is_too_fast else self.volume_pl - self.pl_per_count
        return max(Fraction(0), least), high

    @property
    def is_too_fast(self) -> bool:
        """Whether its counts came faster than a pump gives: the lead may have picked them up."""
        most_ul = Fraction((self.end_ms - self.begin_ms + _AT_ONCE_MS) * _FASTEST_UL_H, 3_600_000)
        return self.volume_pl > most_ul * 1_000_000

    # ---- whole, or given in part: less than nine tenths of what was programmed

    @property
    def in_part(self) -> bool:
        """Whether it most likely was given in part: it is no delivery then."""
        return self.likely and (self.halted or not self.may_be_whole)

    @property
    def may_be_whole(self) -> bool:
        """Whether the counts allow that nine tenths were given; of an inferred bolus, that they were
        still to come. Where nobody knows what was programmed, nothing is known to be a part."""
        if self.open or self.cut or not self.programmed_ul:
            return True
        spread_ppm = 2 * self.uncertainty_ppm
        most_pl = (self.milli_counts + _EITHER_WAY) * self.pl_per_count * (1_000_000 + spread_ppm)
        whole_ul = self.awaited_ul if self.inferred else self.programmed_ul
        return 10 * most_pl >= 9 * whole_ul * 10**15

    @property
    def surely_in_part(self) -> bool:
        """Whether something was given, and the counts do not allow that nine tenths were."""
        return not self.inferred and not self.may_be_whole

    @property
    def surely_whole(self) -> bool:
        """Whether the counts allow nothing but that nine tenths were given, and no second bolus."""
        if self.inferred or self.in_part:
            return False
        if self.cut or not self.programmed_ul:
            return True
        spread_ppm = 2 * self.uncertainty_ppm
        least_pl = (self.milli_counts - _EITHER_WAY) * self.pl_per_count * (1_000_000 - spread_ppm)
        return 9 * self.programmed_ul * 10**15 <= 10 * least_pl <= 11 * self.programmed_ul * 10**15

    def share(self, begin_ms: int, end_ms: int) -> Fraction:
        """Returns which part of the bolus falls into [begin, end), pro rata in time by its pieces."""
        if self.pieces:
            inside = sum((pl * max(0, min(b, end_ms) - max(a, begin_ms)) / (b - a)
                          for a, b, pl in self.pieces), Fraction(0))
            return inside / self.volume_pl
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
        """Returns the volume of all boluses in [begin, end), in pL."""
        return sum((b.volume_pl * b.share(begin_ms, end_ms) for b in self.during(begin_ms, end_ms)),
                   Fraction(0))


@dataclass
class Run:
    """Unbroken minutes of one boot at one calibration, in columns.

    Minute k lies in [edges_ms[k], edges_ms[k+1]) and made totals[k+1] - totals[k] counts.
    """

    log_id: int  #: the log of its records
    boot: int  #: the boot that counted
    calibration: Calibration  #: of all its counts
    edges_ms: array[int]  #: where minutes begin and end, one more than minutes, Unix ms UTC
    uncertainties_ms: array[int]  #: each edge is right give or take this, ms
    totals: array[int] = field(  #: counts up to each edge
        default_factory=lambda: array("q", [0]))
    seqs: array[int] = field(  #: the number of each minute's record
        default_factory=lambda: array("q"))

    @property
    def begin_ms(self) -> int:
        """When the first minute begins, Unix ms UTC."""
        return self.edges_ms[0]

    @property
    def end_ms(self) -> int:
        """When the last minute ends, Unix ms UTC."""
        return self.edges_ms[-1]

    def add(self, end_ms: int, uncertainty_ms: int, counts: int, seq: int) -> None:
        """Appends the next minute, which ends at end_ms, Unix ms UTC."""
        self.edges_ms.append(end_ms)
        self.uncertainties_ms.append(uncertainty_ms)
        self.totals.append(self.totals[-1] + counts)
        self.seqs.append(seq)

    def minutes(self, begin_ms: int, end_ms: int) -> tuple[int, int]:
        """Returns the minutes [first, behind last) that overlap [begin, end)."""
        first = max(0, bisect_right(self.edges_ms, begin_ms) - 1)
        return first, max(first, min(len(self.seqs), bisect_left(self.edges_ms, end_ms)))

    def uncertainty_ms(self, at_ms: int) -> int:
        """Returns the clock's uncertainty at about at_ms, in ms."""
        edge = min(len(self.edges_ms) - 1, bisect_left(self.edges_ms, at_ms))
        return self.uncertainties_ms[edge]

    def continuous_pl(self, begin_ms: int, end_ms: int, boluses: Boluses) -> Fraction:
        """Returns the volume in [begin, end) without boluses, in pL.

        A minute that an edge cuts counts pro rata, less its boluses, which have times of their own.
        """
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
