"""What a board saw of one patient, in UTC: counts by the minute, boluses, demands, pump, bags.

Volumes are exact: picolitres as ints, or Fractions where a minute or a bolus is split.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from pumpwire import names
from pumpwire import records as wire

from .store import StoredRecord
from .timeline import Timeline


@dataclass(frozen=True)
class Minute:
    """Counts in [begin, end), Unix ms UTC, at pl_per_count picolitres each."""

    begin_ms: int
    end_ms: int
    counts: int
    pl_per_count: int
    log_id: int
    seq: int


@dataclass(frozen=True)
class Bolus:
    """A burst of counts. volume_pl is what the continuous rate does not account for."""

    begin_ms: int
    end_ms: int
    volume_pl: Fraction
    quantum_pl: int
    source: str
    halted: bool
    inferred: bool
    log_id: int
    seq: int


@dataclass(frozen=True)
class Demand:
    """A press of the handset, and what came of it."""

    at_ms: int
    outcome: str
    reason: str
    inferred: bool


@dataclass(frozen=True)
class PumpChange:
    """The pump began to run, or stopped, at at_ms give or take uncertainty_ms."""

    at_ms: int
    running: bool
    uncertainty_ms: int


@dataclass
class Observed:
    """Everything seen, in order of time. unplaced: records of boots whose time nobody told."""

    minutes: list[Minute] = field(default_factory=list)
    boluses: list[Bolus] = field(default_factory=list)
    demands: list[Demand] = field(default_factory=list)
    pump: list[PumpChange] = field(default_factory=list)
    bag_changes_ms: list[int] = field(default_factory=list)
    uncertainty_ppm: int = 0
    clock_uncertainty_ms: int = 0
    unplaced: int = 0

    def minutes_in(self, begin_ms: int, end_ms: int) -> Iterable[Minute]:
        """Yields the minutes that overlap [begin, end)."""
        at = bisect_left(self.minutes, begin_ms, key=lambda minute: minute.end_ms)
        for minute in self.minutes[at:]:
            if minute.begin_ms >= end_ms:
                return
            if minute.end_ms > begin_ms:
                yield minute

    def running_ms(self, begin_ms: int, end_ms: int) -> tuple[int, int, int]:
        """Returns (running time, at least, at most) within the observed part of [begin, end)."""
        total = low = high = 0
        running, since_ms, doubt_ms = False, begin_ms, 0
        changes = [change for change in self.pump if change.at_ms < end_ms]
        for change in [*changes, PumpChange(end_ms, False, 0)]:
            if running:
                span_ms = self.observed_ms(max(since_ms, begin_ms), change.at_ms)
                inside = change.at_ms > begin_ms
                edge_ms = (doubt_ms if since_ms > begin_ms else 0) + change.uncertainty_ms
                total += span_ms
                low += max(0, span_ms - edge_ms) if inside else 0
                high += span_ms + edge_ms if inside else 0
            running, since_ms, doubt_ms = change.running, change.at_ms, change.uncertainty_ms
        return total, low, min(high, self.observed_ms(begin_ms, end_ms))

    def observed_ms(self, begin_ms: int, end_ms: int) -> int:
        """Returns how much of [begin, end) minutes cover."""
        return sum(min(minute.end_ms, end_ms) - max(minute.begin_ms, begin_ms)
                   for minute in self.minutes_in(begin_ms, end_ms))

    def stretches(self, begin_ms: int, end_ms: int) -> int:
        """Returns into how many unbroken stretches the minutes of [begin, end) fall."""
        found = 0
        last_ms = None
        for minute in self.minutes_in(begin_ms, end_ms):
            if last_ms is None or minute.begin_ms > last_ms + 1000:
                found += 1
            last_ms = minute.end_ms
        return found


def observe(records: Iterable[StoredRecord], timeline: Timeline, seen: Observed) -> None:
    """Adds a log's records, in order of seq, to what was seen."""
    pl_per_count = 0
    for record in records:
        fields = record.fields
        if record.kind == "calibration":
            pl_per_count = fields["pl_per_count"]
            seen.uncertainty_ppm = max(seen.uncertainty_ppm, fields["uncertainty_ppm"])
            continue
        placed = timeline.utc(record.boot, record.uptime_ms)
        if placed is None:
            seen.unplaced += 1
            continue
        at_ms = placed[0]
        if record.kind == "minute":
            seen.clock_uncertainty_ms = max(seen.clock_uncertainty_ms, placed[1])
            seen.minutes.append(Minute(at_ms - fields["span_ms"], at_ms, fields["counts"],
                                       pl_per_count, record.log_id, record.seq))
        elif record.kind == "bolus":
            begin_ms = at_ms - fields["ago_ms"]
            milli = fields["counts"] * 1000 - fields["continuous_milli_counts"]
            seen.boluses.append(Bolus(
                begin_ms, begin_ms + fields["duration_ms"], Fraction(milli * pl_per_count, 1000),
                pl_per_count, names.SOURCES.get(fields["source"], "unknown"),
                bool(fields["halted"]), bool(fields["inferred"]), record.log_id, record.seq,
            ))
        elif record.kind == "demand":
            seen.demands.append(Demand(
                at_ms - fields["ago_ms"], names.OUTCOMES.get(fields["outcome"], "unknown"),
                names.REASONS.get(fields["reason"], "unknown"), bool(fields["inferred"]),
            ))
        elif record.kind == "pump":
            seen.pump.append(PumpChange(at_ms - fields["ago_ms"],
                                        fields["state"] == wire.PUMP_RUNNING,
                                        fields["uncertainty_ms"]))
        elif record.kind == "boot":
            seen.pump.append(PumpChange(at_ms, False, 0))
        elif record.kind == "bag":
            seen.bag_changes_ms.append(at_ms - fields["ago_ms"])


def sort(seen: Observed) -> None:
    """Puts everything in order of time."""
    seen.minutes.sort(key=lambda minute: minute.begin_ms)
    seen.boluses.sort(key=lambda bolus: bolus.begin_ms)
    seen.demands.sort(key=lambda demand: demand.at_ms)
    seen.pump.sort(key=lambda change: change.at_ms)
    seen.bag_changes_ms.sort()
