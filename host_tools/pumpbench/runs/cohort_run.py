"""Runs a cohort: every patient's windows on one board each, real firmware, simulated time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..bedside import Bedside, BedsideOptions, build_bedside
from ..board import VirtualBoard, compiled_firmware
from ..cohort import TIMEPOINTS, Patient, read_cohort
from ..errors import BenchError
from ..faults import Fault, read_faults
from ..nurse import Nurse, scripted_visits
from .window_run import WindowRun

FIRST_START = datetime(2026, 1, 5, 8, tzinfo=UTC)  # the first patient's start, simulated
DAY_S = 86400


@dataclass(frozen=True)
class Plan:
    """What `pumpbench run` was told."""

    regimens: Path  #: the regimens' CSV file
    daily_counts: Path  #: the daily counts' CSV file
    out: Path  #: the folder for flash images and truth
    db: Path  #: the nurse's store
    followup_day: int = 28  #: days from a patient's start to the follow-up window
    ul_per_count: Fraction = Fraction(1)  #: the motor's quantum as the board is told, microlitres
    calibration_error: Fraction = Fraction(0)  #: by what share the true quantum exceeds it
    seed: int = 1  #: of all chance
    jobs: int = 2  #: how many windows run side by side
    patients: tuple[str, ...] = ()  #: only these codes; empty: all
    timepoints: tuple[str, ...] = field(default=TIMEPOINTS)  #: which windows
    faults: Path | None = None  #: a file of faults
    options: BedsideOptions = field(default_factory=BedsideOptions)  #: how the bedside is built


def board_name(index: int) -> str:
    """Returns the neutral name of the cohort's index-th board (from 0)."""
    return f"B{index + 1:02d}"


def run_cohort(plan: Plan, progress: Callable[[str], None]) -> dict[str, Any]:
    """Runs every patient; returns what really happened, also written to out/truth.json."""
    everyone = read_cohort(plan.regimens, plan.daily_counts)
    chosen = [(index, patient) for index, patient in enumerate(everyone)
              if not plan.patients or patient.code in plan.patients]
    codes = {patient.code for _, patient in chosen}
    unknown = set(plan.patients) - codes
    if unknown:
        raise BenchError(f"no patient {sorted(unknown)[0]} in {plan.regimens}", "check --patients")
    faults = read_faults(plan.faults, everyone) if plan.faults else ()
    for fault in faults:
        for code in (fault.patient, fault.values.get("named", fault.patient)):
            if code not in codes:
                raise BenchError(f"{plan.faults}: {fault.kind} of {fault.patient} needs {code}, who"
                                 " is not among --patients", "add the patient or drop the fault")
    plan.out.mkdir(parents=True, exist_ok=True)
    compiled_firmware()  # once, before the workers need it
    truth: dict[str, Any] = {}
    later: list[_Alone] = []
    began = time.monotonic()
    with ProcessPoolExecutor(plan.jobs) as pool:
        waiting = [pool.submit(run_group, plan, group, faults) for group in _groups(chosen, faults)]
        for done in as_completed(waiting):
            found, alone = done.result()
            truth.update(found)
            later += alone
            progress(f"{len(truth)} of {len(chosen)} patients run, {list(found)[-1]} the last,"
                     f" {time.monotonic() - began:.0f} s")
    for entry in sorted(later, key=lambda entry: (entry.utc_ms, entry.patient)):
        entry.enter(plan)
    ordered = {patient.code: truth[patient.code] for _, patient in chosen}
    whole = {"seed": plan.seed, "ul_per_count": float(plan.ul_per_count), "patients": ordered}
    (plan.out / "truth.json").write_text(json.dumps(whole, indent=1) + "\n")
    return whole


Group = tuple[tuple[int, Patient], ...]


def _groups(chosen: Sequence[tuple[int, Patient]], faults: Sequence[Fault]) -> list[Group]:
    """Returns who must run together because their boards change places; longest first, so that
    no worker starts the longest run last."""
    groups: list[set[str]] = [{patient.code} for _, patient in chosen]
    for fault in faults:
        if fault.kind == "board_swapped":
            pair = {fault.patient, fault.text("named")}
            joined = set().union(*(group for group in groups if group & pair))
            groups = [group for group in groups if not group & pair] + [joined]

    def days(group: Group) -> tuple[int, int]:
        return -sum(regimen.window_days for _, patient in group
                    for regimen in patient.regimens.values()), group[0][0]

    return sorted((tuple(item for item in chosen if item[1].code in group) for group in groups),
                  key=days)


@dataclass(frozen=True)
class _Alone:
    """Commands that a nurse gave her laptop with no board near, to be run once the boards rest."""

    utc_ms: int
    patient: str
    board: str
    commands: tuple[list[str], ...]

    def enter(self, plan: Plan) -> None:
        """Runs them on the nurse's store."""
        nurse = Nurse(plan.db, self.patient, self.board, f"{plan.seed}/{self.board}/alone",
                      plan.out / self.board)
        nurse.visit(None, self.utc_ms, self.commands)


def run_group(
    plan: Plan, group: Group, faults: Sequence[Fault] = ()
) -> tuple[dict[str, Any], list[_Alone]]:
    """Runs some patients' windows, each timepoint of all before the next; returns the truth of each
    patient, and what is to be entered afterwards."""
    truth: dict[str, Any] = {}
    boards: dict[str, VirtualBoard] = {}
    for index, patient in group:
        name = board_name(index)
        if (plan.out / name / "log.flash").exists():
            raise BenchError(f"{plan.out / name} holds an earlier run",
                             "choose another --out or remove it")
        boards[patient.code] = VirtualBoard(
            plan.out / name, f"{plan.seed}/{name}", compiled_firmware())
        truth[patient.code] = {"board": name}
    alone: list[_Alone] = []
    for timepoint in plan.timepoints:
        for fault in faults:
            if fault.kind == "board_swapped" and fault.timepoint == timepoint:
                a, b = fault.patient, fault.text("named")
                if a in boards:
                    boards[a], boards[b] = boards[b], boards[a]
        for index, patient in group:
            mine = tuple(fault for fault in faults
                         if (fault.patient, fault.timepoint) == (patient.code, timepoint))
            swapped = boards[patient.code].folder.name != board_name(index)
            found, left = _run_window(plan, index, patient, timepoint, boards[patient.code], mine,
                                      swapped)
            truth[patient.code][timepoint] = found
            alone += left
    return truth, alone


def _run_window(
    plan: Plan, index: int, patient: Patient, timepoint: str, board: VirtualBoard,
    faults: tuple[Fault, ...], swapped: bool,
) -> tuple[dict[str, Any], list[_Alone]]:
    """Runs one window of one patient on the board that hangs there."""
    bedside = build_bedside(patient, timepoint, plan.seed, plan.ul_per_count, plan.calibration_error,
                         plan.options, faults)
    name = board_name(index)
    nurse = Nurse(plan.db, patient.code, name, f"{plan.seed}/{name}", board.folder)
    begins_s = int(FIRST_START.timestamp()) + index * DAY_S
    begins_s += plan.followup_day * DAY_S if timepoint == "followup" else 0
    arrival = []
    if timepoint == plan.timepoints[0]:
        arrival = [nurse.provision(plan.ul_per_count, bedside.cell_zero, bedside.cell_per_kg),
                   nurse.start(str(index + 1))]
    visits, bags = scripted_visits(nurse, patient.regimen(timepoint), bedside, arrival,
                                   plan.options.lockout_from, swapped=swapped)
    run = WindowRun(board, nurse, bedside, begins_s, f"{plan.seed}/{board.folder.name}/{timepoint}")
    run.run([visit for visit in visits if visit.linked])
    _keep_pins(board, bedside)
    truth = {**bedside.truth, "board": board.folder.name, "bag_entries": bags, "visits": run.visits}
    return truth, [_Alone((begins_s + visit.at_s + visit.clock_offset_s) * 1000, patient.code,
                          board.folder.name, visit.commands)
                   for visit in visits if not visit.linked]


def _keep_pins(board: VirtualBoard, bedside: Bedside) -> None:
    """Notes what the pins showed last, for the board to be served with, and the faults of its radio."""
    path = board.folder / "pins.json"
    earlier = json.loads(path.read_text())["radio_loss"] if path.exists() else []
    pins: dict[str, Any] = {
        "name": board.folder.name, "counts": int(bedside.counts[-1]),
        "presses": int(bedside.presses[-1]), "weight_raw": int(bedside.weights_raw[-1]),
        "reliefs": int(bedside.reliefs[-1]),
        "radio_loss": earlier + [[int(fault.number("drops")), float(fault.number("every_s"))]
                                 for fault in bedside.faults if fault.kind == "radio_loss"],
    }
    path.write_text(json.dumps(pins))
