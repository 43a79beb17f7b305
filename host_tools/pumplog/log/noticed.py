"""What a board noticed, read without a log's minutes: possibilities, pumps that stood, presses.

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


@dataclass
class NoticedInLog:
    """What one log says of it, in order of time; what nobody can place in time is not in it."""

    signatures: list[Signature] = field(default_factory=list)  #: possibilities that the board noticed
    standstills: list[Standstill] = field(default_factory=list)  #: times in which the pump stood
    demands: list[Demand] = field(default_factory=list)  #: presses of the handset


def noticed_in(store: Store, log_id: int) -> NoticedInLog:
    """Reads one log."""
    timeline = Timeline.of(store, log_id)
    ends = {boot: timeline.utc(boot, uptime_ms)
            for boot, uptime_ms in store.records.last_uptimes(log_id).items()}
    reader = _Reader({boot: end[0] for boot, end in ends.items() if end})
    for record in without(store.records.of(log_id, *KINDS), store.pages.claimed(log_id)):
        placed = timeline.utc(record.boot, record.uptime_ms)
        if placed:
            reader.take(record, *placed)
    return reader.finish()


class _Reader:
    """Follows one log in order of seq."""

    def __init__(self, end_ms_of: dict[int, int]) -> None:
        self._end_ms_of = end_ms_of  # of each boot, its last record
        self._found = NoticedInLog()
        self._book = SignatureBook()
        self._boot: int | None = None
        self._stands: PumpChange | None = None

    def take(self, record: StoredRecord, at_ms: int, uncertainty_ms: int) -> None:
        """Takes a record that was made at at_ms."""
        if record.boot != self._boot:
            self._end_boot()
            if self._boot is not None:
                self._book.restarted(at_ms)
            self._boot = record.boot
        if record.kind == "signature":
            self._book.take(record, at_ms, uncertainty_ms)
        elif record.kind == "demand":
            self._found.demands.append(Demand.of(record, at_ms))
        elif record.kind == "pump":
            change = PumpChange.of(record, at_ms)
            self._end_standstill(change.at_ms, over=change.running)
            self._stands = None if change.running else change

    def finish(self) -> NoticedInLog:
        """Ends the log; returns what it says."""
        self._end_boot()
        self._found.signatures = self._book.found
        self._found.demands.sort(key=lambda demand: demand.at_ms)
        return self._found

    def _end_boot(self) -> None:
        """After a boot nobody knows whether the pump runs."""
        if self._boot is not None:
            self._end_standstill(self._end_ms_of.get(self._boot, 0), over=False)
            self._stands = None

    def _end_standstill(self, until_ms: int, over: bool) -> None:
        if self._stands:
            stands = self._stands
            self._found.standstills.append(Standstill(
                stands.at_ms, stands.uncertainty_ms, max(until_ms, stands.at_ms), over, stands.log_id,
                stands.seq))
