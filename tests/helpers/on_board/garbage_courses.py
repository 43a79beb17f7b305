"""Random courses at a bed, each twice: on a load cell that is well, and with garbage readings."""

from __future__ import annotations

import random
from typing import Any

from helpers.on_board.tracker_bed import Bed, say
from pumpwire import records

FULL_SCALE = 8387999
RATES_UL_H = (100, 500, 1000, 2000)
Step = tuple[int, dict[str, Any]]


def garbage(dice: random.Random) -> tuple[int, int, int]:
    """Returns 0.1 to 2 % of readings that are below, above or anywhere; or a constant."""
    share = round(10 * 20 ** dice.random())
    least, most = dice.choice(((-FULL_SCALE, 0), (0, FULL_SCALE), (-FULL_SCALE, FULL_SCALE)))
    if dice.random() < 0.5:
        least = most = dice.choice((0, -4194304, 4194304, dice.randint(least, most)))
    return share, least, most


def course(dice: random.Random, rate: int) -> list[Step]:
    """Returns some of what happens at a bag and a pump, in any order, an hour and more."""
    rows: list[Step] = [(1500, {})]
    for _ in range(5):
        rows += dice.choice((_clinician, _patient, _changed, _refilled, _touched, _rehung))(dice, rate)
        rows.append((dice.randint(1000, 1400), {}))  # what flows within 15 min of a bag may be a prime
    return rows


def _clinician(dice: random.Random, rate: int) -> list[Step]:
    return [(300, {"bolus": (dice.randint(0, 30), dice.randint(20, 120))})]


def _patient(dice: random.Random, rate: int) -> list[Step]:
    return [(1000, {"press": (5,), "bolus": (6, 11)})]


def _changed(dice: random.Random, rate: int) -> list[Step]:
    primed = {"bolus": (0, 30)} if dice.random() < 0.5 else {}
    return [(dice.randint(60, 200), {"rate": 0}), (dice.randint(25, 90), {"grams": -15}),
            (90, {"grams": dice.choice((30, 60, 120, 250, 400))}), (100, primed), (200, {"rate": rate})]


def _refilled(dice: random.Random, rate: int) -> list[Step]:
    return [(300, {"shift": dice.randint(8, 60)})]


def _touched(dice: random.Random, rate: int) -> list[Step]:
    grams = dice.choice((-4, -2, 2, 4))
    return [(dice.choice((1, 15, 600)), {"shift": grams}), (300, {"shift": -grams})]


def _rehung(dice: random.Random, rate: int) -> list[Step]:
    return [(30, {"grams": -15}), (200, {"grams": 100})]


def run(seed: int, spoilt: bool) -> Bed:
    """Returns the bed after a seed's course, with its garbage or without."""
    dice = random.Random(seed)
    rate, made_up = dice.choice(RATES_UL_H), garbage(dice)
    bed = Bed(rate=rate, grams=dice.choice((27, 60, 100, 250, 400)))
    bed._dice = seed + 1
    if spoilt:
        bed.garbage = made_up
    for seconds, changes in course(dice, rate):
        bed.step(seconds, changes)
    return bed


def check(seed: int) -> int:
    """Holds a course with garbage against the same without; returns how many readings were garbage."""
    well, bed = run(seed, False), run(seed, True)
    weighed = (records.BAG, records.RESERVOIR, records.WEIGHT)

    def told(of: Bed) -> list[str]:
        return [say(kind, fields) for kind, fields, _ in of.notes.kept if kind not in weighed]

    where = f"seed {seed}, garbage {bed.garbage}"
    assert told(bed) == told(well), where
    for kind in (records.BOLUS, records.DEMAND, records.MINUTE, records.PUMP):
        assert bed.notes.of(kind) == well.notes.of(kind), where
    bags, others = bed.notes.of(records.BAG), well.notes.of(records.BAG)
    assert [bag["refill"] for bag in bags] == [bag["refill"] for bag in others], where
    for bag, other in zip(bags, others):
        for name, most in (("before_mg", 200), ("after_mg", 200), ("uncertainty_ms", 20000)):
            assert abs(bag[name] - other[name]) <= most, (where, name, bag, other)
    settled_ms = bed.notes.times(records.BAG)
    levels = [(fields["level_ul"], at_ms) for kind, fields, at_ms in bed.notes.kept
              if kind == records.RESERVOIR]
    others = well.notes.of(records.RESERVOIR)
    for (level_ul, at_ms), other in zip(levels, others):
        if not any(0 <= at_ms - ms <= 200000 for ms in settled_ms):
            assert abs(level_ul - other["level_ul"]) <= 300, (where, at_ms, level_ul, other)
    return bed.spoilt
