"""`pumplog doses`: volumes and milligrams of one patient in one window."""

from __future__ import annotations

import argparse
from fractions import Fraction
from typing import Any

from ..cohort_table import Window
from ..dose import DAY_MS, Doses, doses
from ..episodes import episode
from ..sight import seen_by
from ..table import decimal
from ..volumes import Figure
from .common import heading, open_store, print_json, utc_text

FIGURES = ("continuous_ml", "pcia_ml", "other_ml", "prime_ml", "morphine_mg", "bupivacaine_mg",
           "pcia_morphine_mg", "pcia_bupivacaine_mg", "deliveries", "rate_ml_h", "rate_wall_ml_h",
           "rate_last_ml_h", "mean_with_boluses_ml_h")


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
        print("\n".join(f"    {line}" for line in _coverage(found)))
    return 0


def _coverage(found: Doses) -> list[str]:
    """Returns what the figures rest on, for the screen."""
    def days(ms: int) -> str | None:
        return decimal(Fraction(ms, DAY_MS), 3)

    presses = found.presses
    withheld = f" (withheld {days(found.withheld_ms)})" if found.withheld_ms else ""
    return [
        f"observed {days(found.observed_ms)} days, pump running {days(found.running_ms)},"
        f" unknown {days(found.unknown_ms)}{withheld}",
        f"presses: asked {presses.asked}, given {presses.given}, during lockout {presses.lockout},"
        f" denied otherwise {presses.other}, unresolved {presses.unresolved}",
        *found.notes,
    ]


def as_json(found: Doses) -> dict[str, Any]:
    """Returns the doses with every decimal a string and units in the names."""
    figures = {**{name: getattr(found, name) for name in FIGURES}, **found.per_day()}
    presses = found.presses
    return {
        "patient": found.patient, "begin_utc": utc_text(found.begin_ms),
        "end_utc": utc_text(found.end_ms), "observed_s": str(found.observed_ms // 1000),
        "running_s": str(found.running_ms // 1000), "unknown_s": str(found.unknown_ms // 1000),
        "withheld_s": str(found.withheld_ms // 1000),
        "outside_stay_s": str(found.outside_ms // 1000),
        "clock_uncertainty_ms": found.clock_doubt_ms,
        "presses": presses.asked, "given": presses.given, "denied": found.denied,
        "denied_lockout": presses.lockout, "denied_other": presses.other,
        "unresolved": presses.unresolved,
        **{name: {"value": decimal(figure.value), "low": decimal(figure.low),
                  "high": decimal(figure.high)} for name, figure in figures.items()},
        "notes": list(found.notes),
    }


def _text(figure: Figure) -> str:
    if figure.value is None:
        return "unknown"
    return f"{decimal(figure.value, 4):>12}   ({decimal(figure.low, 4)} to {decimal(figure.high, 4)})"
