"""Writes the whole report of a run: tables, plots, and a page that shows them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from . import tables
from .plots import draw
from .pool import Judged, criteria


def report(windows: list[Judged], out: Path, say: Callable[[str], None]) -> bool:
    """Writes out/*.csv, *.md and *.svg, says what was found; returns whether every criterion is met."""
    found = criteria(windows)
    parts = {
        "criteria": tables.criteria_table(found), "confusion": tables.confusion_table(windows),
        "delays": tables.delay_summary(windows), "delays_each": tables.delay_table(windows),
        "limits": tables.limit_table(windows), "errors": tables.error_table(windows),
        "trumpet": tables.trumpet_table(windows),
        "false_signatures": tables.false_table(windows), "misses": tables.miss_table(found),
        "seeds": tables.seed_table(windows),
    }
    for name, rows in parts.items():
        tables.write(rows, out / name)
    draw(windows, out)
    days = sum(w["days"] for w in windows)
    demands = sum(len(w["presses"]) for w in windows)
    seeds = ", ".join(f"{group} from {min(own)} ({len(own)})" for group in sorted(
        {w["group"] for w in windows}) for own in [[w["seed"] for w in windows if w["group"] == group]])
    head = f"{len(windows)} windows, {days} patient-days, {demands} presses; seeds: {seeds}"
    shown = {"criteria": "Claims and limits", "limits": "What the claims' volumes take in time",
             "delays": "Faults, and what was told of them first",
             "confusion": "Presses, by quantum over bolus",
             "trumpet": "Error of the logged volume by observation interval (1.03 mL/h, no boluses)",
             "false_signatures": "Told without a fault"}
    page = "\n".join([head + ".", "", *(
        f"## {title}\n\n{tables.markdown(parts[name])}" for name, title in shown.items())])
    (out / "report.md").write_text(page)
    say(page)
    for criterion in found:
        for miss in criterion.misses if criterion.met is False else ():
            say(f"{criterion.key}: {miss}")
    return all(criterion.met is not False for criterion in found)
