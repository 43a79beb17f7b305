"""What one log says, in UTC: runs of minutes, boluses, demands, the pump, bags, possibilities."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from pumpwire import names
from pumpwire import records as wire

from ..store import Store, StoredRecord
from .anchors import Resumed
from .brackets import Bracket, BracketBook
from .check import Check
from .presses import LONGEST_MS, PressBook
from .pump_times import Pump, PumpChange
from .relief import Relief
from .runs import Bolus, Calibration, Run
from .signatures import Signature, SignatureBook
from .timeline import Timeline

KINDS = ("calibration", "boot", "minute", "bolus", "demand", "pump", "bag", "reservoir", "relief",
         "signature", "check", "resumed", "power")
NOT_RECORDED = "not recorded"  # the reason of a press that was counted and has no outcome
_REST_MS = 60_000  # a burst this soon after a restart is the rest of the bolus that it cut


@dataclass(frozen=True)
class Demand:
    """A press of the handset, and what came of it."""

    at_ms: int
    outcome: str
    reason: str
    inferred: bool


@dataclass(frozen=True)
class BagChange:
    """The weight says that another bag hangs since at_ms, or more in it (refill), give or take
    uncertainty_ms."""

    at_ms: int
    uncertainty_ms: int
    log_id: int
    seq: int
    refill: bool = False


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
    reliefs: list[Relief] = field(default_factory=list)
    signatures: list[Signature] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    brackets: list[Bracket] = field(default_factory=list)
    unplaced: int = 0
    uncalibrated: int = 0


def read_log(store: Store, log_id: int, board: str | None) -> LogView:
    """Reads one log of the store, once."""
    timeline = Timeline.of(store, log_id)
    known = store.boards.named(board) if board else None
    fallback = None
    if known:
        fallback = Calibration(known.pl_per_count, known.uncertainty_ppm, None,
                               known.provisioned_at_ms)
    return observe(store.records.of(log_id, *KINDS), timeline, log_id,
                   [first for first, _ in store.records.missing(log_id)], fallback)


def observe(records: Iterable[StoredRecord], timeline: Timeline, log_id: int,
            holes: list[int], fallback: Calibration | None = None) -> LogView:
    """Builds the view from a log's records in order of seq; holes: first seq of each missing
    stretch; fallback: the calibration where the log's own was given up with its oldest pages."""
    view = LogView(log_id, timeline, [], [], [], Pump(), [], [])
    reader = _Reader(view, timeline, list(holes), fallback)
    for record in records:
        reader.take(record)
    reader.finish()
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
        self._presses = PressBook()
        self._signatures = SignatureBook()
        self._brackets = BracketBook(view.log_id)
        self._failing = False
        self._cut_here = False  # the boot ended, as far as is known, within a patient's bolus
        self._cut_before = False  # the boot before did
        self.last_ms = -(1 << 60)

    def take(self, record: StoredRecord) -> None:
        """Takes the next record."""
        fields = record.fields
        if record.kind == "calibration":
            self._calibration = Calibration(fields["pl_per_count"], fields["uncertainty_ppm"],
                                            record.seq)
            return
        placed = self._timeline.utc(record.boot, record.uptime_ms)
        if record.kind == "resumed":
            self._resumed(record)
        if placed is None:
            self._view.unplaced += record.kind == "minute"
            return
        at_ms, uncertainty_ms = placed
        self.last_ms = at_ms
        self._follow(record, at_ms)
        if record.kind == "minute":
            self._minute(record, record.boot, record.uptime_ms)
        elif record.kind == "bolus":
            self._bolus(record, at_ms)
        elif record.kind == "demand":
            self._presses.demand(record)
            self._view.demands.append(Demand(
                at_ms - fields["ago_ms"], names.OUTCOMES.get(fields["outcome"], "unknown"),
                names.REASONS.get(fields["reason"], "unknown"), bool(fields["inferred"]),
            ))
        elif record.kind == "pump":
            change = PumpChange(at_ms - fields["ago_ms"], fields["uncertainty_ms"],
                                fields["state"] == wire.PUMP_RUNNING, record.log_id, record.seq)
            self._view.pump_changes.append(change)
            self._view.pump.becomes(change.running, change.at_ms, change.uncertainty_ms)
        elif record.kind == "bag":
            self._brackets.bag()
            self._view.bag_changes.append(BagChange(
                at_ms - fields["ago_ms"], fields["uncertainty_ms"], record.log_id, record.seq,
                bool(fields["refill"])))
        else:
            self._watched(record, at_ms, uncertainty_ms)

    def _watched(self, record: StoredRecord, at_ms: int, uncertainty_ms: int) -> None:
        """Takes what is beside the doses: weights, relief, possibilities, the supply."""
        fields = record.fields
        if record.kind == "reservoir":
            self._brackets.level(record, at_ms)
        elif record.kind == "relief":
            since_s = fields["since_bolus_s"]
            self._view.reliefs.append(Relief(
                at_ms - fields["ago_ms"], None if since_s == wire.NEVER_S else since_s,
                bool(fields["stray"]), record.log_id, record.seq))
        elif record.kind == "signature":
            self._signatures.take(record, at_ms, uncertainty_ms)
        elif record.kind == "check":
            self._view.checks.append(Check(at_ms, fields["by_counts_ul"], fields["difference_ppm"],
                                           fields["uncertainty_ppm"], record.log_id, record.seq))
        elif record.kind == "power":
            self._failing = fields["state"] == wire.SUPPLY_FAILING

    def finish(self) -> None:
        """Ends the log."""
        self._close_boot()
        self._brackets.finish()
        self._view.signatures = self._signatures.found
        self._view.brackets = self._brackets.found

    def _follow(self, record: StoredRecord, at_ms: int) -> None:
        """After a boot or a hole nobody knows whether the pump runs."""
        if record.boot != self._boot:
            begin = self._timeline.utc(record.boot, 0)
            if record.kind != "boot" or not self._timeline.resumed(record.boot):
                self._enter(record.boot)  # else RESUMED, the next record, does
            self._view.pump.becomes(None, begin[0] if begin else at_ms)
        while self._holes and self._holes[-1] < record.seq:
            self._holes.pop()
            self._view.pump.becomes(None, at_ms)

    def _enter(self, boot: int) -> None:
        """Begins another boot."""
        if boot == self._boot:
            return
        self._close_boot()
        self._cut_before, self._cut_here = self._cut_here and boot == self._boot + 1, False
        begin, resumed = self._timeline.utc(boot, 0), self._timeline.resumed(boot)
        follows = begin is not None and boot == self._boot + 1
        self._brackets.boot(begin[0] if begin and follows else None,
                            resumed.lost_ms if resumed else 0)
        if self._boot >= 0:
            self._signatures.restarted()
        self._boot = boot
        self._failing = False
        self._last_minute_uptime_ms = -1

    def _close_boot(self) -> None:
        """Keeps the boluses and presses that the boot left open."""
        for left in self._presses.close():
            placed = self._timeline.utc(self._boot, left.begin_uptime_ms)
            end = self._timeline.utc(self._boot, left.end_uptime_ms)
            calibration = self._in_force(placed[0]) if placed else None
            if placed is None or end is None or calibration is None:
                continue
            if left.proven:
                self._cut_here = (self._last_minute_uptime_ms - left.begin_uptime_ms < LONGEST_MS)
            else:
                self._view.demands.append(Demand(placed[0], "unresolved", NOT_RECORDED, True))
            at_most_ul = -(-left.counts * calibration.pl_per_count // 1_000_000)
            self._view.boluses.append(Bolus(
                placed[0], end[0], 0, calibration.pl_per_count, "patient", False, True,
                self._view.log_id, left.seq, at_most_ul, likely=left.proven, open=True))

    def _in_force(self, at_ms: int) -> Calibration | None:
        if self._calibration is None and self._fallback and self._fallback.from_ms <= at_ms:
            return self._fallback
        return self._calibration

    def _resumed(self, record: StoredRecord) -> None:
        """Takes what the boot before had counted since its last minute: a minute of its own, unless
        a minute was written after all."""
        fields, before = record.fields, Resumed.of(record)
        boot, begin_ms = fields["boot_before"], before.uptime_ms - fields["span_ms"]
        held = self._boot == boot and begin_ms < self._last_minute_uptime_ms
        if self._timeline.utc(boot, before.uptime_ms) is None:
            self._view.unplaced += fields["counts"] > 0
        elif not held and fields["span_ms"] and self._boot in (boot, -1):
            self._boot = boot
            self._minute(record, boot, before.uptime_ms)
        if self._timeline.utc(record.boot, 0) is not None:
            self._enter(record.boot)

    def _minute(self, record: StoredRecord, boot: int, uptime_ms: int) -> None:
        """Takes the counts of a span that ended at uptime_ms of a boot."""
        fields = record.fields
        end = self._timeline.utc(boot, uptime_ms)
        begin_uptime_ms = uptime_ms - fields["span_ms"]
        begin = self._timeline.utc(boot, max(0, begin_uptime_ms))
        assert begin is not None and end is not None  # a boot is placed as a whole
        calibration = self._in_force(end[0])
        if calibration is None or not calibration.pl_per_count:
            self._view.uncalibrated += 1
            return
        if boot == record.boot:
            self._view.pump.counted(fields["counts"])
        runs = self._view.runs
        if not runs or self._last_minute_uptime_ms != begin_uptime_ms or (
                runs[-1].calibration != calibration):
            runs.append(Run(record.log_id, boot, calibration, array("q", [begin[0]]),
                            array("q", [begin[1]])))
        runs[-1].add(*end, fields["counts"], record.seq)
        self._last_minute_uptime_ms = uptime_ms
        self._presses.minute(begin_uptime_ms, uptime_ms, fields["counts"], fields["presses"],
                             record.seq)
        self._brackets.minute(begin[0], end[0], fields["counts"], record.seq, calibration)

    def _bolus(self, record: StoredRecord, at_ms: int) -> None:
        fields = record.fields
        self._presses.bolus(fields["source"])
        calibration = self._in_force(at_ms)
        if calibration is None:
            return
        begin_ms = at_ms - fields["ago_ms"]
        bolus = Bolus(
            begin_ms, begin_ms + fields["duration_ms"],
            fields["counts"] * 1000 - fields["continuous_milli_counts"], calibration.pl_per_count,
            names.SOURCES.get(fields["source"], "unknown"), bool(fields["halted"]),
            bool(fields["inferred"]), record.log_id, record.seq, fields["programmed_ul"],
        )
        if self._failing and bolus.source == "patient":  # the board's power ends it, not the pump
            bolus = replace(bolus, halted=False)
            self._cut_here = True
        elif self._cut_before and bolus.source == "clinician" and (
                record.uptime_ms - fields["ago_ms"] < _REST_MS):
            bolus = replace(bolus, source="patient", continues=True)
            self._cut_before = False
        self._view.boluses.append(bolus)
