"""Presses and boluses whose record never came: kept as possibilities, never dropped.

A DEMAND given is written when counts prove the bolus, the BOLUS at its end. Where the end was never
written (power went, the board hung, the log was pulled meanwhile, or the burst turned out to be a
rate), the bolus stands as inferred: a delivery, surely none and at most one; nothing of it is taken
out of the continuous volume, and at most all that was counted from its begin on. Likewise a press
that a MINUTE counted and no DEMAND tells of: unresolved, at most one delivery.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from pumpwire import records as wire

from ..store import StoredRecord

LONGEST_MS = 1_800_000  # of a bolus, by the tracker


@dataclass(frozen=True)
class Open:
    """What was left open in a boot: a bolus (proven) or a press, from begin to end uptime ms;
    counts: all that were made from the minute of its begin on; seq: of its DEMAND or MINUTE."""

    proven: bool
    begin_uptime_ms: int
    end_uptime_ms: int
    counts: int
    seq: int


class PressBook:
    """Follows one boot, or the part of it up to a hole in the log."""

    def __init__(self) -> None:
        self._minutes: list[tuple[int, int, int, int, int]] = []  # begin, end, counts, presses, seq
        self._demands: list[int] = []
        self._given: StoredRecord | None = None
        self._unfinished: list[tuple[int, int]] = []  # uptime of its begin, seq

    def minute(self, begin_ms: int, end_ms: int, counts: int, presses: int, seq: int) -> None:
        """Takes a minute, in uptime ms."""
        self._minutes.append((begin_ms, end_ms, counts, presses, seq))

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

    def close(self) -> list[Open]:
        """Returns what was left open, and begins anew."""
        self._leave_open()
        found = [self._open(True, at_ms, at_ms, seq) for at_ms, seq in self._unfinished]
        demands = sorted(self._demands)
        k = 0
        for begin_ms, end_ms, _, presses, seq in self._minutes:
            while k < len(demands) and demands[k] <= begin_ms:
                k += 1
            told = k
            while k < len(demands) and demands[k] <= end_ms:
                k += 1
            if presses > k - told:
                found += [self._open(False, begin_ms, end_ms, seq)] * (presses - (k - told))
        self.__init__()  # type: ignore[misc]
        return found

    def _leave_open(self) -> None:
        if self._given is not None:
            record, self._given = self._given, None
            self._unfinished.append((record.uptime_ms - record.fields["ago_ms"], record.seq))

    def _open(self, proven: bool, begin_ms: int, pressed_by_ms: int, seq: int) -> Open:
        last_ms = max(pressed_by_ms, min(begin_ms + LONGEST_MS,
                                         self._minutes[-1][1] if self._minutes else begin_ms))
        first = bisect_right(self._minutes, begin_ms, key=lambda minute: minute[1])
        behind = bisect_left(self._minutes, last_ms, key=lambda minute: minute[0])
        counts = sum(minute[2] for minute in self._minutes[first:behind])
        return Open(proven, begin_ms if proven else pressed_by_ms, last_ms, counts, seq)
