"""Judges a window's presses and boluses: each asked once, given or denied, and how much."""

from __future__ import annotations

from typing import Any

from .evidence import START_MS, Evidence

NEAR_S = 1.0  # a press is latched within a tick
BOLUS_NEAR_S = 3.0


def presses(evidence: Evidence) -> list[dict[str, Any]]:
    """Returns every press and every demand told, matched: either may lack the other."""
    told: list[dict[str, Any]] = [{"at_s": (demand.at_ms - START_MS) / 1000, "outcome": demand.outcome,
                                   "reason": demand.reason, "inferred": demand.inferred}
                                  for demand in evidence.observed.demands]
    found: list[dict[str, Any]] = []
    for true in evidence.truth["demand_list"]:
        if true["at_s"] >= evidence.window_s:
            continue
        near = [demand for demand in told if abs(demand["at_s"] - true["at_s"]) <= NEAR_S]
        for extra in near[1:]:
            found.append({"at_s": extra["at_s"], "true": "none", "told": extra["outcome"],
                          "inferred": extra["inferred"]})
        given = true["outcome"] in ("delivered", "halted")
        found.append({"at_s": true["at_s"], "true": "given" if given else "denied",
                      "why": true["outcome"], "told": near[0]["outcome"] if near else "none",
                      "reason": near[0]["reason"] if near else "",
                      "inferred": bool(near and near[0]["inferred"])})
        told = [demand for demand in told if demand not in near]
    found += [{"at_s": demand["at_s"], "true": "none", "told": demand["outcome"],
               "inferred": demand["inferred"]} for demand in told if demand["at_s"] < evidence.window_s]
    return found


def boluses(evidence: Evidence) -> list[dict[str, Any]]:
    """Returns every true bolus with what was told of it, and every told bolus that was not true."""
    told_ul = float(evidence.spec.ul_per_count)
    left = [part.bolus for part in evidence.observed.boluses]
    found = []
    true_ones = [(b, "patient") for b in evidence.truth["boluses"]]
    true_ones += [(b, "clinician") for b in evidence.truth["clinician_boluses"]]
    for true, source in sorted(true_ones, key=lambda pair: pair[0]["start_s"]):
        if true["start_s"] >= evidence.window_s:
            continue
        near = [b for b in left if abs((b.begin_ms - START_MS) / 1000 - true["start_s"]) <= BOLUS_NEAR_S]
        entry = {"at_s": true["start_s"], "true_ul": true["volume_ul"], "true_source": source}
        if near:
            left.remove(near[0])
            entry |= _told(near[0], told_ul, evidence.quantum_ul(true["start_s"]))
        found.append(entry)
    for bolus in left:
        at_s = (bolus.begin_ms - START_MS) / 1000
        if at_s < evidence.window_s:
            found.append({"at_s": at_s, "true_ul": 0.0, "true_source": "none",
                          **_told(bolus, told_ul, evidence.quantum_ul(at_s))})
    return found


def _told(bolus: Any, told_ul: float, quantum_ul: float) -> dict[str, Any]:
    """Returns what the log says, in true quanta: counting is judged here, not the calibration."""
    low, high = (float(pl) / 1e6 / told_ul * quantum_ul for pl in bolus.bounds_pl)
    if bolus.inferred:
        high = max(high, float(bolus.programmed_ul))
    return {"quantum_ul": quantum_ul, "told_ul": max(0, bolus.milli_counts) / 1000 * quantum_ul,
            "low_ul": low, "high_ul": high, "source": bolus.source,
            "inferred": bolus.inferred, "halted": bolus.halted}
