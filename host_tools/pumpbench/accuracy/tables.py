"""The report's tables: rows of text, written as CSV and as Markdown."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from .plan import PLAIN
from .pool import Criterion, Judged, of

Row = Sequence[Any]
RATIOS = (0.05, 0.1, 0.2, 0.5, 1.0)
RATES_ML_H = (0.06, 0.25, 1, 2)
VOLUMES_ML = (("occlusion told, at the latest", 1.5), ("volume within 0.5 % and one quantum", 10),
              ("calibration check", 100), ("one quantum of 1 uL", 0.001),
              ("one quantum of 10 uL", 0.01), ("one quantum of 50 uL", 0.05))
TOLD = ("given", "denied", "unresolved", "none")
WORDS = {True: "met", False: "NOT met", None: "-"}


def criteria_table(found: Sequence[Criterion]) -> list[Row]:
    """Returns every criterion beside its limit."""
    return [("claim", "limit", "found", ""),
            *((c.claim, c.limit, c.result, WORDS[c.met]) for c in found)]


def confusion_table(windows: list[Judged]) -> list[Row]:
    """Returns what was told of presses that were given or denied, by quantum over bolus."""
    cells: Counter[tuple[str, str, str]] = Counter()
    inferred: Counter[tuple[str, str]] = Counter()
    for w in of(windows, PLAIN):
        for press in w["presses"]:
            key = ratio(w), press["true"]
            cells[(*key, press["told"])] += 1
            inferred[key] += bool(press["inferred"])
    rows: list[Row] = [("quantum/bolus", "truly", "told given", "told denied", "unresolved",
                        "not told", "of these inferred")]
    for name in [f"to {limit:g}" for limit in RATIOS] + [f"over {RATIOS[-1]:g}"]:
        for true in ("given", "denied", "none"):
            counts = [cells[(name, true, told)] for told in TOLD]
            if sum(counts):
                rows.append((name, true, *counts, inferred[(name, true)]))
    return rows


def ratio(window: Judged) -> str:
    """Returns the class of quantum over bolus that a window is in."""
    share = window["quantum_ul"] / window["bolus_ul"]
    for limit in RATIOS:
        if share <= limit:
            return f"to {limit:g}"
    return f"over {RATIOS[-1]:g}"


def delay_table(windows: list[Judged]) -> list[Row]:
    """Returns for each fault when each possibility was told first: volume and hours after onset."""
    rows: list[Row] = [("fault", "window", "rate mL/h", "told", "mL after onset", "h after onset",
                        "mL in all")]
    for w in windows:
        for fault in w["faults"]:
            first: dict[str, dict[str, Any]] = {}
            for told in fault["after"]:
                first.setdefault(told["name"], told)
            for told in first.values():
                rows.append((fault["kind"], w["name"], f"{fault['rate_ml_h']:.3f}", told["name"],
                             f"{told['delay_ml']:.2f}", f"{told['delay_h']:.2f}",
                             f"{fault['whole_ml']:.2f}"))
            if not first:
                rows.append((fault["kind"], w["name"], f"{fault['rate_ml_h']:.3f}", "nothing", "", "",
                             f"{fault['whole_ml']:.2f}"))
    return [rows[0], *sorted(rows[1:], key=lambda row: (row[0], row[3], float(row[2])))]


def delay_summary(windows: list[Judged]) -> list[Row]:
    """Returns, fault by fault, which possibility was told first, how often, and how late."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for w in windows:
        for fault in w["faults"]:
            nothing: dict[str, Any] = {"name": "nothing", "delay_ml": 0, "delay_h": 0}
            told = fault["after"][0] if fault["after"] else nothing
            groups.setdefault((fault["kind"], told["name"]), []).append(told)
    rows: list[Row] = [("fault", "told first", "windows", "median mL", "most mL", "median h", "most h")]
    for (kind, name), told in sorted(groups.items()):
        ml, hours = [t["delay_ml"] for t in told], [t["delay_h"] for t in told]
        rows.append((kind, name, len(told), *(("", "", "", "") if name == "nothing" else (
            f"{median(ml):.2f}", f"{max(ml):.2f}", f"{median(hours):.2f}", f"{max(hours):.2f}"))))
    return rows


def limit_table(windows: list[Judged]) -> list[Row]:
    """Returns how long the volumes of the claims take at a continuous rate alone."""
    late = [told["delay_ml"] for w in of(windows, "O") for fault in w["faults"]
            for told in [next((s for s in fault["after"] if s["name"] == fault["kind"]), None)] if told]
    volumes = [*VOLUMES_ML]
    if late:
        volumes.insert(1, ("occlusion told, the latest found", round(max(late), 2)))
    return [("claim", "mL", *(f"at {ml_h:g} mL/h" for ml_h in RATES_ML_H)),
            *((claim, ml, *(_lasting(ml / ml_h) for ml_h in RATES_ML_H)) for claim, ml in volumes)]


def _lasting(hours: float) -> str:
    for unit, each_h in (("days", 24), ("h", 1), ("min", 1 / 60)):
        if hours >= 2 * each_h:
            n = hours / each_h
            return f"{n:.1f} {unit}" if n < 10 else f"{n:.0f} {unit}"
    return f"{hours * 3600:.0f} s"


def error_table(windows: list[Judged]) -> list[Row]:
    """Returns told against true volumes, piece by piece."""
    rows: list[Row] = [("window", "quantum uL", "true mL", "told mL", "low mL", "high mL", "error %")]
    for w in of(windows, PLAIN):
        for v in w["volumes"]:
            told, low, high = v["total"]
            rows.append((w["name"], w["quantum_ul"], round(v["true_ml"], 4), round(told, 4),
                         round(low, 4), round(high, 4), round(100 * (told / v["true_ml"] - 1), 4)))
    return rows


def trumpet_table(windows: list[Judged]) -> list[Row]:
    """Returns the largest errors of the logged volume by observation interval and quantum."""
    found: dict[tuple[float, int], tuple[float, float]] = {}
    for w in windows:
        for minutes, low, high in w["trumpet"]:
            key = w["quantum_ul"], int(minutes)
            old = found.get(key, (low, high))
            found[key] = min(low, old[0]), max(high, old[1])
    return [("quantum uL", "interval min", "lowest %", "highest %"),
            *((*key, f"{low:+.2f}", f"{high:+.2f}") for key, (low, high) in sorted(found.items()))]


def false_table(windows: list[Judged]) -> list[Row]:
    """Returns signatures told in windows without faults, by kind, and how many in 30 days."""
    chosen = of(windows, PLAIN)
    days = sum(w["days"] for w in chosen)
    counts = Counter(s["name"] for w in chosen for s in w["signatures"])
    counts["pump stop or start"] = sum(not p["true"] for w in chosen for p in w["pump"])
    return [("told without a fault", "times", "patient-days", "in 30 days"),
            *((name, n, days, f"{30 * n / days:.2f}") for name, n in sorted(counts.items()) if days)]


def seed_table(windows: list[Judged]) -> list[Row]:
    """Returns every window: what it was drawn as."""
    return [("window", "seed", "days", "rate uL/h", "bolus uL", "quantum uL", "calibration error"),
            *((w["name"], w["seed"], w["days"], w["rate_ul_h"], w["bolus_ul"], w["quantum_ul"],
               f"{w['error']:+.4f}") for w in windows)]


def miss_table(found: Sequence[Criterion]) -> list[Row]:
    """Returns every single miss of every criterion."""
    return [("criterion", "where"), *((c.key, miss) for c in found for miss in c.misses)]


def write(rows: Sequence[Row], path: Path) -> None:
    """Writes a table as path.csv and path.md."""
    with path.with_suffix(".csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    path.with_suffix(".md").write_text(markdown(rows))


def markdown(rows: Sequence[Row]) -> str:
    """Returns a table in Markdown."""
    lines = ["| " + " | ".join(str(cell).replace("|", "/") for cell in row) + " |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]]) + "\n"
