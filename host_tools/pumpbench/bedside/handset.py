"""The patient's button: a contact that bounces, and the filter the gateway listens behind.

Theory of operation. Edges are (microseconds from the window's start, level), level 1 while the contact
is closed. The bare contact gives many of them for a press: both ends bounce for 1 to 5 ms.

The filter is a resistor and capacitor before a Schmitt trigger that switches at one third and two
thirds. Between two edges of the contact the charge runs exponentially towards the contact's level. So
its value at each edge, and the moment at which the trigger switches, have a formula: no time steps, and
no error from their size. A clean edge passes after tau * ln 3, which is `FILTER_US`. A
bounce of 5 ms moves the charge by less than two thirds, the way from rest to the far switching level,
so it never passes.

What comes out alternates in level: one rising edge a press, which is what the counter latches. Only a
worn contact breaks this (`rough`): it holds each level for `CHATTER_US`, longer than the filter, and its
chatter comes through. The firmware has to cope with that.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .patient import Press
from .pins import TICK_MS
from .pump import Span

FILTER_US = 10_000
SHORTEST_BOUNCE_US, LONGEST_BOUNCE_US = 1_000, 5_000
MOST_BOUNCES = 4
CHATTER_US = 25_000

Edge = tuple[int, int]


def contact_edges(
    presses: Sequence[Press], rng: np.random.Generator, rough: Sequence[tuple[Span, int]] = ()
) -> list[Edge]:
    """Return every edge of the bare contact: it bounces for 1 to 5 ms at both ends of a press.

    rough: spans (ms) in which a worn contact bounces for so many us more, too slowly to be filtered.
    """
    edges: list[Edge] = []
    for press in presses:
        worn_us = max((us for (a, b), us in rough if a <= press.at_ms < b), default=0)
        worn_us = min(worn_us, press.hold_ms * 500)
        edges += _chattering(press.at_ms * 1000, 1, worn_us)
        edges += _bouncing(press.at_ms * 1000 + worn_us, 1, rng)
        release_us = (press.at_ms + press.hold_ms) * 1000
        edges += _chattering(release_us, 0, worn_us)
        edges += _bouncing(release_us + worn_us, 0, rng)
    return edges


def _chattering(at_us: int, level: int, lasts_us: int) -> list[Edge]:
    """Return pairs of edges, each level held for as long as passes the filter."""
    times_us = range(at_us, at_us + lasts_us - 2 * CHATTER_US + 1, 2 * CHATTER_US)
    return [edge for us in times_us for edge in ((us, level), (us + CHATTER_US, 1 - level))]


def _bouncing(at_us: int, level: int, rng: np.random.Generator) -> list[Edge]:
    """Return an edge to `level` followed by pairs of false edges, the last of them at rest."""
    lasts_us = int(rng.integers(SHORTEST_BOUNCE_US, LONGEST_BOUNCE_US + 1))
    inner = 2 * int(rng.integers(1, MOST_BOUNCES + 1)) - 1
    offsets_us = np.sort(rng.choice(np.arange(1, lasts_us), inner, replace=False))
    times_us = [at_us, *(at_us + int(offset) for offset in offsets_us), at_us + lasts_us]
    return [(time_us, level if i % 2 == 0 else 1 - level) for i, time_us in enumerate(times_us)]


def debounce(edges: Sequence[Edge], filter_us: int = FILTER_US) -> list[Edge]:
    """Return the edges that come out of the filter."""
    tau_us = filter_us / math.log(3)
    passed: list[Edge] = []
    charge, out = 0.0, 0
    ends_us = [*(time_us for time_us, _ in edges[1:]), math.inf][: len(edges)]
    for (time_us, level), end_us in zip(edges, ends_us, strict=True):
        # The trigger switches once the charge is within a third of where it is heading.
        switch_us = time_us + tau_us * math.log(max(1.0, 3 * abs(level - charge)))
        if out != level and switch_us < end_us:
            out = level
            passed.append((round(switch_us), out))
        charge = level + (charge - level) * math.exp((time_us - end_us) / tau_us)
    return passed


def latched_by_tick(
    edges: Sequence[Edge], begin_ms: int, ticks: int
) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Return presses latched so far and the level now, at begin + k * 100 ms.

    `edges` are those behind the filter; the arrays are int32 and uint8, shape (ticks,).
    """
    presses = _edges_so_far([us for us, level in edges if level], begin_ms, ticks)
    releases = _edges_so_far([us for us, level in edges if not level], begin_ms, ticks)
    return presses, (presses - releases).astype(np.uint8)


def latched_by_second(times_ms: Sequence[int], begin_s: int, seconds: int) -> NDArray[np.int32]:
    """Return how many of these presses were latched by begin + j seconds: int32, (seconds,)."""
    return np.searchsorted(
        np.sort(np.array(times_ms, dtype=np.int64)),
        (np.arange(seconds, dtype=np.int64) + begin_s) * 1000, side="right",
    ).astype(np.int32)


def _edges_so_far(times_us: Sequence[int], begin_ms: int, ticks: int) -> NDArray[np.int32]:
    tick = [-((begin_ms * 1000 - time_us) // (TICK_MS * 1000)) for time_us in times_us]
    inside = np.array([k for k in tick if k < ticks], dtype=np.int64).clip(0)
    return np.cumsum(np.bincount(inside, minlength=ticks), dtype=np.int32)
