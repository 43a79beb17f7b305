"""What docs/researcher.md says of a figure is enough: computed from it alone, random windows agree.

Every fault of the bench, over whole days: tests/end_to_end/test_faults_to_host.py.
"""

from __future__ import annotations

import ast
import random
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from helpers.docs import recompute
from helpers.docs.recompute import Recomputed
from helpers.host.bedside import START_MS
from helpers.host.booked import bed_of
from pumplog.dose import doses
from pumplog.moments import utc_text
from pumplog.patients import episode, observed_of
from pumplog.patients.entering import entry_json
from pumplog.patients.events import events


def test_the_recomputation_imports_nothing_of_ours() -> None:
    tree = ast.parse(Path(recompute.__file__ or "").read_text())
    modules = {(node.module or "").split(".")[0] for node in ast.walk(tree)
               if isinstance(node, ast.ImportFrom)}
    assert modules <= set(sys.stdlib_module_names) | {"__future__"}


@pytest.mark.parametrize("seed", range(8))
def test_random_windows_of_random_boards_agree(seed: int) -> None:
    dice = random.Random(seed)
    bed = bed_of(dice, 400)
    patient = episode(bed.store, "P01")
    observed = observed_of(bed.store, patient)
    start = {"log_id": "", "seq": 0, "kind": "entry", "boot": 1, "uptime_ms": 0, "board": "B01",
             "patient": "P01", "proven": True, "entered": "patient_start",  # it is on no board here
             "utc": utc_text(START_MS), "effective_utc": utc_text(START_MS)}
    again = Recomputed([start, *(event.to_json() for event in events(bed.store, "P01"))],
                       [entry_json(entry) for entry in patient.of_kind("bag")], "P01")
    end_ms = max(round(at_s * 1000) for at_s, kind, _ in bed.events if kind == "minute")
    for _ in range(12):
        a, b = sorted(dice.sample(range(end_ms), 2))
        told = doses(patient, observed, START_MS + a, START_MS + b).to_json()
        for key, value in again.figures(START_MS + a, START_MS + b).items():
            printed = told[key]["value"] if isinstance(told[key], dict) else told[key]
            assert (value is None) == (printed is None), (key, a, b)
            if value is not None:
                assert abs(value - Fraction(printed)) <= Fraction(1, 10**9), (key, a, b)
