"""What time it was at a board's answer, whatever happened to this computer's clock meanwhile.

Theory. The clock is read before a question and after its answer, each time beside a clock that nobody
sets and that counts sleep. A reading says how far the one is ahead of the other. Where all readings of a
conversation say the same, nothing happened, and the answer came somewhere between the two. Where they
differ, the clock was set, or the computer slept on a system that has no clock that counts sleep. Nobody
knows which reading was right, so what is stated reaches from the lowest to the highest. The truth lies
within it, as long as any of the readings was right. Without a clock that counts sleep nobody can tell a
sleep during which the clock was set back by as much.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .. import host

_READ_TRIES = 4
_HELD_UP_MS = 20
_TRIES = 3
_LONG_TRIP_MS = 2000  # no link takes as long, unless it or the computer was held up
_ERROR_MS = 50  # what a host's own clock reading adds to half the round trip


class _Reading(NamedTuple):
    """The clock, read once. All in ms."""

    before_ms: int  #: the clock that nobody sets, just before
    utc_ms: int  #: the clock, Unix ms UTC
    after_ms: int  #: the clock that nobody sets, just after


class HostClock:
    """This computer's clock in a conversation with a board."""

    def __init__(self) -> None:
        self._ahead: list[int] = []  # of the clock that nobody sets, ms: each reading's least and most

    def at_answer(self, ask: Callable[[], bytes]) -> tuple[bytes, int, int]:
        """Asks; returns (the answer, Unix ms UTC and uncertainty in ms of the moment it was given at).

        It was given at some moment of the round trip. A round trip that was long is made again.
        """
        trips = []
        for _ in range(_TRIES):
            first, answer, last = self._read(), ask(), self._read()
            trips.append((last.before_ms - first.after_ms, answer, first, last))
            if trips[-1][0] < _LONG_TRIP_MS:
                break
        _, answer, first, last = min(trips, key=lambda trip: trip[0])
        low_ms = min(self._ahead) + first.after_ms
        high_ms = max(self._ahead) + last.before_ms
        return answer, (low_ms + high_ms) // 2, -((low_ms - high_ms) // 2) + _ERROR_MS

    def _read(self) -> _Reading:
        """Reads the clock; again where the computer was held up between two instructions."""
        for _ in range(_READ_TRIES):
            reading = _Reading(host.monotonic_ms(), host.utc_now_ms(), host.monotonic_ms())
            if reading.after_ms - reading.before_ms <= _HELD_UP_MS:
                break
        self._ahead += (reading.utc_ms - reading.after_ms, reading.utc_ms - reading.before_ms)
        return reading
