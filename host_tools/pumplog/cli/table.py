"""`pumplog table`: the pump-data table, from the store or from a file of values."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from .. import study
from ..dose import Window
from ..errors import UsageError
from .options import add_unproven, open_store, path
from .screen import print_as_is, print_json, print_text, say


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--baseline", default="0+3", metavar="START+DAYS")
    parser.add_argument("--followup", default="28+7", metavar="START+DAYS")
    parser.add_argument("--digits", type=int, default=2, choices=range(7))
    parser.add_argument("--print", dest="mode", choices=["half-up", "truncate"], default="half-up")
    parser.add_argument("--cohort", choices=["available", "paired"], default="available")
    parser.add_argument("--compare", type=path, metavar="FILE.csv", help="a published table")
    parser.add_argument("--values", type=path, metavar="FILE.csv",
                        help="compute from patient,timepoint,key,value without a log")
    parser.add_argument("--explain", choices=study.KEYS, metavar="KEY", help="what a figure rests on")
    add_unproven(parser)
    parser.add_argument("--patient", help="with --explain: this patient only")


def run(options: argparse.Namespace) -> int:
    """Prints the table, the comparison or the explanation."""
    windows = {timepoint: Window.parse(getattr(options, timepoint), f"--{timepoint}")
               for timepoint in study.TIMEPOINTS}
    study.require_in_order(windows)
    published = study.read_published(options.compare) if options.compare else {}
    for label in study.labels_of_no_row(published):
        say(f"{options.compare.name}: no row of this table is called {label!r}: not compared")
    if options.patient and not options.explain:
        raise UsageError("--patient goes with --explain KEY", "the table is of everybody")
    if options.explain:
        return _explain(options, windows)
    if options.values:
        table = study.build_table(
            study.read_values(options.values), options.cohort,
            provenance=[f"From the values in {options.values}; no log behind them."])
    else:
        with open_store(options) as store:
            table = study.cohort_table(store, windows, options.cohort, options.unproven)
    compared = study.compare(table, published)
    if options.json:
        beside = {"compare": [each.to_json() for each in compared]} if published else {}
        print_json({**table.to_json(), **beside})
        return 0
    text = study.render(table, options.digits, options.mode)
    if published:
        text += "\n\n" + study.compare_text(compared, options.compare.name, options.digits)
    print_as_is(text)
    return 0


def _explain(options: argparse.Namespace, windows: Mapping[str, Window]) -> int:
    if options.values:
        raise UsageError("--explain needs the log", "leave --values out")
    with open_store(options) as store:
        found = study.traces(store, windows, options.explain, options.patient, options.unproven)
    for traced in found:
        if options.json:
            print_json(traced.to_json())
        else:
            print_text(traced.to_text())
    return 0
