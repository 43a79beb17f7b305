"""Random counts as a board writes them, read from the pages to the doses of windows that tile."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from fractions import Fraction

from pumplog.dose import Doses, doses
from pumplog.patients import episode, observed_of
from pumplog.store import Store

from helpers.host.bedside import START_MS, Bedside

PL = 37_123  # pL a count: no round share of anything


class CountedBed(Bedside):
    """A board whose counts have moments of their own, in tenths of a second."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__(Store.open(":memory:"), PL)
        self.dice = dice
        self.bag(0, "0.40", "0.20")
        self.ticks: list[int] = []
        self.last_in = dice.random() < 0.5  # a count on a minute's edge is the ended minute's

    def burst(self, at_tick: int, counts: int, per_tick: int, source: int) -> None:
        """Counts in quick succession, and the BOLUS record that a board makes of them."""
        lag = self.dice.randrange(0, 50) if source == 1 else 0
        moments = [at_tick + lag + k // per_tick for k in range(counts)]
        self.ticks += moments
        share = self.dice.choice((0, 0, 300, min(1000 * counts, 2417)))
        told = moments[-1] + self.dice.randrange(10, 300)
        self.add(told / 10, "bolus", (told - at_tick) * 100, (moments[-1] - at_tick) * 100, counts,
                 share, source, self.dice.randrange(2), 0, self.dice.choice((0, 500)))

    def _counts(self, at_s: float) -> int:
        find = bisect_right if self.last_in else bisect_left
        return find(self.ticks, round(at_s * 10))


def bed_of(dice: random.Random, most: int) -> CountedBed:
    """Returns a board of some hours, with at most so many counts in each burst."""
    bed = CountedBed(dice)
    hours = dice.randrange(1, 6)
    end = hours * 36_000
    bed.add(0, "pump", 1, 0, 0)
    gap = dice.choice((3, 40, 77, 600, 3600))
    bed.ticks = list(range(dice.randrange(gap), end, gap)) if dice.random() < 0.8 else []
    at = dice.randrange(0, 6000)
    while at < end - 9000:
        if dice.random() < 0.4:
            at -= at % 600  # on a minute's edge
        per_tick = dice.choice((1, 1, 2, 50, most))
        bed.burst(at, dice.randrange(1, most), per_tick, dice.choice((1, 1, 2, 3)))
        at += dice.randrange(4000, 15_000)
    bed.ticks.sort()
    bed.write(hours * 3600)
    return bed


def doses_of(bed: CountedBed, cuts_ms: list[int]) -> list[Doses]:
    """Returns the doses between these moments."""
    patient = episode(bed.store, "P01")
    observed = observed_of(bed.store, patient)
    return [doses(patient, observed, START_MS + a, START_MS + b)
            for a, b in zip(cuts_ms, cuts_ms[1:], strict=False)]


def book(seed: int, most: int = 400) -> tuple[int, list[str]]:
    """Returns how many counts a random board made, and what is wrong with how they were booked."""
    dice = random.Random(seed)
    bed = bed_of(dice, most)
    end_ms = max(round(at_s * 1000) for at_s, kind, _ in bed.events if kind == "minute")
    counts = sum(values[1] for _, kind, values in bed.events if kind == "minute")
    begins = [round(at_s * 1000) - values[0] for at_s, kind, values in bed.events if kind == "bolus"]
    near = [at + dice.choice((-1, 0, 1, 700, 60_000)) for at in begins if dice.random() < 0.5]
    cuts = sorted({0, end_ms, *(dice.randrange(1, end_ms) for _ in range(6)),
                   *(at for at in near if 0 < at < end_ms)})
    found = doses_of(bed, cuts)
    wrong = []
    for one in found:
        for name in ("continuous_ml", "pcia_ml", "other_ml", "prime_ml"):
            figure = one.figures()[name]
            if figure is None or not 0 <= figure.low <= figure.value <= figure.high:
                wrong.append(f"seed {seed}: {name} {figure}")
    (whole,) = doses_of(bed, [0, end_ms])
    for name, parts in (("the whole", [whole]), ("all windows", found)):
        booked = sum((figure.value for one in parts for figure in (
            one.continuous_ml, one.pcia_ml, one.other_ml, one.prime_ml) if figure), Fraction(0))
        if booked != Fraction(counts * PL, 10**9):
            wrong.append(f"seed {seed}: {name} have {float(booked * 10**9 / PL)} counts of {counts}")
    return counts, wrong
