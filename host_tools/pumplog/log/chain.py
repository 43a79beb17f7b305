"""Bounds on moments that follow one another. All in ms.

Theory. Moments 0, 1, 2 ... stand in a row; from each to the next it is `least` at least and `most` at
most. A claim bounds one moment from both sides. Then every moment is bounded by every claim, the weaker
the farther away it is. The low bound loses `most` a step backwards and gains `least` a step forwards,
the high bound the reverse. In a row all of that is two passes, forwards and backwards, and after them no
bound can be made tighter.

Invariants that the timeline rests on:
- from each moment to the next both bounds grow by `least` or more: so what lies midway between them
  never runs back;
- where low is above high, the claims contradict each other, and no moment is left to choose.

Sums from the beginning of the row are kept, and not the steps: so what lies between any two moments
is a single difference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

DRIFT_PPM = 100  # a crystal's error is 20 ppm; five times that is allowed for
FOREVER_MS = 1 << 62


class Claim(NamedTuple):
    """Bounds that something states of a moment."""

    moment: int  #: its number in the chain
    low_ms: int  #: the earliest that it can be
    high_ms: int  #: the latest that it can be


@dataclass(frozen=True)
class Bounds:
    """The bounds of every moment of a chain; where they cross, the claims contradict each other."""

    low: list[int]  #: the earliest of each, ms
    high: list[int]  #: the latest of each, ms

    def contradict(self, claim: Claim) -> bool:
        """Returns whether a claim lies wholly outside the bounds of its moment."""
        k, low_ms, high_ms = claim
        return low_ms > self.high[k] or high_ms < self.low[k]


class Chain:
    """Moments 0, 1, 2 ..., each some time after the moment before."""

    def __init__(self) -> None:
        self._least = [0]  # from the beginning of the chain
        self._most = [0]

    def add(self, least_ms: int, most_ms: int) -> int:
        """Adds a moment, so long after the last at least and at most; returns its number."""
        self._least.append(self._least[-1] + least_ms)
        self._most.append(self._most[-1] + most_ms)
        return len(self._least) - 1

    def most(self, k: int) -> int:
        """Returns how long after moment k - 1 moment k is at most."""
        return self._most[k] - self._most[k - 1]

    def without_most(self, moments: Collection[int]) -> Chain:
        """Returns the chain with no limit on how long these moments are after those before them."""
        chain = Chain()
        for k in range(1, len(self._least)):
            chain.add(self._least[k] - self._least[k - 1],
                      FOREVER_MS if k in moments else self.most(k))
        return chain

    def too_long(self, claims: Iterable[Claim]) -> list[int]:
        """Returns each moment that comes later after the moment before it than `most` allows.

        What decides is the claims up to the moment before it, against those from itself on.
        """
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
        """Returns where moment k lies at the earliest and latest, if (moment, when in ms) before and
        after it are known."""
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

    def too_far_ms(self, earlier: Claim, later: Claim) -> int:
        """Returns by how much the second claim, on a later moment, is later than the first allows."""
        most_ms = self._most[later.moment] - self._most[earlier.moment]
        return later.low_ms - earlier.high_ms - most_ms

    def contradict(self, earlier: Claim, later: Claim) -> bool:
        """Returns whether two claims, the second on the same or a later moment, cannot both hold."""
        least_ms = self._least[later.moment] - self._least[earlier.moment]
        most_ms = self._most[later.moment] - self._most[earlier.moment]
        return (earlier.low_ms + least_ms > later.high_ms
                or earlier.high_ms + most_ms < later.low_ms)


def drift_ms(ms: int) -> int:
    """Returns how far a clock that is DRIFT_PPM off at most may be off after so long, whether that
    time was measured by the clock itself or by the truth."""
    return abs(ms) * DRIFT_PPM // (1_000_000 - DRIFT_PPM) + 1 if ms else 0
