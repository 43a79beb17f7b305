"""What one log says, in UTC: runs of minutes, boluses, demands, whether the pump ran, bags seen.

Volumes are exact: picolitres, as ints or as Fractions where a minute or a bolus is split.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from pumpwire import records as wire

from .intervals import Interval, merge
from .store import Store, StoredRecord
from .timeline import Timeline

KINDS = ("calibration", "boot", "minute", "bolus", "demand", "pump", "bag")


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
    """A burst of counts: milli_counts of it (thousandths) are not the continuous rate's."""

    begin_ms: int
    end_ms: int
    milli_counts: int
    pl_per_count: int
    source: str
    halted: bool
    inferred: bool
    log_id: int
    seq: int

    @property
    def volume_pl(self) -> Fraction:
        """The volume, never below nothing."""
        return Fraction(max(0, self.milli_counts) * self.pl_per_count, 1000)

    @property
    def bounds_pl(self) -> tuple[Fraction, Fraction]:
        """One count less and one more; nothing at least, where it is only inferred."""
        high = Fraction(max(0, self.milli_counts + 1000) * self.pl_per_count, 1000)
        return Fraction(0) if self.inferred else max(Fraction(0), self.volume_pl
                                                     - self.pl_per_count), high

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


@dataclass(frozen=True)
class Demand:
    """A press of the handset, and what came of it."""

    at_ms: int
    outcome: str
    reason: str
    inferred: bool


@dataclass(frozen=True)
class PumpChange:
    """The pump was seen to run from at_ms on, or to stop, give or take doubt_ms."""

    at_ms: int
    doubt_ms: int
    running: bool
    log_id: int
    seq: int


@dataclass(frozen=True)
class BagChange:
    """The weight says that another bag hangs since at_ms, give or take doubt_ms."""

    at_ms: int
    doubt_ms: int
    log_id: int
    seq: int


@dataclass
class Run:
    """Unbroken minutes of one boot at one calibration, in columns: minute k lies in
    [edges_ms[k], edges_ms[k+1]) and made totals[k+1] - totals[k] counts; doubts_ms: of the edges."""

    log_id: int
    boot: int
    calibration: Calibration
    edges_ms: array[int]
    doubts_ms: array[int]
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

    def add(self, end_ms: int, doubt_ms: int, counts: int, seq: int) -> None:
        """Appends the next minute."""
        self.edges_ms.append(end_ms)
        self.doubts_ms.append(doubt_ms)
        self.totals.append(self.totals[-1] + counts)
        self.seqs.append(seq)

    def minutes(self, begin_ms: int, end_ms: int) -> tuple[int, int]:
        """Returns the minutes [first, behind last) that overlap [begin, end)."""
        first = max(0, bisect_right(self.edges_ms, begin_ms) - 1)
        return first, max(first, min(len(self.seqs), bisect_left(self.edges_ms, end_ms)))

    def doubt_ms(self, at_ms: int) -> int:
        """Returns the clock's uncertainty at about at_ms."""
        return self.doubts_ms[min(len(self.doubts_ms) - 1, bisect_left(self.edges_ms, at_ms))]

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


class Pump:
    """When the pump ran, by all that was seen: as intervals that hold it, that surely do, and
    that at most do. Told in order of seq; time before what was told last is not rewritten."""

    def __init__(self) -> None:
        self._ran: list[Interval] = []
        self._sure: list[Interval] = []
        self._perhaps: list[Interval] = []
        self._state: bool | None = None  # None: not known, after a boot or a hole in the log
        self._since_ms = -(1 << 60)
        self._doubt_ms = 0
        self._counts = 0

    def counted(self, counts: int) -> None:
        """Takes note of counts."""
        self._counts += counts

    def becomes(self, state: bool | None, at_ms: int, doubt_ms: int = 0) -> None:
        """Takes a change of state. A pump that is said to stop ran before; and one that counts, with
        no stop told, runs."""
        at_ms = max(at_ms, self._since_ms)
        since_ms, begin_doubt_ms = self._since_ms, self._doubt_ms
        unknown = self._state is None
        if unknown and (state is False or (state is None and self._counts)):
            self._ran.append((since_ms, at_ms))
        if unknown:
            self._perhaps.append((since_ms, at_ms + doubt_ms))
        if self._state:
            self._ran.append((since_ms, at_ms))
            self._perhaps.append((since_ms - begin_doubt_ms, at_ms + doubt_ms))
        if self._state or (unknown and (state is False or (state is None and self._counts > 1))):
            self._sure.append((since_ms + begin_doubt_ms, at_ms - doubt_ms))
        self._state, self._since_ms, self._doubt_ms = state, at_ms, doubt_ms
        self._counts = 0

    def intervals(self) -> tuple[list[Interval], list[Interval], list[Interval]]:
        """Returns when it ran, when it ran at least, and when at most."""
        return merge(self._ran), merge(self._sure), merge(self._perhaps)


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
                at_ms - fields["ago_ms"], wire.OUTCOMES.get(fields["outcome"], "unknown"),
                wire.REASONS.get(fields["reason"], "unknown"), bool(fields["inferred"]),
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
            wire.SOURCES.get(fields["source"], "unknown"), bool(fields["halted"]),
            bool(fields["inferred"]), record.log_id, record.seq,
        ))
