"""Presses and boluses whose record never came: kept as possibilities, never dropped.

A DEMAND is written once counts prove its bolus, the BOLUS at its end. An end may never be written:
power went, the board hung, the log was pulled meanwhile, or the burst turned out to be a rate. Then
the bolus is left open: 0 to 1 delivery. Nothing of it is taken out of the continuous volume; at most it
had all that was counted from its begin on, over the longest bolus that the tracker follows. Likewise a
press that a MINUTE counted and no DEMAND tells of: unresolved, at most one delivery.

Minutes and demands are both in order, so one walk along both finds the presses without a demand; the
counts of what is left open are found by bisection. Going through all minutes for each open press was
left: with a handset that sticks there are as many of both.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from typing import NamedTuple

from pumpwire import records as wire

from ..store import StoredRecord

LONGEST_MS = 1_800_000  # of a bolus, by the tracker


@dataclass(frozen=True)
class LeftOpen:
    """A bolus or a press of a boot whose end, or outcome, was not recorded."""

    proven: bool  #: counts proved a bolus; False: a press of which nobody knows what came
    begin_uptime_ms: int  #: when it began, ms since the boot began
    end_uptime_ms: int  #: until when it may have lasted, ms since the boot began
    counts: int  #: all counts from the minute of its begin until then
    seq: int  #: the number of its DEMAND or MINUTE
    times: int = 1  #: how many presses of that minute are alike


class _Minute(NamedTuple):
    begin_ms: int
    end_ms: int
    counts: int
    presses: int
    seq: int


class PressBook:
    """Follows one boot, in uptime ms."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._minutes: list[_Minute] = []
        self._demands: list[int] = []
        self._given: StoredRecord | None = None
        self._unfinished: list[tuple[int, int]] = []  # uptime of its begin, seq

    def minute(self, begin_ms: int, end_ms: int, counts: int, presses: int, seq: int) -> None:
        """Takes a minute, in uptime ms."""
        self._minutes.append(_Minute(begin_ms, end_ms, counts, presses, seq))

    def demand(self, record: StoredRecord) -> None:
        """Takes a DEMAND record."""
        self._demands.append(record.uptime_ms - record.fields["ago_ms"])
        if record.fields["outcome"] == wire.GIVEN:
            self._leave_open()
            self._given = record

    def bolus(self, source: int) -> None:
        """Takes note of a BOLUS record."""
        if source == wire.PATIENT:
            self._given = None

    def close(self) -> list[LeftOpen]:
        """Returns what was left open, and begins again."""
        self._leave_open()
        found = [self._left_open(True, at_ms, at_ms, seq) for at_ms, seq in self._unfinished]
        demands = sorted(self._demands)
        k = 0
        for minute in self._minutes:
            while k < len(demands) and demands[k] <= minute.begin_ms:
                k += 1
            first = k
            while k < len(demands) and demands[k] <= minute.end_ms:
                k += 1
            without_demand = minute.presses - (k - first)
            if without_demand > 0:
                found.append(replace(
                    self._left_open(False, minute.begin_ms, minute.end_ms, minute.seq),
                    times=without_demand))
        self._begin()
        return found

    def _leave_open(self) -> None:
        if self._given is not None:
            record, self._given = self._given, None
            self._unfinished.append((record.uptime_ms - record.fields["ago_ms"], record.seq))

    def _left_open(self, proven: bool, begin_ms: int, pressed_by_ms: int, seq: int) -> LeftOpen:
        last_ms = max(pressed_by_ms, min(begin_ms + LONGEST_MS,
                                         self._minutes[-1].end_ms if self._minutes else begin_ms))
        first = bisect_right(self._minutes, begin_ms, key=lambda minute: minute.end_ms)
        behind = bisect_left(self._minutes, last_ms, key=lambda minute: minute.begin_ms)
        counts = sum(minute.counts for minute in self._minutes[first:behind])
        return LeftOpen(proven, begin_ms if proven else pressed_by_ms, last_ms, counts, seq)
