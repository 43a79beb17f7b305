"""What really happened in a window, for tests to hold the gateway's story against.

Volumes come from the exact curves, not from counts. Times are seconds from the window's
start; totals cover exactly [0, window_days * 86400). Doses are what reached the patient.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cohort import Regimen
from .infusion import Infusion
from .pump import Bolus, Demand, Span, running_spans
from .relief import Relief
from .volume import VolumeCurve

S_PER_DAY = 86_400
NG_PER_MG = 1_000_000


def window_totals(regimen: Regimen, infusion: Infusion) -> dict[str, Any]:
    """Return the window's totals and daily means; floats are the nearest to the exact value."""
    end_ms = regimen.window_days * S_PER_DAY * 1000
    running = running_spans(0, end_ms, infusion.stops)
    running_ms = sum(stop_ms - start_ms for start_ms, stop_ms in running)
    reached = infusion.reached_patient
    patient_ul = reached.at(end_ms) - reached.at(0)
    continuous_ul = _reached_ul(infusion, infusion.continuous, end_ms)
    pcia_ul = _reached_ul(infusion, infusion.pcia, end_ms)
    by_day = deliveries_by_day(infusion.demands, regimen.window_days)
    totals: dict[str, Any] = {
        "continuous_ul": float(continuous_ul),
        "pcia_ul": float(pcia_ul),
        "clinician_ul": float(_reached_ul(infusion, infusion.by_clinician, end_ms)),
        "gravity_ul": float(infusion.gravity.at(end_ms) - infusion.gravity.at(0)),
        "primed_ul": float(infusion.primed.at(end_ms) - infusion.primed.at(0)),
        "mechanism_ul": float(infusion.mechanism.at(end_ms) - infusion.mechanism.at(0)),
        "left_bag_ul": float(infusion.left_bag.at(end_ms) - infusion.left_bag.at(0)),
        "reached_patient_ul": float(patient_ul),
        "deliveries": sum(by_day),
        "deliveries_by_day": by_day,
        "given_in_part": sum(demand.bolus is not None and demand.outcome == "halted"
                             and 0 <= demand.bolus.start_ms < end_ms for demand in infusion.demands),
        "demands": sum(0 <= demand.press.at_ms < end_ms for demand in infusion.demands),
        "running_s": running_ms / 1000,
        "rate_ml_h": float(continuous_ul * 3600 / running_ms) if running_ms else None,
        "pcia_per_day": sum(by_day) / regimen.window_days,
    }
    drugs = {"morphine": regimen.morphine_ug_ml, "bupivacaine": regimen.bupivacaine_ug_ml}
    for drug, ug_ml in drugs.items():
        mg_day_per_ul = ug_ml / NG_PER_MG / regimen.window_days
        totals[f"{drug}_mg_day"] = float(patient_ul * mg_day_per_ul)
        totals[f"pcia_{drug}_mg_day"] = float(pcia_ul * mg_day_per_ul)
    return totals


def _reached_ul(infusion: Infusion, part: VolumeCurve, end_ms: int) -> Any:
    through = infusion.through(part)
    return through.at(end_ms) - through.at(0)


def trace(
    infusion: Infusion, contents_ul: NDArray[np.float64], counts: NDArray[np.int32],
    span: Span, every_s: int,
) -> dict[str, Any]:
    """Return the volumes every so many seconds from 0 to the window's end (cumulative since the
    span began), what the bag holds, and the counts."""
    begin_s, end_s = span[0] // 1000, span[1] // 1000
    at_s = np.arange(0, end_s, every_s)
    curves = {"mechanism_ul": infusion.mechanism, "left_bag_ul": infusion.left_bag,
              "continuous_ul": infusion.through(infusion.continuous),
              "reached_patient_ul": infusion.reached_patient}
    at_ms = at_s.astype(np.float64) * 1000
    values = {name: [round(float(ul), 3) for ul in curve.at_many(at_ms)]
              for name, curve in curves.items()}
    return {"every_s": every_s, **values,
            "contents_ul": [round(float(ul), 1) for ul in contents_ul[at_s - begin_s]],
            "counts": counts[(at_s - begin_s) * 10].tolist()}


def deliveries_by_day(demands: Sequence[Demand], window_days: int) -> list[int]:
    """Count the whole boluses that start in each day of the window."""
    by_day = [0] * window_days
    for demand in demands:
        if demand.bolus is not None and demand.outcome == "delivered":
            day = demand.bolus.start_ms // (S_PER_DAY * 1000)
            if 0 <= day < window_days:
                by_day[day] += 1
    return by_day


def demand_list(demands: Sequence[Demand]) -> list[dict[str, Any]]:
    """Return every demand: when, how long the button was held, and its outcome."""
    return [
        {
            "at_s": demand.press.at_ms / 1000,
            "hold_s": demand.press.hold_ms / 1000,
            "outcome": demand.outcome,
        }
        for demand in demands
    ]


def bolus_list(boluses: Sequence[Bolus], infusion: Infusion) -> list[dict[str, Any]]:
    """Return each bolus: start, end, what the pump moved for it, what of that was not blocked."""
    found = []
    for bolus in boluses:
        alone = VolumeCurve.from_flows(bolus.start_ms, max(bolus.end_ms, bolus.start_ms + 1), [
            (bolus.start_ms, bolus.end_ms, bolus.volume_ul / (bolus.end_ms - bolus.start_ms))
        ] if bolus.end_ms > bolus.start_ms else [])
        found.append({
            "start_s": bolus.start_ms / 1000,
            "end_s": bolus.end_ms / 1000,
            "volume_ul": float(bolus.volume_ul),
            "reached_ul": float(infusion.through(alone).volumes_ul[-1]),
        })
    return found


def relief_list(reliefs: Sequence[Relief]) -> list[dict[str, Any]]:
    """Return each relief: the bolus it is for, and when the button was pressed."""
    return [{"bolus_s": relief.bolus_ms / 1000, "at_s": [ms / 1000 for ms in relief.at_ms],
             "onset_min": (relief.at_ms[0] - relief.bolus_ms) / 60_000} for relief in reliefs]


def swap_list(infusion: Infusion) -> list[dict[str, Any]]:
    """Return each bag change."""
    return [dict(vars(swap)) for swap in infusion.swaps]
