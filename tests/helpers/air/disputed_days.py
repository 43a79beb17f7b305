"""Days in which weight and counts disagree, on the real firmware, held against what truly happened."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

from pumpbench.faults import make_fault
from pumpbench.runs import FIRST_START
from pumpbench.runs.monte_carlo import BOARD, WindowResult, WindowSpec, map_windows
from pumplog.dose import Doses, doses, total
from pumplog.patients import episode, observed_of
from pumplog.store import Store
from pumplog.sync import pull_image

DAY_S = 86_400


def spec(seed: int) -> WindowSpec:
    """Returns a day with a free flow, a blocked line, counts that no motor made, or a drifting cell."""
    dice = random.Random(seed)
    at_s = dice.randrange(2 * 3600, 18 * 3600)
    kind = dice.choice(("free_flow", "free_flow", "free_flow", "occlusion", "count_glitch", "drift"))
    ml_h = dice.choice((2, 5, 15, 60, 150, 300, 500))
    faults = {
        "free_flow": lambda: make_fault(  # of 1.5 mL and more: the weight tells no less from its noise
            "free_flow", at_s, rate_ml_h=Fraction(ml_h), duration_s=dice.randrange(6000 // ml_h, 7200)),
        "occlusion": lambda: make_fault("occlusion", at_s, alarm_ul=dice.randrange(1500, 4000)),
        "count_glitch": lambda: make_fault("count_glitch", at_s, counts=dice.randrange(1, 4000)),
        "drift": lambda: make_fault("load_cell_drift", at_s, g_per_h=dice.choice((-3, -1, 1, 3))),
    }
    more = [make_fault("bag_change", at_s + dice.randrange(300, 5000))] if dice.random() < 0.4 else []
    return WindowSpec(f"D{seed}", seed, dice.choice((300, 500, 1500)), dice.choice((300, 500)), 900,
                      (dice.randrange(6, 14),), faults=(faults[kind](), *more))


def doses_of(result: WindowResult, begin_s: int = 0, end_s: int = DAY_S) -> Doses:
    """Returns the doses of a part of the day, from the board's flash image."""
    start_ms = round(FIRST_START.timestamp() * 1000)
    with Store.open(result.folder / "nurse.db") as store:
        pull_image(store, str(result.image), BOARD)
        patient = episode(store, result.spec.name)
        named = {log_id for log_id, _ in store.logs.of(BOARD)}  # an image's open page has no seal yet
        return doses(patient, observed_of(store, patient, named), start_ms + begin_s * 1000,
                     start_ms + end_s * 1000)


def judge(result: WindowResult) -> list[str]:
    """Returns, a line each, the figures of the day that the truth lies outside of."""
    found, truth = doses_of(result), result.truth
    patient = total(piece.volumes.patient_ml for piece in found.pieces)
    kinds = [each.kind for each in result.spec.faults]
    return [f"{result.spec.name} {kinds} {name}: {true_ul / 1000} mL outside {told}"
            for name, told, true_ul in (("patient_ml", patient, truth["reached_patient_ul"]),
                                        ("pcia_ml", found.pcia_ml, truth["pcia_ul"]))
            if told is None or not told.low <= Fraction(true_ul) / 1000 <= told.high]


def run_days(seeds: range, folder: Path) -> list[str]:
    """Runs days side by side; returns what is wrong with them."""
    return [line for lines in map_windows(judge, [spec(seed) for seed in seeds], folder)
            for line in lines]
