"""Where in its time a bolus's volume was: no minute gives more than it counted, and nothing falls out.

A BOLUS record tells a begin, an end and a volume. Taken evenly over its time, the volume of a minute
may come to more than that minute counted: the pump begins seconds after the press, and a burst of
interference is all in one tick. Then the continuous part, which is what a bolus leaves over, would be
below nothing, and what a window's edge cuts would not add up. So what does not fit into a minute goes
to the others that the bolus touches. A count on a minute's edge may be booked before it or behind it.
A bolus of no duration lasted a moment. What no minute covers stays as it is. What fits nowhere (the
record contradicts its minutes) stays too.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from .presses import LONGEST_MS
from .runs import Bolus, BolusPiece, Run

_EDGE_MS = 200  # two ticks: a count this near to a minute's edge may be booked beside it


class _Minute(NamedTuple):
    """A part of a minute that a bolus touches."""

    begin_ms: int
    end_ms: int
    key: tuple[int, int]  # which run, which minute of it


def booked(boluses: Iterable[Bolus], runs: Sequence[Run]) -> list[Bolus]:
    """Returns the boluses, in their order, with their volume where their counts were."""
    found = [replace(bolus, begin_ms=bolus.end_ms - 1) if bolus.end_ms <= bolus.begin_ms else bolus
             for bolus in boluses]
    book = _Book(runs)
    for k in sorted(range(len(found)), key=lambda k: found[k].begin_ms):
        if found[k].end_ms - found[k].begin_ms <= LONGEST_MS and found[k].volume_pl:
            found[k] = book.place(found[k])
    return found


class _Book:
    """What each minute still has to give."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = sorted(runs, key=lambda run: run.begin_ms)
        self._left: dict[tuple[int, int], Fraction] = {}

    def place(self, bolus: Bolus) -> Bolus:
        """Returns a bolus in pieces where minutes do not hold it evenly; takes it from the minutes."""
        minutes = self._touched(bolus)
        due = [bolus.volume_pl * bolus.share(minute.begin_ms, minute.end_ms) for minute in minutes]
        fits = [min(pl, self._room(minute)) for pl, minute in zip(due, minutes, strict=True)]
        over = sum(due, Fraction(0)) - sum(fits, Fraction(0))
        if not over:
            self._take(minutes, fits)
            return bolus
        everywhere = [*minutes, *self._beside(bolus)]
        fits += [Fraction(0)] * (len(everywhere) - len(minutes))
        for k, minute in enumerate(everywhere):
            more = min(over, self._room(minute) - fits[k])
            fits[k] += more
            over -= more
        self._take(everywhere, fits)
        pieces = [BolusPiece(minute.begin_ms, minute.end_ms, pl)
                  for minute, pl in zip(everywhere, fits, strict=True) if pl]
        rest = bolus.volume_pl - sum((piece.pl for piece in pieces), Fraction(0))
        pieces += _elsewhere(bolus, minutes, rest)
        return replace(bolus, begin_ms=min([bolus.begin_ms, *(piece.begin_ms for piece in pieces)]),
                       end_ms=max([bolus.end_ms, *(piece.end_ms for piece in pieces)]),
                       pieces=tuple(sorted(pieces)))

    def _room(self, minute: _Minute) -> Fraction:
        run, k = self._runs[minute.key[0]], minute.key[1]
        counted = Fraction((run.totals[k + 1] - run.totals[k]) * run.calibration.pl_per_count)
        return self._left.get(minute.key, counted)

    def _take(self, minutes: Sequence[_Minute], volumes_pl: Sequence[Fraction]) -> None:
        for minute, pl in zip(minutes, volumes_pl, strict=True):
            if pl:
                self._left[minute.key] = self._room(minute) - pl

    def _touched(self, bolus: Bolus) -> list[_Minute]:
        found = []
        first = bisect_right(self._runs, bolus.begin_ms, key=lambda run: run.end_ms)
        behind = bisect_left(self._runs, bolus.end_ms, key=lambda run: run.begin_ms)
        for at in range(first, behind):
            edges = self._runs[at].edges_ms
            for k in range(*self._runs[at].minutes(bolus.begin_ms, bolus.end_ms)):
                begin_ms, end_ms = max(edges[k], bolus.begin_ms), min(edges[k + 1], bolus.end_ms)
                if begin_ms < end_ms:
                    found.append(_Minute(begin_ms, end_ms, (at, k)))
        return found

    def _beside(self, bolus: Bolus) -> list[_Minute]:
        """Returns the minutes behind and before a bolus that ends or begins on their edges."""
        wide = replace(bolus, begin_ms=bolus.begin_ms - _EDGE_MS, end_ms=bolus.end_ms + _EDGE_MS)
        found = [minute for minute in self._touched(wide)
                 if minute.begin_ms >= bolus.end_ms or minute.end_ms <= bolus.begin_ms]
        return sorted(found, reverse=True)


def _elsewhere(bolus: Bolus, minutes: Sequence[_Minute], rest_pl: Fraction) -> list[BolusPiece]:
    """Returns the pieces of what no minute holds: where none covers the bolus, or else all of it."""
    if not rest_pl:
        return []
    edges = [bolus.begin_ms, *(ms for minute in minutes for ms in minute[:2]), bolus.end_ms]
    gaps = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b] or [
        (bolus.begin_ms, bolus.end_ms)]
    whole_ms = sum(b - a for a, b in gaps)
    return [BolusPiece(a, b, rest_pl * (b - a) / whole_ms) for a, b in gaps]
