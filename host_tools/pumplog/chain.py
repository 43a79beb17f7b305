"""Bounds on moments that follow one another, where from each to the next it is so long at least and
at most: what holds of one holds of all, the weaker the farther. All in ms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

DRIFT_PPM = 100  # a crystal's error is 20 ppm; five times that is allowed for
FOREVER_MS = 1 << 62
Claim = tuple[int, int, int]  # moment, earliest and latest


@dataclass(frozen=True)
class Bounds:
    """The earliest and the latest of every moment; where those cross, the claims contradict.

    From one moment to the next either one grows by no less than the chain's least, so that what
    lies midway does too.
    """

    low: list[int]
    high: list[int]


class Chain:
    """Moments 0, 1, 2 ..., each some time after the one before."""

    def __init__(self) -> None:
        self._least = [0]  # from the beginning of the chain
        self._most = [0]

    def add(self, least_ms: int, most_ms: int) -> int:
        """Adds a moment, so long after the last at least and at most; returns its number."""
        self._least.append(self._least[-1] + least_ms)
        self._most.append(self._most[-1] + most_ms)
        return len(self._least) - 1

    def bounds(self, claims: Iterable[Claim]) -> Bounds:
        """Returns what follows for every moment from claims on some."""
        low, high = [-FOREVER_MS] * len(self._least), [FOREVER_MS] * len(self._least)
        for k, low_ms, high_ms in claims:
            low[k], high[k] = max(low[k], low_ms), min(high[k], high_ms)
        least = [b - a for a, b in zip(self._least, self._least[1:], strict=False)]
        most = [b - a for a, b in zip(self._most, self._most[1:], strict=False)]
        for k in range(1, len(low)):
            low[k] = max(low[k], low[k - 1] + least[k - 1])
            high[k] = min(high[k], high[k - 1] + most[k - 1])
        for k in range(len(low) - 2, -1, -1):
            low[k] = max(low[k], low[k + 1] - most[k])
            high[k] = min(high[k], high[k + 1] - least[k])
        return Bounds(low, high)

    def contradict(self, one: Claim, later: Claim) -> bool:
        """Returns whether two claims, the second on the same or a later moment, cannot both hold."""
        k, low_ms, high_ms = one
        j, later_low_ms, later_high_ms = later
        return (low_ms + self._least[j] - self._least[k] > later_high_ms
                or high_ms + self._most[j] - self._most[k] < later_low_ms)


def drift_ms(ms: int) -> int:
    """Returns how far a clock that is DRIFT_PPM off at most may be off after so long, by itself or
    by the truth."""
    return abs(ms) * DRIFT_PPM // (1_000_000 - DRIFT_PPM) + 1 if ms else 0
