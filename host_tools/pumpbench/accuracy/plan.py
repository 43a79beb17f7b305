"""Which windows the accuracy report runs: groups of specs, each window with a seed of its own.

    T  the calibration is true
    C  calibration error N(0, 2.5 %) and slow drift, hidden from the board (stratified draws: window
       i of n takes its error from the i-th of n equally likely slices, so that n windows hold as
       many large errors as they should)
    L  as C, for days at 1-2 mL/h: over 100 mL weighed, bags change as they run low
    R  48 h with a bag change and a refill on top
    O  the line is blocked      F  the bag runs free      X  other faults, one kind a window
    G  single garbage readings of the cell, at any bag level, around what really happens at bag and pump
    P  1.03 mL/h (no whole count a minute) without boluses, true calibration: for the trumpet curve
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import exp, log
from typing import Any

from scipy.stats import norm

from ..bedside import LoadCell, stream
from ..faults import Fault, make_fault
from ..runs import WindowSpec, draw_spec

TRACE_S = 100  # so that windows are cut at other moments than the log's minutes
HOUR_S = 3600
TOLD_SHARE = 0.025  # standard uncertainty of the calibration, as the board is told
BASE = {"T": 100_000, "C": 200_000, "L": 300_000, "R": 400_000, "O": 500_000, "F": 600_000,
        "X": 700_000, "P": 800_000, "G": 900_000}
SIZES = {"ci": {"T": 10, "C": 20, "L": 1, "R": 4, "O": 5, "F": 4, "X": 8, "P": 3, "G": 8},
         "full": {"T": 60, "C": 200, "L": 16, "R": 16, "O": 24, "F": 16, "X": 24, "P": 6, "G": 300}}
DAYS = {"T": 1, "C": 1, "L": 6, "R": 2, "O": 2, "F": 1, "X": 1, "P": 1, "G": 1}
PLAIN = "TCLP"  # groups without faults
OTHERS = ("runaway", "pump_stop", "prime", "clinician_bolus", "tilt", "load_cell_dead",
          "load_cell_drift", "handset_stuck")
TRUMPET_UL = (1, 10, 50)
FULL_SCALE = 8_388_607
# least and most of what a converter makes up: below, above, anywhere, constants, and plausible loads
GARBAGE = ((-FULL_SCALE, 0), (200_000, FULL_SCALE), (-FULL_SCALE, FULL_SCALE), (0, 0),
           (-4_194_304, -4_194_304), (4_194_304, 4_194_304), (84_000, 200_000))


@dataclass(frozen=True)
class Planned:
    """A window and the group that it belongs to."""

    group: str  #: a letter, see above
    spec: WindowSpec  #: the window


def plan(scale: str, groups: str = "".join(BASE)) -> list[Planned]:
    """Returns the windows of a scale ("ci" or "full"), those that take longest first."""
    sizes = SIZES[scale]
    found = [planned(group, i, sizes[group]) for group in groups for i in range(sizes[group])]
    return sorted(found, key=lambda window: -len(window.spec.deliveries))


def planned(group: str, i: int, n: int) -> Planned:
    """Returns window i of n of a group."""
    seed = BASE[group] + i
    drawn = draw_spec(seed, DAYS[group], name=f"{group}{i}")
    rng = stream(seed, "accuracy")
    options = replace(drawn.options, trace_s=TRACE_S, load_cell=_cell(rng))
    error = Fraction(round(float(norm.ppf((i + rng.random()) / n)) * TOLD_SHARE * 10**6), 10**6)
    changed: dict[str, Any] = {"calibration_error": error}
    if group in "TP":
        options = replace(options, quantum_drift_per_day=Fraction(0))
        changed = {"calibration_error": Fraction(0)}
    if group == "L":
        changed["rate_ul_h"] = round(1000 * rng.uniform(1, 2))
    if group == "P":
        changed |= {"rate_ul_h": 1030, "deliveries": (0,), "ul_per_count": Fraction(TRUMPET_UL[i % 3])}
    if group == "G":
        options = replace(options, bag_ul=round(_even_log(rng, 30_000, 250_000)), bag_floor_ul=5000)
        changed = {"calibration_error": Fraction(0), "ul_per_count": Fraction((1, 2, 5)[i % 3])}
    return Planned(group, replace(drawn, options=options, faults=_faults(group, i, rng), **changed))


def _cell(rng: Any) -> LoadCell:
    """Returns a load cell whose tare, scale and fluid are not quite what the board takes them for."""
    return LoadCell(tare_error_g=float(rng.normal(0, 0.3)), scale_error=float(rng.normal(0, 0.002)),
                    density_g_ml=float(rng.normal(1.0046, 0.001)))


def _faults(group: str, i: int, rng: Any) -> tuple[Fault, ...]:
    at_s = int(rng.uniform(3, 7) * HOUR_S)
    if group == "R":
        return (make_fault("bag_change", at_s, volume_ml=int(rng.uniform(100, 250))),
                make_fault("refill", int(rng.uniform(20, 40)) * HOUR_S,
                           volume_ml=int(rng.uniform(20, 100)), duration_s=int(rng.uniform(30, 600))))
    if group == "O":
        alarm_ul = 1200 if i % 4 == 0 else 5000  # as a rule the pump does not notice first
        return (make_fault("occlusion", at_s, alarm_ul=alarm_ul),)
    if group == "F":
        ml_h = _even_log(rng, 3, 100)
        return (make_fault("free_flow", at_s, rate_ml_h=Fraction(round(ml_h * 100), 100),
                           duration_s=max(300, int(5 * HOUR_S / ml_h))),)
    if group == "X":
        kind = OTHERS[i % len(OTHERS)]
        lasting = {"runaway": 4 * HOUR_S, "pump_stop": 4 * HOUR_S, "tilt": 2 * HOUR_S,
                   "load_cell_dead": 2 * HOUR_S, "load_cell_drift": 6 * HOUR_S, "handset_stuck": 600}
        duration: dict[str, Any] = {"duration_s": lasting[kind]} if kind in lasting else {}
        return (make_fault(kind, at_s, **duration),)
    return _around_garbage(i, at_s, rng) if group == "G" else ()


def _around_garbage(i: int, at_s: int, rng: Any) -> tuple[Fault, ...]:
    """Returns garbage all day, two boluses by a clinician, and what really happens at the bag."""
    least, most = GARBAGE[i % len(GARBAGE)]
    faults = [make_fault("load_cell_garbage", share_percent=round(_even_log(rng, 0.1, 2), 3),
                         least_raw=least, most_raw=most)]
    faults += [make_fault("clinician_bolus", int(rng.uniform(*hours) * HOUR_S), volume_ml=1)
               for hours in ((9, 14), (16, 22))]
    if i % 4 == 1:
        faults += [make_fault("bag_change", at_s, volume_ml=round(_even_log(rng, 30, 250))),
                   make_fault("prime", at_s + 200)]
    elif i % 4 == 2:
        faults.append(make_fault("refill", at_s, volume_ml=int(rng.uniform(10, 100))))
    elif i % 4 == 3:
        faults += [make_fault("knock", at_s - HOUR_S), make_fault("tilt", at_s)]
    return tuple(faults)


def _even_log(rng: Any, low: float, high: float) -> float:
    return exp(rng.uniform(log(low), log(high)))
