"""Judges what a window's board says of the bag: its level, its changes, and the check by weight."""

from __future__ import annotations

from typing import Any

from .evidence import Evidence

SETTLE_S = 200  # from a hanging to the first level told of that bag
NEAR_S = 120


def levels(evidence: Evidence) -> list[list[float]]:
    """Returns [at_s, bag's number, told uL, true uL, standard error uL] of each reservoir record;
    none while a bag is being changed or filled."""
    busy = [(swap["stop_s"], swap["on_s"] + SETTLE_S) for swap in evidence.truth["swaps"]]
    busy += [(a, b + SETTLE_S) for a, b in _refills(evidence)]
    hung_s = [swap["on_s"] for swap in evidence.truth["swaps"]]
    found = []
    for event in evidence.of_kind("reservoir"):
        at_s = event.at_s
        if at_s < SETTLE_S or at_s >= evidence.window_s or event.fields["level_ul"] < 0:
            continue
        if any(a <= at_s <= b for a, b in busy):
            continue
        bag = sum(at_s > s for s in hung_s)
        found.append([at_s, bag, event.fields["level_ul"], evidence.contents_ul(at_s),
                      event.fields["se_ul"]])
    return found


def changes(evidence: Evidence) -> dict[str, Any]:
    """Matches bag changes and refills told with those that were."""
    told = [(e.at_s - e.fields["ago_ms"] / 1000, e.fields["uncertainty_ms"] / 1000,
             e.fields["refill"], (e.fields["after_mg"] - e.fields["before_mg"]) / 1004.6)
            for e in evidence.of_kind("bag")]
    true = [(swap["off_s"], swap["on_s"], 0) for swap in evidence.truth["swaps"]]
    true += [(a, b, 1) for a, b in _refills(evidence)]
    missed = []
    for begin_s, end_s, refill in true:
        near = [t for t in told if t[2] == refill and begin_s - NEAR_S <= t[0] <= end_s + NEAR_S]
        if near:
            told.remove(near[0])
        else:
            missed.append([begin_s, refill])
    return {"true": [begin_s for begin_s, _, _ in true], "missed": missed, "invented": told}


def checks(evidence: Evidence) -> list[dict[str, float]]:
    """Returns each calibration check beside the true error of a count, as a share."""
    told_ul = float(evidence.spec.ul_per_count)
    found = []
    for event in evidence.of_kind("check"):
        mean_ul = evidence.quantum_ul(min(evidence.window_s, event.at_s) / 2)
        found.append({"at_s": event.at_s, "counted_ml": event.fields["by_counts_ul"] / 1000,
                      "told": event.fields["difference_ppm"] / 1e6,
                      "se": event.fields["uncertainty_ppm"] / 1e6, "true": mean_ul / told_ul - 1})
    return found


def _refills(evidence: Evidence) -> list[tuple[float, float]]:
    return [(fault["onset_s"], fault["end_s"]) for fault in evidence.truth["faults"]
            if fault["kind"] == "refill"]
