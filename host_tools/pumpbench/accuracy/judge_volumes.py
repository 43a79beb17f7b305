"""Judges a window's counts, volumes and rates."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from pumplog.dose import Figure, doses, total

from ..bedside import stream
from .evidence import START_MS, Evidence

PIECE_ML = 10
SPANS_H = (1, 6, 24)
WINDOWS_OF = 6  # of each length, at random moments
TRUMPET_MIN = (1, 2, 5, 11, 19, 31, 60, 180, 360)
STEADY_S = 3600


def counting(evidence: Evidence) -> dict[str, Any]:
    """Holds every minute of a window that was never cut off against the true counts and presses."""
    wrong = []
    ticks = 0
    for minute in evidence.of_kind("minute"):
        end = minute.uptime_ms // 100
        told = minute.fields["counts"], minute.fields["presses"]
        begin = ticks
        ticks = end
        true = tuple(int(so_far[end] - (so_far[begin] if begin else 0))
                     for so_far in (evidence.bedside.counts, evidence.bedside.presses))
        if told != true:
            wrong.append({"at_s": minute.at_s, "true": true, "told": told})
    unwritten = int(evidence.bedside.counts[-1] - evidence.bedside.counts[ticks])
    told = sum(minute.fields["counts"] for minute in evidence.of_kind("minute"))
    return {"minutes": len(evidence.of_kind("minute")), "wrong": wrong, "counts": told,
            "counts_true": int(evidence.bedside.counts[-1]), "pending": unwritten}


def volumes(evidence: Evidence) -> list[dict[str, Any]]:
    """Returns delivered volumes in mL of the window's pieces of 10 mL and more, and of all of it."""
    trace = evidence.truth["trace"]
    every_s, moved = trace["every_s"], trace["mechanism_ul"]
    last = evidence.window_s // every_s
    edges = [0]
    for k in range(last + 1):
        if moved[k] - moved[edges[-1]] >= PIECE_ML * 1000:
            edges.append(k)
    found = [_piece(evidence, a * every_s, b * every_s) for a, b in zip(edges, edges[1:], strict=False)]
    return [*found, {**_piece(evidence, 0, last * every_s), "whole": True}]


def _piece(evidence: Evidence, begin_s: int, end_s: int) -> dict[str, Any]:
    told = doses(evidence.episode, evidence.observed, START_MS + begin_s * 1000, START_MS + end_s * 1000)

    def true_ml(name: str) -> float:
        return (evidence.true_at(name, end_s) - evidence.true_at(name, begin_s)) / 1000

    parts = total([told.continuous_ml, told.pcia_ml, told.other_ml, told.prime_ml])
    pcia_true_ul = sum(_inside(bolus, begin_s, end_s) for bolus in evidence.truth["boluses"])
    by_rate = told.mean_with_boluses_ml_h
    if by_rate is not None:
        by_rate = by_rate.map(lambda ml_h: ml_h * Fraction(end_s - begin_s, 3600))
    return {"begin_s": begin_s, "end_s": end_s, "true_ml": true_ml("mechanism_ul"),
            "parts": _figure(parts), "total": _figure(by_rate),
            "continuous_true_ml": true_ml("continuous_ul"),
            "continuous": _figure(told.continuous_ml),
            "pcia_true_ml": pcia_true_ul / 1000,
            "pcia": _figure(told.pcia_ml), "observed_h": told.observed_ms / 3.6e6}


def _inside(bolus: dict[str, Any], begin_s: float, end_s: float) -> float:
    lasts_s = bolus["end_s"] - bolus["start_s"]
    if lasts_s <= 0:
        return 0.0
    inside_s = max(0.0, min(bolus["end_s"], end_s) - max(bolus["start_s"], begin_s))
    return float(bolus["volume_ul"] * inside_s / lasts_s)


def rates(evidence: Evidence) -> list[dict[str, Any]]:
    """Returns the shown rate's intervals over windows of some lengths at random moments."""
    rng = stream(evidence.spec.seed, "rate windows")
    every_s = evidence.truth["trace"]["every_s"]
    found = []
    for hours in SPANS_H:
        room = (evidence.window_s - hours * 3600) // every_s
        starts = {int(rng.integers(0, room + 1)) for _ in range(WINDOWS_OF)} if room >= 0 else set()
        for start in sorted(starts):
            begin_s = start * every_s
            piece = _piece(evidence, begin_s, begin_s + hours * 3600)
            found.append({"hours": hours, **{name: piece[name] for name in (
                "begin_s", "true_ml", "total", "continuous_true_ml", "continuous")}})
    return found


def _figure(figure: Figure | None) -> list[float | None]:
    if figure is None:
        return [None] * 3
    return [float(figure.value), float(figure.low), float(figure.high)]


def trumpet(evidence: Evidence) -> list[list[float]]:
    """Returns [minutes, lowest, highest] of the logged volume's error in percent, over all spans of
    so many of the log's minutes from the second hour on."""
    minutes = [m for m in evidence.of_kind("minute") if STEADY_S <= m.at_s < evidence.window_s]
    at_s = [minute.uptime_ms / 1000 - evidence.bedside.lead_s for minute in minutes]
    told = np.cumsum([minute.fields["counts"] for minute in minutes]) * float(evidence.spec.ul_per_count)
    true = np.array([evidence.true_at("mechanism_ul", s) for s in at_s])
    found = []
    for n in TRUMPET_MIN:
        percent = ((told[n:] - told[:-n]) / (true[n:] - true[:-n]) - 1) * 100
        found.append([n, float(percent.min()), float(percent.max())])
    return found
