"""`make demo` as users run it: twelve patients' printed table against what really happened to them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from helpers.air.cohort_checks import TIMEPOINTS, check_means, deliveries_by_day, printed_table
from helpers.air.ward import TIMEOUT_S, environment, pumplog, rows
from helpers.docs.readme import printed_table as printed_table_of
from helpers.docs.readme import shown_table


@dataclass(frozen=True)
class Demo:
    folder: Path
    printed: str
    truth: dict[str, Any]

    @property
    def db(self) -> Path:
        return self.folder / "nurse.db"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo") / "out"
    done = subprocess.run([sys.executable, "-m", "pumpbench", "demo", "--out", str(folder)],
                          capture_output=True, text=True, timeout=4 * TIMEOUT_S,
                          env=environment(folder.with_name("x.db")))
    assert done.returncode == 0, done.stderr
    truth = json.loads((folder / "truth.json").read_text())["patients"]
    assert len(truth) == 12
    return Demo(folder, done.stdout, truth)


def test_means_standard_errors_and_deliveries_are_the_truth_s(demo: Demo) -> None:
    check_means(demo.db, demo.truth)


def test_deliveries_of_every_patient_and_day_are_exact(demo: Demo) -> None:
    counted = deliveries_by_day(demo.db, demo.truth)
    for patient, each in demo.truth.items():
        for timepoint in TIMEPOINTS:
            assert counted[patient, timepoint] == each[timepoint]["deliveries_by_day"], patient
    assert sum(map(len, counted.values())) == 120


def test_the_printed_table_is_the_json_s(demo: Demo) -> None:
    printed_table(demo.db, text=demo.printed)


def test_the_store_holds_no_more_than_board_and_nurse_said(demo: Demo) -> None:
    assert not rows(demo.db, "SELECT * FROM quarantine")
    assert {board for board, in rows(demo.db, "SELECT board FROM logs")} == {
        each["board"] for each in demo.truth.values()}
    (demo.folder / "truth.json").rename(demo.folder / "hidden.json")
    try:
        again = pumplog(demo.db, "table")
    finally:
        (demo.folder / "hidden.json").rename(demo.folder / "truth.json")
    assert again.returncode == 0 and again.stdout.strip() in demo.printed


def test_the_readme_shows_what_the_demo_prints(demo: Demo) -> None:
    assert shown_table() == printed_table_of(demo.printed), (
        "the README shows another table than `make demo` prints: see tests/helpers/docs/readme.py")
