"""When the pump ran, from what a log tells of it: surely, by all that was seen, and at most."""

from __future__ import annotations

from dataclasses import dataclass

from ..intervals import Interval, merge


@dataclass(frozen=True)
class PumpChange:
    """The pump was seen to run from at_ms on, or to stop, give or take uncertainty_ms."""

    at_ms: int
    uncertainty_ms: int
    running: bool
    log_id: int
    seq: int


class Pump:
    """When the pump ran, by all that was seen: as intervals that hold it, that surely do, and
    that at most do. Told in order of seq; time before what was told last is not rewritten."""

    def __init__(self) -> None:
        self._ran: list[Interval] = []
        self._sure: list[Interval] = []
        self._perhaps: list[Interval] = []
        self._state: bool | None = None  # None: not known, after a boot or a hole in the log
        self._since_ms = -(1 << 60)
        self._uncertainty_ms = 0
        self._counts = 0

    def counted(self, counts: int) -> None:
        """Takes note of counts."""
        self._counts += counts

    def becomes(self, state: bool | None, at_ms: int, uncertainty_ms: int = 0) -> None:
        """Takes a change of state. A pump that is said to stop ran before; and one that counts, with
        no stop told, runs."""
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
            self._sure.append((since_ms + begin_uncertainty_ms, at_ms - uncertainty_ms))
        self._state, self._since_ms, self._uncertainty_ms = state, at_ms, uncertainty_ms
        self._counts = 0

    def intervals(self) -> tuple[list[Interval], list[Interval], list[Interval]]:
        """Returns when it ran, when it ran at least, and when at most."""
        return merge(self._ran), merge(self._sure), merge(self._perhaps)
