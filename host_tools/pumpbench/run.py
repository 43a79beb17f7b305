"""Runs a cohort: every patient's windows on one board each, real firmware, simulated time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from .cohort import BAG_COLUMN_ML, TIMEPOINTS, Patient, read_cohort
from .errors import BenchError
from .firmware import compiled_firmware
from .nurse import Nurse
from .virtual_board import NO_TEMPERATURE, Bench, Pins, VirtualBoard
from .world import WindowWorld, build_window

FIRST_START = datetime(2026, 1, 5, 8, tzinfo=UTC)  # the first patient's start, simulated
DAY_S = 86400
TICKS_PER_S = 10


@dataclass(frozen=True)
class Plan:
    """What `pumpbench run` was told."""

    regimens: Path
    daily_counts: Path
    out: Path
    db: Path
    followup_day: int = 28
    ul_per_count: Fraction = Fraction(1)
    calibration_error: Fraction = Fraction(0)
    seed: int = 1
    jobs: int = 2
    patients: tuple[str, ...] = ()
    timepoints: tuple[str, ...] = field(default=TIMEPOINTS)


def board_name(index: int) -> str:
    """Returns the neutral name of the cohort's index-th board (from 0)."""
    return f"B{index + 1:02d}"


def run_cohort(plan: Plan, progress: Callable[[str], None]) -> dict[str, Any]:
    """Runs every patient; returns what really happened, also written to out/truth.json."""
    everyone = read_cohort(plan.regimens, plan.daily_counts)
    chosen = [(index, patient) for index, patient in enumerate(everyone)
              if not plan.patients or patient.code in plan.patients]
    unknown = set(plan.patients) - {patient.code for _, patient in chosen}
    if unknown:
        raise BenchError(f"no patient {sorted(unknown)[0]} in {plan.regimens}: check --patients.")
    plan.out.mkdir(parents=True, exist_ok=True)
    compiled_firmware()  # once, before the workers need it
    truth: dict[str, Any] = {}
    began = time.monotonic()
    with ProcessPoolExecutor(plan.jobs) as pool:
        waiting = {pool.submit(run_patient, plan, index, patient): patient.code
                   for index, patient in _longest_first(chosen)}
        for done in as_completed(waiting):
            truth[waiting[done]] = done.result()
            progress(f"{len(truth)} of {len(chosen)} patients run, {waiting[done]} the last,"
                     f" {time.monotonic() - began:.0f} s")
    ordered = {patient.code: truth[patient.code] for _, patient in chosen}
    whole = {"seed": plan.seed, "ul_per_count": float(plan.ul_per_count), "patients": ordered}
    (plan.out / "truth.json").write_text(json.dumps(whole, indent=1) + "\n")
    return whole


def _longest_first(chosen: Iterable[tuple[int, Patient]]) -> list[tuple[int, Patient]]:
    """Orders patients so that no worker starts the longest run last."""
    def days(item: tuple[int, Patient]) -> int:
        return -sum(regimen.window_days for regimen in item[1].regimens.values())
    return sorted(chosen, key=days)


def run_patient(plan: Plan, index: int, patient: Patient) -> dict[str, Any]:
    """Runs one patient's windows on one board; returns the truth of each window."""
    name = board_name(index)
    folder = plan.out / name
    if (folder / "log.flash").exists():
        raise BenchError(f"{folder} holds an earlier run: choose another --out or remove it.")
    board = VirtualBoard(folder, f"{plan.seed}/{name}", compiled_firmware())
    nurse = Nurse(plan.db, patient.code, name, f"{plan.seed}/{name}", folder)
    start_utc_s = int(FIRST_START.timestamp()) + index * DAY_S
    truth: dict[str, Any] = {"board": name}
    for timepoint in plan.timepoints:
        world = build_window(
            patient, timepoint, plan.seed, plan.ul_per_count, plan.calibration_error
        )
        begins_s = start_utc_s + (plan.followup_day * DAY_S if timepoint == "followup" else 0)
        _run_window(plan, board, nurse, patient, timepoint, world, begins_s)
        truth[timepoint] = world.truth
        last = {"counts": int(world.counts[-1]), "presses": int(world.presses[-1]),
                "weight_raw": int(world.weights_raw[-1]), "reliefs": 0}
        (folder / "pins.json").write_text(json.dumps({"name": name, **last}))
    return truth


def pins_of(world: WindowWorld) -> Pins:
    n = len(world.weights_raw)
    return Pins(world.counts, world.presses, world.weights_raw, np.zeros(n, np.int32),
                np.full(n, NO_TEMPERATURE, np.int32))


def _run_window(
    plan: Plan, board: VirtualBoard, nurse: Nurse, patient: Patient, timepoint: str,
    world: WindowWorld, begins_s: int,
) -> None:
    """Powers the board up, lets the window pass with the nurse's visits in it, and cuts power."""
    bench = Bench(board, f"{plan.seed}/{nurse.board}/{timepoint}", pins_of(world))
    at_s = -world.lead_s

    def pass_until(until_s: int) -> None:
        nonlocal at_s
        first, last = (at_s + world.lead_s), (until_s + world.lead_s)
        bench.pass_ticks((last - first) * TICKS_PER_S)
        at_s = until_s

    def visit(commands: list[list[str]]) -> None:
        bench.session(lambda port: nurse.visit(port, (begins_s + at_s) * 1000, commands))

    regimen = patient.regimen(timepoint)
    bag = nurse.bag(
        regimen.morphine_ug_per_bag, regimen.bupivacaine_ug_per_bag, BAG_COLUMN_ML * 1000
    )
    prescription = nurse.regimen(regimen.rate_ul_h, regimen.bolus_ul, regimen.lockout_s)
    arrival = [prescription, bag]
    if timepoint == plan.timepoints[0]:
        arrival = [
            nurse.provision(plan.ul_per_count, world.cell_zero, world.cell_per_kg),
            nurse.start(str(int(nurse.board[1:]))), *arrival,
        ]
    pass_until(0)
    visit(arrival)
    for swap in world.swaps:
        pass_until(swap.entry_s)
        visit([bag])
    pass_until(len(world.weights_raw) - world.lead_s)
    bench.power_off()
