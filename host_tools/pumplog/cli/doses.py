"""`pumplog doses`: volumes and milligrams of one patient in one window."""

from __future__ import annotations

import argparse
from typing import Any

from ..cohort_table import Window
from ..dose import DAY_MS, Doses, Figure, doses
from ..episodes import episode, seen_by
from ..table import decimal
from .common import heading, open_store, print_json, say, utc_text

FIGURES = ("continuous_ml", "pcia_ml", "other_ml", "prime_ml", "morphine_mg", "bupivacaine_mg",
           "pcia_morphine_mg", "pcia_bupivacaine_mg", "deliveries", "rate_ml_h", "rate_wall_ml_h",
           "mean_with_boluses_ml_h")


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("name", metavar="NAME", help="patient, board or bed")
    parser.add_argument("--window", default="0+3", metavar="START+DAYS",
                        help="days from the patient's start (default 0+3)")


def run(options: argparse.Namespace) -> int:
    """Prints the doses."""
    window = Window.parse(options.window, "--window")
    with open_store(options) as store:
        one = episode(store, options.name)
        found = doses(one, seen_by(store, one), *window.of(one))
        if options.json:
            print_json(as_json(found))
            return 0
        print(f"{heading(one)}, {utc_text(found.begin_ms)} to {utc_text(found.end_ms)}")
        for name, figure in {**{n: getattr(found, n) for n in FIGURES}, **found.per_day()}.items():
            print(f"    {name:<26}{_text(figure)}")
        print(f"    observed {found.observed_ms / DAY_MS:.3f} days, running"
              f" {found.running_ms / DAY_MS:.3f}, unknown {found.unknown_ms / DAY_MS:.3f};"
              f" {found.denied} presses denied")
        if one.latest("bag") is None:
            say("no bag was entered: milligrams are unknown")
    return 0


def as_json(found: Doses) -> dict[str, Any]:
    """Returns the doses with every decimal a string and units in the names."""
    figures = {**{name: getattr(found, name) for name in FIGURES}, **found.per_day()}
    return {
        "patient": found.patient, "begin_utc": utc_text(found.begin_ms),
        "end_utc": utc_text(found.end_ms), "observed_s": str(found.observed_ms // 1000),
        "running_s": str(found.running_ms // 1000), "unknown_s": str(found.unknown_ms // 1000),
        "denied": found.denied,
        **{name: {"value": decimal(figure.value), "low": decimal(figure.low),
                  "high": decimal(figure.high)} for name, figure in figures.items()},
        "records": [{"log_id": f"{log_id:08x}", "first_seq": first, "last_seq": last}
                    for log_id, first, last in found.records],
    }


def _text(figure: Figure) -> str:
    if figure.value is None:
        return "unknown"
    return f"{decimal(figure.value, 4):>12}   ({decimal(figure.low, 4)} to {decimal(figure.high, 4)})"
