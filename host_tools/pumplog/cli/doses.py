"""`pumplog doses`: volumes and milligrams of one patient in one window."""

from __future__ import annotations

import argparse
from fractions import Fraction
from typing import Any

from ..dose.doses import DAY_MS, Doses, doses
from ..dose.volumes import Figure
from ..moments import local_text, utc_text
from ..patients.episodes import episode
from ..patients.shares import seen_by
from ..quantities import decimal, hex_id, show_span
from ..study.cohort import Window
from .common import open_store, print_json

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
        print(f"{one.heading}, {utc_text(found.begin_ms)} to {utc_text(found.end_ms)}")
        for name, figure in {**{n: getattr(found, n) for n in FIGURES}, **found.per_day()}.items():
            print(f"    {name:<26}{_text(figure)}")
        print("\n".join(f"    {line}" for line in _coverage(found)))
    return 0


def _coverage(found: Doses) -> list[str]:
    """Returns what the figures rest on, for the screen."""
    def days(ms: int) -> str | None:
        return decimal(Fraction(ms, DAY_MS), 3)

    presses, between = found.presses, found.bracketed
    withheld = f" (withheld {days(found.withheld_ms)})" if found.withheld_ms else ""
    apart = ""
    if between.brackets:
        apart = f", bracketed {show_span(between.ms)} (at most {show_span(between.most_ms)})"
    untold = f" (no outcome recorded {presses.untold})" if presses.untold else ""
    lines = [
        f"observed {days(found.observed_ms)} days, pump running {days(found.running_ms)}{apart},"
        f" unknown {days(found.unknown_ms)}{withheld}",
        f"presses: asked {presses.asked}, given {presses.given}, during lockout {presses.lockout},"
        f" denied otherwise {presses.other}, unresolved {presses.unresolved}{untold}",
        found.reliefs.to_text(),
    ]
    if found.check is not None:
        lines.append(found.check.to_text())
    return [*lines, *(signature.to_text(local_text) for signature in found.signatures), *found.notes]


def as_json(found: Doses) -> dict[str, Any]:
    """Returns the doses with every decimal a string and units in the names."""
    figures = {**{name: getattr(found, name) for name in FIGURES}, **found.per_day()}
    presses = found.presses
    return {
        "patient": found.patient, "begin_utc": utc_text(found.begin_ms),
        "end_utc": utc_text(found.end_ms), "observed_s": str(found.observed_ms // 1000),
        "running_s": str(found.running_ms // 1000), "unknown_s": str(found.unknown_ms // 1000),
        "bracketed_s": str(found.bracketed.ms // 1000),
        "bracketed_at_most_s": str(found.bracketed.most_ms // 1000),
        "bracketed_ml": _figure(found.bracketed.volume_ml),
        "brackets": [
            {"begin_utc": utc_text(bracket.begin_ms), "end_utc": utc_text(bracket.end_ms),
             "at_most_s": decimal(Fraction(bracket.most_ms, 1000)), "by": bracket.how,
             "log_id": hex_id(bracket.log_id), "seqs": list(bracket.seqs), "ml": _figure(volume)}
            for bracket, volume in found.bracketed.brackets
        ],
        "withheld_s": str(found.withheld_ms // 1000),
        "outside_stay_s": str(found.outside_ms // 1000),
        "clock_uncertainty_ms": found.clock_uncertainty_ms,
        "presses": presses.asked, "given": presses.given, "denied": found.denied,
        "denied_lockout": presses.lockout, "denied_other": presses.other,
        "unresolved": presses.unresolved, "without_outcome": presses.untold,
        **{name: _figure(figure) for name, figure in figures.items()},
        "relief": found.reliefs.to_json(), "check": found.check.to_json() if found.check else None,
        "signatures": [signature.to_json() for signature in found.signatures],
        "notes": list(found.notes),
    }


def _figure(figure: Figure) -> dict[str, str | None]:
    return {"value": decimal(figure.value), "low": decimal(figure.low), "high": decimal(figure.high)}


def _text(figure: Figure) -> str:
    if figure.value is None:
        return "unknown"
    return f"{decimal(figure.value, 4):>12}   ({decimal(figure.low, 4)} to {decimal(figure.high, 4)})"
