"""What a board noticed, read without a log's minutes: possibilities, pumps that stood, presses, and
when the board itself was off.

A status and the end of a round need it of every board, and a log's minutes are nearly all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..store import Store, StoredRecord, without
from .pump_times import PumpChange
from .signatures import Signature, SignatureBook
from .timeline import Timeline
from .view import Demand

KINDS = ("boot", "resumed", "signature", "pump", "demand")


@dataclass(frozen=True)
class Standstill:
    """A time in which the pump stood."""

    begin_ms: int  #: since when, Unix ms UTC
    uncertainty_ms: int  #: begin_ms is right give or take this, ms
    until_ms: int  #: until when it is known to have stood, Unix ms UTC
    over: bool  #: it ran then; False: the log, or the boot, ends there
    log_id: int  #: the log of its record
    seq: int  #: the number of its record


@dataclass(frozen=True)
class Outage:
    """A time in which a board was off: its log ends, and begins again with another boot."""

    begin_ms: int  #: when its last record before was made, Unix ms UTC
    until_ms: int  #: when it started again, Unix ms UTC


@dataclass
class NoticedInLog:
    """What one log says of it, in order of time; what nobody can place in time is not in it."""

    signatures: list[Signature] = field(default_factory=list)  #: possibilities that the board noticed
    standstills: list[Standstill] = field(default_factory=list)  #: times in which the pump stood
    demands: list[Demand] = field(default_factory=list)  #: presses of the handset
    outages: list[Outage] = field(default_factory=list)  #: times in which the board was off


def noticed_in(store: Store, log_id: int) -> NoticedInLog:
    """Reads one log."""
    timeline = Timeline.of(store, log_id)
    ends = {boot: timeline.utc(boot, uptime_ms)
            for boot, uptime_ms in store.records.last_uptimes(log_id).items()}
    missing = store.records.missing(log_id)
    reader = _Reader({boot: end[0] for boot, end in ends.items() if end},
                     _holes(store, log_id, timeline, missing), {last + 1 for _, last in missing})
    for record in without(store.records.of(log_id, *KINDS), store.pages.claimed(log_id)):
        placed = timeline.utc(record.boot, record.uptime_ms)
        if placed:
            reader.take(record, *placed)
    return reader.finish()


def _holes(store: Store, log_id: int, timeline: Timeline, missing: list[tuple[int, int]]
           ) -> list[tuple[int, int]]:
    """Returns (its first seq, when the last record before it was made) of each hole, the last first."""
    found = []
    for first, _ in missing:
        before, _ = store.records.around(log_id, first, first)
        placed = timeline.utc(*before) if before else None
        found.append((first, placed[0] if placed else 0))
    return found[::-1]


class _Reader:
    """Follows one log in order of seq; after a boot and after a hole nobody knows whether the pump
    runs."""

    def __init__(self, end_ms_of: dict[int, int], holes: list[tuple[int, int]],
                 behind_holes: set[int]) -> None:
        self._end_ms_of = end_ms_of  # of each boot, its last record
        self._holes = holes
        self._behind_holes = behind_holes  # the seq of the first record after each
        self._found = NoticedInLog()
        self._book = SignatureBook()
        self._boot: int | None = None
        self._stands: PumpChange | None = None

    def take(self, record: StoredRecord, at_ms: int, uncertainty_ms: int) -> None:
        """Takes a record that was made at at_ms."""
        while self._holes and self._holes[-1][0] < record.seq:
            self._stands_no_longer(self._holes.pop()[1])
        if record.boot != self._boot:
            self._end_boot()
            if self._boot is not None:
                self._book.restarted(at_ms)
            self._boot = record.boot
        if record.kind == "boot":
            self._started(record, at_ms - record.uptime_ms)
        elif record.kind == "signature":
            self._book.take(record, at_ms, uncertainty_ms)
        elif record.kind == "demand":
            self._found.demands.append(Demand.of(record, at_ms))
        elif record.kind == "pump":
            change = PumpChange.of(record, at_ms)
            self._end_standstill(change.at_ms, over=change.running)
            self._stands = None if change.running else change

    def finish(self) -> NoticedInLog:
        """Ends the log; returns what it says."""
        while self._holes:
            self._stands_no_longer(self._holes.pop()[1])
        self._end_boot()
        self._found.signatures = self._book.found
        self._found.demands.sort(key=lambda demand: demand.at_ms)
        return self._found

    def _started(self, record: StoredRecord, began_ms: int) -> None:
        """Takes that the board started. Where records are missing right before that, nobody knows that
        it was off."""
        before = max((boot for boot in self._end_ms_of if boot < record.boot), default=None)
        if before is not None and record.seq not in self._behind_holes:
            self._found.outages.append(Outage(min(self._end_ms_of[before], began_ms), began_ms))

    def _end_boot(self) -> None:
        if self._boot is not None:
            self._stands_no_longer(self._end_ms_of.get(self._boot, 0))

    def _stands_no_longer(self, known_to_ms: int) -> None:
        """From a moment on nobody knows."""
        self._end_standstill(known_to_ms, over=False)
        self._stands = None

    def _end_standstill(self, until_ms: int, over: bool) -> None:
        if self._stands:
            stands = self._stands
            self._found.standstills.append(Standstill(
                stands.at_ms, stands.uncertainty_ms, max(until_ms, stands.at_ms), over, stands.log_id,
                stands.seq))
