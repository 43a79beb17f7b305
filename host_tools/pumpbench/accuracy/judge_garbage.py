"""Judges a window in which the load cell gives garbage: kinds of boluses, milligrams, possibilities."""

from __future__ import annotations

from typing import Any

from pumplog.dose import doses

from .evidence import START_MS, Evidence
from .judge_presses import BOLUS_NEAR_S
from .judge_suspicions import AFTER_S, signatures

MG_PER_UL = 100 / 250_000  # what run_window has in each bag
PRIMED_S = 1200  # so long after the hook was empty what flows may be a prime
PRESSED_S = 30  # so long after a press what flows may be what was asked for
BEFORE_S = 300  # a bag change is told with an uncertainty of its own


def garbage(evidence: Evidence) -> dict[str, Any] | None:
    """Returns what became of boluses, milligrams and possibilities, None of a window without garbage."""
    faults = evidence.truth["faults"]
    if not any(fault["kind"] == "load_cell_garbage" for fault in faults):
        return None
    causes_s = [fault.get("onset_s", fault["at_s"]) for fault in faults
                if fault["kind"] != "load_cell_garbage"]
    return {"boluses": _kinds(evidence), "mg": _milligrams(evidence),
            "signatures": [told["name"] for told in signatures(evidence) if told["at_s"] >= 0
                           and not any(0 <= told["at_s"] - s <= AFTER_S for s in causes_s)]}


def _kinds(evidence: Evidence) -> list[list[Any]]:
    """Returns [at_s, true kind, told kind] of each bolus and prime; "none" where either lacks."""
    truth = evidence.truth
    true = [(b["start_s"], "patient") for b in truth["boluses"]]
    true += [(b["start_s"], "clinician") for b in truth["clinician_boluses"]]
    true += [(fault["at_s"] + 60, "prime") for fault in truth["faults"] if fault["kind"] == "prime"]
    told = [((part.bolus.begin_ms - START_MS) / 1000, part.bolus.source)
            for part in evidence.observed.boluses]
    found = []
    for at_s, kind in sorted(true):
        if _hidden(evidence, at_s, kind):
            told = [entry for entry in told if not -PRESSED_S <= entry[0] - at_s <= BOLUS_NEAR_S]
            continue
        near = [entry for entry in told if abs(entry[0] - at_s) <= BOLUS_NEAR_S]
        told = [entry for entry in told if entry not in near[:1]]
        found.append([at_s, kind, near[0][1] if near else "none"])
    found += [[at_s, "none", kind] for at_s, kind in told]
    return [entry for entry in found if 0 <= entry[0] < evidence.window_s]


def _hidden(evidence: Evidence, at_s: float, kind: str) -> bool:
    """Returns whether nothing could tell what flows: a clinician's bolus soon after a bag change or in
    a patient's; a prime just after a press."""
    if kind == "prime":
        return any(-1 <= at_s - d["at_s"] <= PRESSED_S for d in evidence.truth["demand_list"])
    if kind == "patient":
        return False
    return (any(0 <= at_s - swap["off_s"] <= PRIMED_S for swap in evidence.truth["swaps"])
            or any(b["start_s"] - 1 <= at_s <= b["end_s"] + 10 for b in evidence.truth["boluses"]))


def _milligrams(evidence: Evidence) -> list[float | None]:
    """Returns [true, told, low, high] of the morphine until a bag hangs that nobody entered."""
    truth, every_s = evidence.truth, evidence.truth["trace"]["every_s"]
    changes_s = [swap["off_s"] for swap in truth["swaps"]]
    changes_s += [fault["at_s"] for fault in truth["faults"] if fault["kind"] == "refill"]
    until_s = (min([evidence.window_s, *changes_s]) - BEFORE_S) // every_s * every_s
    told = doses(evidence.episode, evidence.observed, START_MS, START_MS + until_s * 1000)
    mass = told.masses_mg["morphine"]
    reached_ul = evidence.true_at("reached_patient_ul", until_s) - evidence.true_at(
        "reached_patient_ul", 0)
    return [reached_ul * MG_PER_UL, *(
        [None] * 3 if mass is None else map(float, (mass.value, mass.low, mass.high)))]
