"""The twelve patients at other seeds and at a coarse quantum: the printed figures and the truth."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import pytest
from helpers.air.cohort_checks import TIMEPOINTS, check_bounds, check_means, deliveries_by_day
from helpers.air.ward import Ward, pull_images
from helpers.paths import ROOT
from helpers.scale import scaled
from pumpbench.runs import Plan, run_cohort

COHORT = ROOT / "host_tools" / "pumpbench" / "cohort_data"


def run(folder: Path, seed: int, ul_per_count: int) -> tuple[Path, Ward]:
    """Runs the cohort and pulls its flash images; returns the store and the ward."""
    out = folder / f"seed{seed}"
    plan = Plan(COHORT / "regimens.csv", COHORT / "daily_counts.csv", out, out / "nurse.db",
                ul_per_count=Fraction(ul_per_count), seed=seed, jobs=os.cpu_count() or 1)
    ward = Ward(out, run_cohort(plan, print)["patients"])
    db = ward.store(folder / f"seed{seed}.db")
    pull_images(db, ward)
    return db, ward


def test_at_fifty_microlitres_a_count_bounds_are_given_and_hold_the_truth(tmp_path: Path) -> None:
    for seed in range(1, 1 + scaled(1, 4)):
        check_bounds(*_db_and_truth(tmp_path, seed, 50))


@pytest.mark.parametrize("ul_per_count", [1, 5])
def test_at_a_fine_quantum_every_figure_is_the_truth_s(tmp_path: Path, ul_per_count: int) -> None:
    for seed in range(2, 2 + scaled(1, 4)):
        db, truth = _db_and_truth(tmp_path, seed, ul_per_count)
        check_means(db, truth)
        counted = deliveries_by_day(db, truth)
        for patient, each in truth.items():
            for timepoint in TIMEPOINTS:
                assert counted[patient, timepoint] == each[timepoint]["deliveries_by_day"], patient


def _db_and_truth(folder: Path, seed: int, ul_per_count: int) -> tuple[Path, dict[str, object]]:
    db, ward = run(folder, seed, ul_per_count)
    return db, ward.truth
