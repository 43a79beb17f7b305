"""When the pump ran, from what a log tells of it: as told, at least, and at most.

A PUMP record says since when the pump runs or stands, give or take an uncertainty. After a boot and
after a hole in the log nobody knows. Then what comes next tells of the time before it: a pump that
is said to stop ran before; a pump that counts, with no stop told, runs. A single count is enough to
take it that it ran, and too little to be sure. Where nothing is known it ran at most all the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from pumpwire import records as wire

from ..intervals import Interval, merge
from ..store import StoredRecord


@dataclass(frozen=True)
class PumpChange:
    """The pump ran from a moment on, or stood."""

    at_ms: int  #: since when, Unix ms UTC
    uncertainty_ms: int  #: at_ms is right give or take this, ms
    running: bool  #: whether it ran from then on
    log_id: int  #: the log of its record
    seq: int  #: the number of its record

    @classmethod
    def of(cls, record: StoredRecord, at_ms: int) -> PumpChange:
        """Takes a PUMP record that was made at at_ms."""
        fields = record.fields
        return cls(at_ms - fields["ago_ms"], fields["uncertainty_ms"],
                   fields["state"] == wire.PUMP_RUNNING, record.log_id, record.seq)


class PumpTimes(NamedTuple):
    """When the pump ran: sorted, disjoint intervals, Unix ms UTC."""

    ran: list[Interval]  #: by all that was told
    surely: list[Interval]  #: at least
    perhaps: list[Interval]  #: at most


class PumpBook:
    """Follows one log in order of seq; time before what was told last is not rewritten."""

    def __init__(self) -> None:
        self._ran: list[Interval] = []
        self._surely: list[Interval] = []
        self._perhaps: list[Interval] = []
        self._state: bool | None = None  # None: not known, after a boot or a hole in the log
        self._since_ms = -(1 << 60)
        self._uncertainty_ms = 0
        self._counts = 0  # since then

    def counted(self, counts: int) -> None:
        """Takes note of counts."""
        self._counts += counts

    def becomes(self, state: bool | None, at_ms: int, uncertainty_ms: int = 0) -> None:
        """Takes that the pump runs, stands, or (None) that nobody knows from at_ms on."""
        at_ms = max(at_ms, self._since_ms)
        since_ms, begin_uncertainty_ms = self._since_ms, self._uncertainty_ms
        unknown = self._state is None
        if unknown and (state is False or (state is None and self._counts)):
            self._ran.append((since_ms, at_ms))
        if unknown:
            self._perhaps.append((since_ms, at_ms + uncertainty_ms))
        if self._state:
            self._ran.append((since_ms, at_ms))
            self._perhaps.append((since_ms - begin_uncertainty_ms, at_ms + uncertainty_ms))
        if self._state or (unknown and (state is False or (state is None and self._counts > 1))):
            self._surely.append((since_ms + begin_uncertainty_ms, at_ms - uncertainty_ms))
        self._state, self._since_ms, self._uncertainty_ms = state, at_ms, uncertainty_ms
        self._counts = 0

    def times(self) -> PumpTimes:
        """Returns when the pump ran, up to the last change."""
        return PumpTimes(merge(self._ran), merge(self._surely), merge(self._perhaps))
