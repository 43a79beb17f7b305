"""What one log says, in UTC: runs of minutes, boluses, demands, whether the pump ran, bags seen."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

from pumpwire import names
from pumpwire import records as wire

from .pump_times import Pump, PumpChange
from .runs import Bolus, Calibration, Run
from .store import Store, StoredRecord
from .timeline import Timeline

KINDS = ("calibration", "boot", "minute", "bolus", "demand", "pump", "bag")


@dataclass(frozen=True)
class Demand:
    """A press of the handset, and what came of it."""

    at_ms: int
    outcome: str
    reason: str
    inferred: bool


@dataclass(frozen=True)
class BagChange:
    """The weight says that another bag hangs since at_ms, give or take doubt_ms."""

    at_ms: int
    doubt_ms: int
    log_id: int
    seq: int


@dataclass
class LogView:
    """Everything that one log saw. pump: whether it ran; unplaced, uncalibrated: minutes that no
    clock and no calibration tells anything of."""

    log_id: int
    timeline: Timeline
    runs: list[Run]
    boluses: list[Bolus]
    demands: list[Demand]
    pump: Pump
    pump_changes: list[PumpChange]
    bag_changes: list[BagChange]
    unplaced: int = 0
    uncalibrated: int = 0


def read_log(store: Store, log_id: int, board: str | None) -> LogView:
    """Reads one log of the store, once."""
    timeline = Timeline.of(store, log_id)
    known = store.board(board) if board else None
    fallback = None
    if known:
        fallback = Calibration(known.pl_per_count, known.uncertainty_ppm, None,
                               known.provisioned_at_ms)
    return observe(store.records(log_id, *KINDS), timeline, log_id,
                   [first for first, _ in store.missing(log_id)], fallback)


def observe(records: Iterable[StoredRecord], timeline: Timeline, log_id: int,
            holes: list[int], fallback: Calibration | None = None) -> LogView:
    """Builds the view from a log's records in order of seq; holes: first seq of each missing
    stretch; fallback: the calibration where the log's own was given up with its oldest pages."""
    view = LogView(log_id, timeline, [], [], [], Pump(), [], [])
    reader = _Reader(view, timeline, list(holes), fallback)
    for record in records:
        reader.take(record)
    view.pump.becomes(None, reader.last_ms)
    view.demands.sort(key=lambda demand: demand.at_ms)
    view.bag_changes.sort(key=lambda change: change.at_ms)
    return view


class _Reader:
    def __init__(self, view: LogView, timeline: Timeline, holes: list[int],
                 fallback: Calibration | None) -> None:
        self._view = view
        self._timeline = timeline
        self._holes = holes[::-1]
        self._fallback = fallback
        self._calibration: Calibration | None = None
        self._boot = -1
        self._last_minute_uptime_ms = -1
        self.last_ms = -(1 << 60)

    def take(self, record: StoredRecord) -> None:
        """Takes the next record."""
        fields = record.fields
        if record.kind == "calibration":
            self._calibration = Calibration(fields["pl_per_count"], fields["uncertainty_ppm"],
                                            record.seq)
            return
        placed = self._timeline.utc(record.boot, record.uptime_ms)
        if placed is None:
            self._view.unplaced += record.kind == "minute"
            return
        at_ms, doubt_ms = placed
        self.last_ms = at_ms
        self._follow(record, at_ms)
        if record.kind == "minute":
            self._minute(record, at_ms, doubt_ms)
        elif record.kind == "bolus":
            self._bolus(record, at_ms)
        elif record.kind == "demand":
            self._view.demands.append(Demand(
                at_ms - fields["ago_ms"], names.OUTCOMES.get(fields["outcome"], "unknown"),
                names.REASONS.get(fields["reason"], "unknown"), bool(fields["inferred"]),
            ))
        elif record.kind == "pump":
            change = PumpChange(at_ms - fields["ago_ms"], fields["uncertainty_ms"],
                                fields["state"] == wire.PUMP_RUNNING, record.log_id, record.seq)
            self._view.pump_changes.append(change)
            self._view.pump.becomes(change.running, change.at_ms, change.doubt_ms)
        elif record.kind == "bag":
            self._view.bag_changes.append(BagChange(
                at_ms - fields["ago_ms"], fields["uncertainty_ms"], record.log_id, record.seq))

    def _follow(self, record: StoredRecord, at_ms: int) -> None:
        """After a boot or a hole nobody knows whether the pump runs."""
        if record.boot != self._boot:
            self._boot = record.boot
            begin = self._timeline.utc(record.boot, 0)
            self._view.pump.becomes(None, begin[0] if begin else at_ms)
            self._last_minute_uptime_ms = -1
        while self._holes and self._holes[-1] < record.seq:
            self._holes.pop()
            self._view.pump.becomes(None, at_ms)

    def _in_force(self, at_ms: int) -> Calibration | None:
        if self._calibration is None and self._fallback and self._fallback.from_ms <= at_ms:
            return self._fallback
        return self._calibration

    def _minute(self, record: StoredRecord, end_ms: int, doubt_ms: int) -> None:
        fields, uptime_ms = record.fields, record.uptime_ms
        calibration = self._in_force(end_ms)
        if calibration is None or not calibration.pl_per_count:
            self._view.uncalibrated += 1
            return
        self._view.pump.counted(fields["counts"])
        begin_uptime_ms = uptime_ms - fields["span_ms"]
        runs = self._view.runs
        if not runs or self._last_minute_uptime_ms != begin_uptime_ms or (
                runs[-1].calibration != calibration):
            begin = self._timeline.utc(record.boot, max(0, begin_uptime_ms))
            assert begin is not None  # its end is placed, and time does not run against uptime
            runs.append(Run(record.log_id, record.boot, calibration, array("q", [begin[0]]),
                            array("q", [begin[1]])))
        runs[-1].add(end_ms, doubt_ms, fields["counts"], record.seq)
        self._last_minute_uptime_ms = uptime_ms

    def _bolus(self, record: StoredRecord, at_ms: int) -> None:
        fields = record.fields
        calibration = self._in_force(at_ms)
        if calibration is None:
            return
        begin_ms = at_ms - fields["ago_ms"]
        self._view.boluses.append(Bolus(
            begin_ms, begin_ms + fields["duration_ms"],
            fields["counts"] * 1000 - fields["continuous_milli_counts"], calibration.pl_per_count,
            names.SOURCES.get(fields["source"], "unknown"), bool(fields["halted"]),
            bool(fields["inferred"]), record.log_id, record.seq, fields["programmed_ul"],
        ))
