"""Bounds on moments that follow one another, where from each to the next it is so long at least and
at most: what holds of one holds of all, the weaker the farther. All in ms."""

from __future__ import annotations

from collections.abc import Collection, Iterable
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

    def most(self, k: int) -> int:
        """Returns how long after the one before it moment k is at most."""
        return self._most[k] - self._most[k - 1]

    def without_most(self, moments: Collection[int]) -> Chain:
        """Returns the chain with no limit on how long these moments are after those before them."""
        chain = Chain()
        for k in range(1, len(self._least)):
            chain.add(self._least[k] - self._least[k - 1],
                      FOREVER_MS if k in moments else self.most(k))
        return chain

    def denied(self, claims: Iterable[Claim]) -> list[int]:
        """Returns the moments that, by claims up to the one before and claims from them on, are longer
        after it than they can be."""
        low, high = self._stated(claims)
        for k in range(len(low) - 2, -1, -1):
            low[k] = max(low[k], low[k + 1] - self.most(k + 1))
        for k in range(1, len(high)):
            high[k] = min(high[k], high[k - 1] + self.most(k))
        return [k for k in range(1, len(low)) if high[k - 1] + self.most(k) < low[k]]

    def _stated(self, claims: Iterable[Claim]) -> tuple[list[int], list[int]]:
        low, high = [-FOREVER_MS] * len(self._least), [FOREVER_MS] * len(self._least)
        for k, low_ms, high_ms in claims:
            low[k], high[k] = max(low[k], low_ms), min(high[k], high_ms)
        return low, high

    def bounds(self, claims: Iterable[Claim]) -> Bounds:
        """Returns what follows for every moment from claims on some."""
        low, high = self._stated(claims)
        least = [b - a for a, b in zip(self._least, self._least[1:], strict=False)]
        most = [b - a for a, b in zip(self._most, self._most[1:], strict=False)]
        for k in range(1, len(low)):
            low[k] = max(low[k], low[k - 1] + least[k - 1])
            high[k] = min(high[k], high[k - 1] + most[k - 1])
        for k in range(len(low) - 2, -1, -1):
            low[k] = max(low[k], low[k + 1] - most[k])
            high[k] = min(high[k], high[k + 1] - least[k])
        return Bounds(low, high)

    def room(self, k: int, before: tuple[int, int] | None, after: tuple[int, int] | None
             ) -> tuple[int, int]:
        """Returns where a moment lies at the earliest and latest, if (moment, when) before and after
        it are known."""
        low_ms, high_ms = -FOREVER_MS, FOREVER_MS
        if before:
            a, at_ms = before
            low_ms = at_ms + self._least[k] - self._least[a]
            high_ms = at_ms + self._most[k] - self._most[a]
        if after:
            b, at_ms = after
            low_ms = max(low_ms, at_ms - self._most[b] + self._most[k])
            high_ms = min(high_ms, at_ms - self._least[b] + self._least[k])
        return low_ms, high_ms

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
