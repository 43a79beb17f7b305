"""Records the traces from bench windows: `python record_traces.py`; `--expect` leaves the inputs as
they are and writes anew only the records that today's tracker makes of them. Read the diff."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent / "firmware"), str(TESTS.parent / "host_tools")]

from helpers.on_board.trace_replay import Replay  # noqa: E402
from pumpbench.bedside import Bedside, BedsideOptions, build_bedside  # noqa: E402
from pumpbench.bedside.load_cell import NO_READING  # noqa: E402
from pumpbench.bedside.pins import CLOSED  # noqa: E402
from pumpbench.cohort import Patient, Regimen  # noqa: E402
from pumpbench.faults import Fault, make_fault  # noqa: E402

FOLDER = Path(__file__).parent / "traces"
MARKS = ("+", "!", "@")


@dataclass(frozen=True)
class Recipe:
    """One trace: a day of a patient, of which the first `hours` are kept."""

    seed: int
    quantum_ul: int
    rate_ul_h: int
    bolus_ul: int
    faults: tuple[Fault, ...] = ()
    hours: int = 5
    error: Fraction = Fraction(0)
    options: BedsideOptions = field(default_factory=BedsideOptions)


RECIPES = {
    "plain_fine": Recipe(1, 1, 300, 100, hours=8),
    "occlusion_and_knock": Recipe(2, 2, 1000, 500, (
        make_fault("knock", 1800), make_fault("occlusion", 7200, alarm_ul=1200))),
    "free_flow_and_stop": Recipe(3, 5, 500, 1000, (
        make_fault("pump_stop", 3600, duration_s=1200),
        make_fault("free_flow", 9000, rate_ml_h=15, duration_s=900))),
    "bag_change_prime_refill": Recipe(4, 10, 2000, 2000, (
        make_fault("bag_change", 3600), make_fault("prime", 7200, volume_ml=3, rate_ml_h=60),
        make_fault("refill", 12600, volume_ml=60, duration_s=120)),
        options=BedsideOptions(lockout_from="end")),
    "coarse_and_off": Recipe(5, 50, 300, 100, hours=12, error=Fraction(3, 100)),
    "dead_cell_and_drift": Recipe(6, 1, 100, 60, (
        make_fault("load_cell_dead", 3600, duration_s=1800),
        make_fault("load_cell_drift", 9000, g_per_h=2, duration_s=3600))),
    "runaway_stuck_wrong_button": Recipe(7, 5, 1500, 750, (
        make_fault("handset_stuck", 3000, duration_s=120), make_fault("wrong_button", 5000, presses=2),
        make_fault("runaway", 7200, factor=3, duration_s=5400),
        make_fault("clinician_bolus", 15000, volume_ml=1))),
}


def inputs(recipe: Recipe) -> list[str]:
    """Returns the remark, the settings, and a line every ten seconds."""
    regimen = Regimen("T01", "followup", 1, recipe.rate_ul_h, recipe.bolus_ul, 600, 100_000, 50_000,
                      (20,))
    bedside = build_bedside(Patient("T01", {"followup": regimen}), "followup", recipe.seed,
                         recipe.quantum_ul, recipe.error, recipe.options, recipe.faults)
    from_end = int(recipe.options.lockout_from == "end")
    told = ", ".join(f"{fault.kind} at {fault.at_s} s" for fault in recipe.faults) or "none"
    lines = [f"# seed {recipe.seed}; the window begins at {bedside.lead_s} s; faults: {told}",
             f"calibration {recipe.quantum_ul * 10**6} 25000 {bedside.cell_zero} {bedside.cell_per_kg}",
             f"regimen {recipe.rate_ul_h} {recipe.bolus_ul} 600 {from_end}"]
    return lines + [_line(bedside, tens) for tens in range(recipe.hours * 360)]


def _line(bedside: Bedside, tens: int) -> str:
    events: list[tuple[int, str]] = []
    for tick in range(100):
        at = tens * 100 + tick
        before = max(0, at - 1)
        steps = [int(bedside.counts[at] - (bedside.counts[before] if at else 0)),
                 int(bedside.presses[at] - (bedside.presses[before] if at else 0))]
        if tick % 10 == 0:
            second = at // 10
            steps.append(int(bedside.reliefs[second] - (bedside.reliefs[second - 1] if second else 0)))
            held = bool(bedside.handset_level[at]) * CLOSED
            if second and held != bool(bedside.handset_level[at - 10]) * CLOSED:
                events.append((tick, f"{tick}{'x' if held else 'o'}"))
        events += [(tick, f"{tick}{mark}{n}") for mark, n in zip(MARKS, steps, strict=False) if n]
    raw = int(bedside.weights_raw[tens * 10 + 5])
    weight = "-" if raw == NO_READING else str(raw)
    return " ".join([weight, *(event for _, event in events)])


def with_records(lines: list[str]) -> list[str]:
    """Returns a trace's inputs, each followed by the records that the tracker makes then."""
    replay = Replay()
    whole = []
    for line in lines:
        whole.append(line)
        if not line.startswith("#"):
            whole += [f"= {record}" for record in replay.take(line)]
    return whole


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, recipe in RECIPES.items():
        path = FOLDER / f"{name}.txt"
        if "--expect" in sys.argv:
            lines = [line for line in path.read_text().splitlines() if not line.startswith("=")]
        else:
            lines = inputs(recipe)
        path.write_text("\n".join(with_records(lines)) + "\n")
        print(f"{name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
