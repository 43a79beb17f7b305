"""What really happened in a window, for tests to hold the gateway's story against.

Volumes come from the exact curves, not from counts. Times are seconds from the window's
start; totals cover exactly [0, window_days * 86400).
"""

from collections.abc import Sequence
from typing import Any

from .cohort import Regimen
from .pump import Demand
from .volume import VolumeCurve

S_PER_DAY = 86_400
NG_PER_MG = 1_000_000


def window_totals(
    regimen: Regimen,
    continuous: VolumeCurve,
    pcia: VolumeCurve,
    running_ms: int,
    demands: Sequence[Demand],
) -> dict[str, Any]:
    """Return the window's totals and daily means; floats are the nearest to the exact value."""
    end_ms = regimen.window_days * S_PER_DAY * 1000
    continuous_ul = continuous.at(end_ms) - continuous.at(0)
    pcia_ul = pcia.at(end_ms) - pcia.at(0)
    by_day = deliveries_by_day(demands, regimen.window_days)
    totals: dict[str, Any] = {
        "continuous_ul": float(continuous_ul),
        "pcia_ul": float(pcia_ul),
        "deliveries": sum(by_day),
        "deliveries_by_day": by_day,
        "demands": sum(0 <= demand.press.at_ms < end_ms for demand in demands),
        "running_s": running_ms / 1000,
        "rate_ml_h": float(continuous_ul * 3600 / running_ms) if running_ms else None,
        "pcia_per_day": sum(by_day) / regimen.window_days,
    }
    drugs = {"morphine": regimen.morphine_ug_ml, "bupivacaine": regimen.bupivacaine_ug_ml}
    for drug, ug_ml in drugs.items():
        mg_day_per_ul = ug_ml / NG_PER_MG / regimen.window_days
        totals[f"{drug}_mg_day"] = float((continuous_ul + pcia_ul) * mg_day_per_ul)
        totals[f"pcia_{drug}_mg_day"] = float(pcia_ul * mg_day_per_ul)
    return totals


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


def bolus_list(demands: Sequence[Demand]) -> list[dict[str, Any]]:
    """Return every bolus: start, end and the volume it really gave."""
    return [
        {
            "start_s": bolus.start_ms / 1000,
            "end_s": bolus.end_ms / 1000,
            "volume_ul": float(bolus.volume_ul),
        }
        for bolus in (demand.bolus for demand in demands)
        if bolus is not None
    ]
