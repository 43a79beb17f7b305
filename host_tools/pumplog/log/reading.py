"""Reads one log of the store, once, into a LogView.

Each kind of record has a method, found in one table. What needs more than a record at a time is
followed by a book of its own: presses, cut boluses, possibilities, brackets, when the pump ran.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable

from pumpwire import records as wire

from ..store import Store, StoredRecord, without
from .anchors import Resumed
from .booked import booked
from .brackets import BracketBook
from .check import Check
from .cut_boluses import CutBook
from .disagreements import LevelBook, disagreements
from .presses import LeftOpen, PressBook
from .pump_times import PumpBook, PumpChange
from .relief import Relief
from .runs import Bolus, Calibration, Run
from .signatures import SignatureBook
from .timeline import Timeline
from .view import NOT_RECORDED, BagChange, Demand, LogView

_NO_BOOT = -1
_NO_MINUTE = -1
_UNKNOWN = Calibration(0, 0, None, 0)


def read_log(store: Store, log_id: int, board: str | None, unproven: bool = False) -> LogView:
    """Reads one log; board: whose it is, for the calibration that the store knows.

    unproven: takes in also what neither a seal nor the board's word covers.
    """
    known = store.boards.named(board) if board else None
    fallback = None
    if known:
        fallback = Calibration(known.pl_per_count, known.uncertainty_ppm, None,
                               known.provisioned_at_ms)
    but = [] if unproven else store.pages.unproven(log_id)
    holes = sorted([first for first, _ in store.records.missing(log_id)] + [first for first, _ in but])
    return observe(without(store.records.every(log_id, *KINDS), but),
                   Timeline.of(store, log_id, unproven=unproven), log_id, holes, fallback)


def observe(records: Iterable[StoredRecord], timeline: Timeline, log_id: int,
            holes: list[int], fallback: Calibration | None = None) -> LogView:
    """Builds the view from a log's records of KINDS, in order of seq.

    holes: first seq of each missing stretch, in order; fallback: the calibration where the log's own
    was given up with its oldest pages.
    """
    reader = _Reader(LogView(log_id, timeline), holes, fallback)
    for record in records:
        reader.take(record)
    return reader.finish()


class _Reader:
    """Follows one log. A boot begins where its number changes, or where RESUMED tells of it."""

    def __init__(self, view: LogView, holes: list[int], fallback: Calibration | None) -> None:
        self._view = view
        self._timeline = view.timeline
        self._holes = holes[::-1]
        self._fallback = fallback
        self._calibration: Calibration | None = None
        self._boot = _NO_BOOT
        self._last_minute_uptime_ms = _NO_MINUTE
        self._last_ms = -(1 << 60)
        self._pump_times = PumpBook()
        self._presses = PressBook()
        self._cuts = CutBook()
        self._signatures = SignatureBook()
        self._brackets = BracketBook(view.log_id)
        self._levels = LevelBook()

    def take(self, record: StoredRecord) -> None:
        """Takes the next record; what cannot be right is not used, so that its time is unknown."""
        if not record.sound:
            self._view.unsound += 1
            if record.kind == "calibration":  # from here on nobody knows what a count is worth
                self._calibration = _UNKNOWN
            return
        if record.kind == "calibration":
            self._calibration = Calibration.of(record)
            return
        if record.kind == "resumed":
            self._resumed(record)
        placed = self._timeline.utc(record.boot, record.uptime_ms)
        if placed is None:
            self._view.unplaced += record.kind == "minute"
            return
        self._last_ms = placed[0]
        self._follow(record, placed[0])
        handler = _HANDLERS.get(record.kind)
        if handler:
            handler(self, record, *placed)

    def finish(self) -> LogView:
        """Ends the log; returns what it says."""
        view = self._view
        self._close_boot()
        self._brackets.finish()
        self._pump_times.becomes(None, self._last_ms)
        view.pump = self._pump_times.times()
        view.boluses = booked(view.boluses, view.runs)
        view.signatures = self._signatures.found
        view.brackets = self._brackets.found
        view.disagreements = disagreements(view.signatures, self._levels.levels, view.runs)
        view.demands.sort(key=lambda demand: demand.at_ms)
        view.bag_changes.sort(key=lambda change: change.at_ms)
        return view

    # ---- boots and holes

    def _follow(self, record: StoredRecord, at_ms: int) -> None:
        """After a boot or a hole nobody knows whether the pump runs."""
        if record.boot != self._boot:
            begin = self._timeline.utc(record.boot, 0)
            if record.kind != "boot" or not self._timeline.resumed(record.boot):
                self._enter(record.boot)  # else RESUMED, the next record, does
            self._pump_times.becomes(None, begin[0] if begin else at_ms)
        while self._holes and self._holes[-1] < record.seq:
            self._holes.pop()
            self._pump_times.becomes(None, at_ms)

    def _enter(self, boot: int) -> None:
        """Begins another boot."""
        if boot == self._boot:
            return
        self._close_boot()
        follows = boot == self._boot + 1
        begin, resumed = self._timeline.utc(boot, 0), self._timeline.resumed(boot)
        self._cuts.boot(follows)
        self._brackets.boot(begin[0] if begin and follows else None,
                            resumed.lost_ms if resumed else 0)
        if self._boot != _NO_BOOT:
            self._signatures.restarted(begin[0] if begin else self._last_ms)
        self._boot = boot
        self._last_minute_uptime_ms = _NO_MINUTE

    def _close_boot(self) -> None:
        """Keeps the boluses and presses that the boot left open."""
        for left in self._presses.close():
            self._left_open(left)

    def _left_open(self, left: LeftOpen) -> None:
        begin = self._timeline.utc(self._boot, left.begin_uptime_ms)
        end = self._timeline.utc(self._boot, left.end_uptime_ms)
        calibration = self._in_force(begin[0]) if begin else None
        if begin is None or end is None or calibration is None:
            return
        if left.proven:
            self._cuts.left_open(self._last_minute_uptime_ms - left.begin_uptime_ms)
        else:
            self._view.demands += [
                Demand(begin[0], "unresolved", NOT_RECORDED, inferred=True)] * left.times
        at_most_ul = -(-left.counts * calibration.pl_per_count // 1_000_000)
        self._view.boluses += [Bolus(
            begin[0], end[0], 0, calibration.pl_per_count, "patient", False, True,
            self._view.log_id, left.seq, at_most_ul, likely=left.proven, open=True)] * left.times

    def _resumed(self, record: StoredRecord) -> None:
        """Takes what the boot before had counted since its last minute: a minute of its own, unless
        a minute was written after all."""
        fields, before = record.fields, Resumed.of(record)
        boot, begin_ms = fields["boot_before"], before.uptime_ms - fields["span_ms"]
        held = self._boot == boot and begin_ms < self._last_minute_uptime_ms
        end = self._timeline.utc(boot, before.uptime_ms)
        if end is None:
            self._view.unplaced += fields["counts"] > 0
        elif not held and fields["span_ms"] and self._boot in (boot, _NO_BOOT):
            self._boot = boot
            self._counted(record, boot, before.uptime_ms, end)
        if self._timeline.utc(record.boot, 0) is not None:
            self._enter(record.boot)

    # ---- counts

    def _in_force(self, at_ms: int) -> Calibration | None:
        if self._calibration is None and self._fallback and self._fallback.from_ms <= at_ms:
            return self._fallback
        return self._calibration

    def _counted(
        self, record: StoredRecord, boot: int, uptime_ms: int, end: tuple[int, int]
    ) -> None:
        """Takes the counts of a span that ended at uptime_ms of a boot, which is at `end`: Unix ms UTC,
        and that time's uncertainty."""
        fields = record.fields
        begin_uptime_ms = uptime_ms - fields["span_ms"]
        begin = self._timeline.utc(boot, max(0, begin_uptime_ms))
        assert begin is not None  # a boot is placed as a whole
        calibration = self._in_force(end[0])
        if calibration is None or not calibration.pl_per_count:
            self._view.uncalibrated += 1
            return
        if boot == record.boot:
            self._pump_times.counted(fields["counts"])
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

    # ---- a method a kind: the record, when it was made in Unix ms UTC, and that time's uncertainty

    def _minute(self, record: StoredRecord, at_ms: int, uncertainty_ms: int) -> None:
        self._counted(record, record.boot, record.uptime_ms, (at_ms, uncertainty_ms))

    def _bolus(self, record: StoredRecord, at_ms: int, uncertainty_ms: int) -> None:
        self._presses.bolus(record.fields["source"])
        calibration = self._in_force(at_ms)
        if calibration is not None:
            self._view.boluses.append(self._cuts.take(
                Bolus.of(record, at_ms, calibration), record.uptime_ms - record.fields["ago_ms"]))

    def _demand(self, record: StoredRecord, at_ms: int, uncertainty_ms: int) -> None:
        self._presses.demand(record)
        self._view.demands.append(Demand.of(record, at_ms))

    def _pump(self, record: StoredRecord, at_ms: int, uncertainty_ms: int) -> None:
        change = PumpChange.of(record, at_ms)
        self._view.pump_changes.append(change)
        self._pump_times.becomes(change.running, change.at_ms, change.uncertainty_ms)

    def _bag(self, record: StoredRecord, at_ms: int, uncertainty_ms: int) -> None:
        self._brackets.bag()
        change = BagChange.of(record, at_ms)
        self._levels.bag(record, change.at_ms, change.uncertainty_ms)
        self._view.bag_changes.append(change)

    def _reservoir(self, record: StoredRecord, at_ms: int, uncertainty_ms: int) -> None:
        self._brackets.level(record, at_ms)
        self._levels.level(record, at_ms)

    def _relief(self, record: StoredRecord, at_ms: int, uncertainty_ms: int) -> None:
        self._view.reliefs.append(Relief.of(record, at_ms))

    def _signature(self, record: StoredRecord, at_ms: int, uncertainty_ms: int) -> None:
        self._signatures.take(record, at_ms, uncertainty_ms)

    def _check(self, record: StoredRecord, at_ms: int, uncertainty_ms: int) -> None:
        self._view.checks.append(Check.of(record, at_ms))

    def _power(self, record: StoredRecord, at_ms: int, uncertainty_ms: int) -> None:
        self._cuts.supply(failing=record.fields["state"] == wire.SUPPLY_FAILING)


_HANDLERS: dict[str, Callable[[_Reader, StoredRecord, int, int], None]] = {
    "minute": _Reader._minute, "bolus": _Reader._bolus, "demand": _Reader._demand,
    "pump": _Reader._pump, "bag": _Reader._bag, "reservoir": _Reader._reservoir,
    "relief": _Reader._relief, "signature": _Reader._signature, "check": _Reader._check,
    "power": _Reader._power,
}
KINDS = ("calibration", "boot", "resumed", *_HANDLERS)  # what a reader takes
