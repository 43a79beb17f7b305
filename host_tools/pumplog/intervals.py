"""Sets of time as sorted, disjoint lists of [begin, end) in ms."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

Interval = tuple[int, int]


def merge(pieces: Iterable[Interval]) -> list[Interval]:
    """Returns the union of intervals in any order; empty intervals vanish."""
    out: list[Interval] = []
    for begin, end in sorted(piece for piece in pieces if piece[0] < piece[1]):
        if out and begin <= out[-1][1]:
            out[-1] = out[-1][0], max(out[-1][1], end)
        else:
            out.append((begin, end))
    return out


def intersect(left: list[Interval], right: list[Interval]) -> list[Interval]:
    """Returns what lies in both."""
    out: list[Interval] = []
    i = j = 0
    while i < len(left) and j < len(right):
        begin, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if begin < end:
            out.append((begin, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return out


def subtract(left: list[Interval], right: list[Interval]) -> list[Interval]:
    """Returns what lies in left and not in right."""
    if not left:
        return []
    edges = [left[0][0], *(edge for piece in right for edge in piece), left[-1][1]]
    gaps = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]
    return intersect(left, gaps)


def clip(pieces: list[Interval], begin: int, end: int) -> list[Interval]:
    """Returns the part of the pieces in [begin, end)."""
    return intersect(pieces, [(begin, end)]) if begin < end else []


def length(pieces: list[Interval]) -> int:
    """Returns the ms in all."""
    return sum(end - begin for begin, end in pieces)


def holds(pieces: list[Interval], at: int) -> bool:
    """Returns whether a moment lies in one of the pieces."""
    k = bisect_right(pieces, at, key=lambda piece: piece[0])
    return k > 0 and at < pieces[k - 1][1]
