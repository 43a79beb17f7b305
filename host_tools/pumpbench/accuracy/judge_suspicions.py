"""Judges a window's signatures and pump states: when found, and which had no cause."""

from __future__ import annotations

from typing import Any

from .evidence import Evidence

AFTER_S = 7200  # what follows a fault within this is put down to it
# as the record's description numbers them: the bench shares no table with the firmware
SIGNATURES = {1: "occlusion", 2: "free_flow", 3: "runaway", 4: "empty", 5: "counter_silent",
              6: "load_cell_dead", 7: "load_cell_drift", 8: "handset_stuck", 9: "regimen_mismatch"}
BEGAN, RUNNING = 1, 1


def signatures(evidence: Evidence) -> list[dict[str, Any]]:
    """Returns every signature told: when it began and was over, and its evidence."""
    found: list[dict[str, Any]] = []
    for event in evidence.of_kind("signature"):
        name = SIGNATURES[event.fields["signature"]]
        if event.fields["state"] == BEGAN:
            found.append({"name": name, "at_s": event.at_s, "over_s": None,
                          "by_counts_ul": event.fields["by_counts_ul"],
                          "by_weight_ul": event.fields["by_weight_ul"],
                          "span_s": event.fields["span_s"]})
        else:
            for entry in found:
                if entry["name"] == name and entry["over_s"] is None:
                    entry["over_s"] = event.at_s
    return found


def faults(evidence: Evidence) -> list[dict[str, Any]]:
    """Returns each fault with the signatures after it, and the volume that was wrong by then."""
    told = signatures(evidence)
    found = []
    for fault in evidence.truth["faults"]:
        onset_s = fault.get("onset_s", fault["at_s"])
        end_s = fault.get("end_s") or onset_s
        after = [entry for entry in told if onset_s <= entry["at_s"] <= end_s + AFTER_S]
        found.append({
            **fault, "rate_ml_h": evidence.spec.rate_ul_h / 1000,
            "after": [{**entry, "delay_h": (entry["at_s"] - onset_s) / 3600,
                       "delay_ml": _wrong_ml(evidence, fault, onset_s, min(entry["at_s"], end_s))}
                      for entry in after],
            "whole_ml": _wrong_ml(evidence, fault, onset_s, end_s),
        })
    return found


def _wrong_ml(evidence: Evidence, fault: dict[str, Any], from_s: float, to_s: float) -> float:
    """Returns the volume by which counts and bag parted from onset to to_s."""
    if fault["kind"] == "free_flow":
        return fault["parameters"]["rate_ml_h"] * (to_s - from_s) / 3600
    if fault["kind"] == "load_cell_drift":
        return abs(fault["parameters"]["g_per_h"]) * (to_s - from_s) / 3600
    moved = evidence.moved_ul()
    a, b = (min(len(moved) - 1, round((s + evidence.bedside.lead_s) * 10)) for s in (from_s, to_s))
    return float(moved[b] - moved[a]) / 1000


def pump(evidence: Evidence) -> list[dict[str, Any]]:
    """Returns every stop and start of the pump that was told, and whether there was one then."""
    stops = [(-evidence.bedside.lead_s, 0.0)]
    stops += [(swap["stop_s"], swap["restart_s"]) for swap in evidence.truth["swaps"]]
    for fault in evidence.truth["faults"]:
        if fault["kind"] == "pump_stop":
            stops.append((fault["onset_s"], fault["end_s"]))
        elif fault["kind"] == "occlusion" and fault.get("pump_stopped_s") is not None:
            stops.append((fault["pump_stopped_s"], fault["end_s"]))
        elif fault["kind"] == "prime":
            lasts_s = fault["parameters"]["volume_ml"] / fault["parameters"]["rate_ml_h"] * 3600
            stops += [(fault["at_s"], fault["at_s"] + 60), (fault["at_s"] + 60 + lasts_s,
                                                            fault["at_s"] + 120 + lasts_s)]
    found = []
    for event in evidence.of_kind("pump"):
        at_s = event.at_s - event.fields["ago_ms"] / 1000
        half_s = event.fields["uncertainty_ms"] / 1000 + 1.5
        state = "running" if event.fields["state"] == RUNNING else "stopped"
        edges = [b if state == "running" else a for a, b in stops]
        true = any(abs(edge - at_s) <= half_s for edge in edges)
        found.append({"state": state, "at_s": at_s, "half_s": half_s, "told_s": event.at_s,
                      "true": true})
    return found
