"""Days on which the pump stops in the middle of boluses, held against what was truly given."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from pumpbench.bedside import build_bedside
from pumpbench.cohort import Patient, Regimen
from pumpbench.faults import make_fault
from pumpbench.runs.monte_carlo import WindowResult, WindowSpec, map_windows

from helpers.air.disputed_days import doses_of


def spec(seed: int) -> WindowSpec:
    """Returns a day with a stop in the middle of some boluses, at any quantum."""
    dice = random.Random(seed)
    plain = WindowSpec(
        f"H{seed}", seed, dice.choice((100, 500, 2000)), dice.choice((100, 500, 1000)), 900,
        (dice.randrange(4, 12),), ul_per_count=Fraction(dice.choice((1, 1, 2, 5, 20, 50))),
        calibration_error=Fraction(dice.randrange(-40, 41), 1000))
    regimen = Regimen(plain.name, plain.timepoint, 1, plain.rate_ul_h, plain.bolus_ul, plain.lockout_s,
                      100_000, 50_000, plain.deliveries)
    boluses = build_bedside(
        Patient(plain.name, {plain.timepoint: regimen}), plain.timepoint, seed, plain.ul_per_count,
        plain.calibration_error, plain.options, ()).truth["boluses"]
    faults, free_s = [], 0.0
    for bolus in boluses:
        at_s = round(dice.uniform(bolus["start_s"], bolus["end_s"] + 5))
        if dice.random() < 0.6 and free_s < at_s < 85_000:
            lasts_s = dice.choice((20, 120, 900))
            faults.append(make_fault("pump_stop", at_s, duration_s=lasts_s))
            free_s = at_s + lasts_s + 60
    return replace(plain, faults=tuple(faults))


def judge(result: WindowResult) -> list[str]:
    """Returns, a line each, the figures of the day that the truth lies outside of."""
    found, truth = doses_of(result), result.truth
    return [f"{result.spec.name} {name}: {true} outside {told}"
            for name, told, true in (
                ("deliveries", found.deliveries, Fraction(truth["deliveries"])),
                ("given_in_part", found.given_in_part, Fraction(truth["given_in_part"])),
                ("pcia_ml", found.pcia_ml, Fraction(truth["pcia_ul"]) / 1000),
                ("continuous_ml", found.continuous_ml, Fraction(truth["continuous_ul"]) / 1000))
            if told is None or not told.low <= true <= told.high]


def run_days(seeds: range, folder: Path) -> list[str]:
    """Runs days side by side; returns what is wrong with them."""
    return [line for lines in map_windows(judge, [spec(seed) for seed in seeds], folder)
            for line in lines]
