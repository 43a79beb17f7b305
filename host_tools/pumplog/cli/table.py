"""`pumplog table`: the pump-data table, from the store or from a file of values."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ..errors import NotFound, Usage
from ..quantities import decimal
from ..study.cohort import Window, cohort_doses, cohort_table
from ..study.table import KEYS, ROWS, Table, build_table
from ..study.text import render, render_compare
from ..study.trace import trace, trace_text
from ..study.values_csv import PublishedRow, read_published, read_values
from .common import open_store, print_json, say


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--baseline", default="0+3", metavar="START+DAYS")
    parser.add_argument("--followup", default="28+7", metavar="START+DAYS")
    parser.add_argument("--digits", type=int, default=2, choices=range(7))
    parser.add_argument("--print", dest="mode", choices=["half-up", "truncate"], default="half-up")
    parser.add_argument("--cohort", choices=["available", "paired"], default="available")
    parser.add_argument("--compare", type=Path, metavar="FILE.csv", help="a published table")
    parser.add_argument("--values", type=Path, metavar="FILE.csv",
                        help="compute from patient,timepoint,key,value without a log")
    parser.add_argument("--explain", choices=KEYS, metavar="KEY", help="what a figure rests on")
    parser.add_argument("--patient", help="with --explain: this patient only")


def run(options: argparse.Namespace) -> int:
    """Prints the table, the comparison or the explanation."""
    windows = {"baseline": Window.parse(options.baseline, "--baseline"),
               "followup": Window.parse(options.followup, "--followup")}
    published = read_published(options.compare) if options.compare else {}
    for label in sorted(set(published) - {label for _, label, _ in ROWS}):
        say(f"{options.compare.name}: no row of this table is called {label!r}: not compared")
    if options.patient and not options.explain:
        raise Usage("--patient goes with --explain KEY: the table is of everybody.")
    if options.explain:
        return _explain(options, windows)
    if options.values:
        table = build_table(read_values(options.values), options.cohort,
                            provenance=[f"From the values in {options.values}; no log behind them."])
    else:
        with open_store(options) as store:
            table = cohort_table(store, windows, options.cohort)
    if options.json:
        compared = {"compare": _compare_json(table, published)} if published else {}
        print_json({**table.to_json(), **compared})
        return 0
    text = render(table, options.digits, options.mode)
    if published:
        text += "\n\n" + render_compare(table, published, options.compare.name,
                                         options.digits)
    if "±".encode(sys.stdout.encoding or "ascii", "ignore") == b"":
        text = text.replace("±", "+-")
    print(text)
    return 0


def _compare_json(table: Table, published: dict[str, PublishedRow]) -> list[dict[str, Any]]:
    """Returns a line for each row and timepoint that was published."""
    lines = []
    for row in table.rows:
        if row.label not in published:
            continue
        for timepoint, known in published[row.label].cells.items():
            line: dict[str, Any] = {"key": row.key, "timepoint": timepoint}
            cell = row.cells[timepoint]
            for name, ours, theirs in zip(("mean", "se"), (cell.mean, cell.se), known, strict=True):
                line |= {name: decimal(ours), f"published_{name}": decimal(theirs),
                         f"{name}_difference": None if ours is None else decimal(ours - theirs)}
            lines.append(line)
    return lines


def _explain(options: argparse.Namespace, windows: dict[str, Window]) -> int:
    if options.values:
        raise Usage("--explain needs the log: leave --values out.")
    with open_store(options) as store:
        found = cohort_doses(store, windows)
    if options.patient:
        if options.patient not in found:
            raise NotFound(f"no patient {options.patient} in the table.")
        found = {options.patient: found[options.patient]}
    for case in found.values():
        for timepoint in windows:
            traced = trace(case, timepoint, options.explain)
            print_json(traced) if options.json else print(trace_text(traced))
    return 0
