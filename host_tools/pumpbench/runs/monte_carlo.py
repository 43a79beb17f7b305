"""Many short, independent windows on the real firmware, side by side: for the accuracy report.

Each has its own board, store and truth. The scripted nurse comes once, at the window's start
(provisioning, patient, regimen, bag); later bags hang without a visit. What a board logged is read
from its flash image: `records(result)`.

    specs = [draw_spec(seed, days=2) for seed in range(150)]
    for result in run_windows(specs, folder, jobs=2): ...
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from math import exp, log
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..bedside import BedsideOptions, build_bedside, stream
from ..board import VirtualBoard, compiled_firmware
from ..cohort import Patient, Regimen
from ..errors import BenchError
from ..faults import Fault
from ..nurse import Nurse, scripted_visits
from .cohort_run import FIRST_START
from .window_run import WindowRun

if TYPE_CHECKING:
    from pumplog.store import StoredRecord

T = TypeVar("T")
BOARD = "B01"  # the name of each window's board in its own store
TOLD_UNCERTAINTY_PERCENT = Fraction(5, 2)  # standard, of the calibration that the board is told
QUANTA_UL = (1, 2, 5, 10, 20, 50)


@dataclass(frozen=True)
class WindowSpec:
    """One synthetic patient's window."""

    name: str  #: one to eight letters and digits, each name once in a run
    seed: int  #: of all chance
    rate_ul_h: int  #: the continuous rate, microlitres an hour
    bolus_ul: int  #: one bolus, microlitres
    lockout_s: int  #: how long a bolus locks out the next
    deliveries: tuple[int, ...]  #: boluses of each day
    ul_per_count: Fraction = Fraction(1)  #: the quantum that the board is told, microlitres
    calibration_error: Fraction = Fraction(0)  #: by what share the true quantum exceeds it
    faults: tuple[Fault, ...] = ()  #: of this window: they need no patient or timepoint of their own
    #: how the bedside is built
    options: BedsideOptions = field(default_factory=lambda: BedsideOptions(trace_s=300))
    timepoint: str = "followup"  #: "baseline" or "followup": decides the onset of relief
    rtc: bool = False  #: a clock with a battery is fitted
    counters_from: int = 0  #: what the counters show at every boot


@dataclass(frozen=True)
class WindowResult:
    """A window that was run."""

    spec: WindowSpec  #: what was run
    folder: Path  #: holds log.flash, nurse.db and truth.json
    truth: dict[str, Any]  #: what really happened

    @property
    def image(self) -> Path:
        """The board's flash image."""
        return self.folder / "log.flash"


def draw_spec(seed: int, days: int, **fixed: Any) -> WindowSpec:
    """Returns a window drawn over the ranges of the accuracy report; `fixed` fields are as given.

    Rate 0.05-2 mL/h and bolus 0.05-2 mL (evenly in their logarithms), quanta of QUANTA_UL,
    calibration error N(0, 2.5 %) with a drift of N(0, 0.1 %) a day, lockout 10-15 min, 8 to 20
    deliveries a day.
    """
    rng = stream(seed, "spec")
    log_ul_h, log_ul = rng.uniform(log(0.05), log(2), 2)
    drawn: dict[str, Any] = {
        "name": f"W{seed}",
        "seed": seed,
        "rate_ul_h": max(50, min(2000, round(1000 * exp(log_ul_h)))),
        "bolus_ul": max(50, min(2000, round(1000 * exp(log_ul)))),
        "ul_per_count": Fraction(int(rng.choice(QUANTA_UL))),
        "calibration_error": Fraction(round(rng.normal(0, 25_000)), 10**6),
        "lockout_s": 60 * int(rng.integers(10, 16)),
        "deliveries": tuple(int(n) for n in rng.integers(8, 21, days)),
        "options": BedsideOptions(
            trace_s=300, quantum_drift_per_day=Fraction(round(rng.normal(0, 1000)), 10**6),
            lockout_from=str(rng.choice(("start", "end"))),
        ),
    }
    return WindowSpec(**{**drawn, **fixed})


def run_windows(
    specs: Sequence[WindowSpec], out: Path, jobs: int | None = None
) -> Iterator[WindowResult]:
    """Runs the windows on `jobs` cores (default all); yields each result, in the specs' order.

    BenchError if a name is taken or a spec cannot be run.
    """
    return map_windows(_as_it_is, specs, out, jobs)


def map_windows(
    judge: Callable[[WindowResult], T], specs: Sequence[WindowSpec], out: Path,
    jobs: int | None = None,
) -> Iterator[T]:
    """Yields judge(result) of each window, judged where it was run; judge: a module's function."""
    names = [spec.name for spec in specs]
    for name in names:
        if names.count(name) > 1 or (out / name).exists():
            raise BenchError(f"window {name} is there already", "give each its own name and folder")
    compiled_firmware()  # once, before the workers need it
    with ProcessPoolExecutor(jobs or os.cpu_count() or 1) as pool:
        yield from pool.map(_run_and_judge, [judge] * len(specs), specs, [out] * len(specs))


def _run_and_judge(judge: Callable[[WindowResult], T], spec: WindowSpec, out: Path) -> T:
    return judge(run_window(spec, out))


def _as_it_is(result: WindowResult) -> WindowResult:
    return result


def run_window(spec: WindowSpec, out: Path) -> WindowResult:
    """Runs one window in this process."""
    folder = out.resolve() / spec.name
    regimen = Regimen(spec.name, spec.timepoint, len(spec.deliveries), spec.rate_ul_h, spec.bolus_ul,
                      spec.lockout_s, 100_000, 50_000, spec.deliveries)
    patient = Patient(spec.name, {spec.timepoint: regimen})
    bedside = build_bedside(patient, spec.timepoint, spec.seed, spec.ul_per_count,
                         spec.calibration_error, spec.options, spec.faults)
    seed = f"{spec.seed}/{spec.name}"
    board = VirtualBoard(folder, seed, compiled_firmware())
    nurse = Nurse(folder / "nurse.db", spec.name, BOARD, seed, folder)
    arrival = [nurse.provision(spec.ul_per_count, bedside.cell_zero, bedside.cell_per_kg,
                               TOLD_UNCERTAINTY_PERCENT), nurse.start("1")]
    visits, bags = scripted_visits(nurse, regimen, bedside, arrival, spec.options.lockout_from,
                                   all_visits=False)
    run = WindowRun(board, nurse, bedside, int(FIRST_START.timestamp()), seed, spec.rtc,
                    spec.counters_from)
    run.run([visit for visit in visits if visit.linked])
    truth = {**bedside.truth, "bag_entries": bags, "visits": run.visits}
    (folder / "truth.json").write_text(json.dumps(truth) + "\n")
    return WindowResult(spec, folder, truth)


def records(result: WindowResult) -> list[StoredRecord]:
    """Returns what the board logged, in order, decoded by pumplog from the flash image."""
    from pumplog.store import Store
    from pumplog.sync import pull_image

    with Store.open(result.folder / "nurse.db") as store:
        pull_image(store, str(result.image), BOARD)
        found = [record for log_id, _ in store.logs.of(BOARD)
                 for record in store.records.of(log_id)]
    return sorted(found, key=lambda record: (record.log_id, record.seq))
