"""`pumplog doses`: volumes and milligrams of one patient in one window."""

from __future__ import annotations

import argparse
from fractions import Fraction
from typing import Any

from ..dose.doses import DAY_MS, Doses, doses
from ..dose.volumes import Figure
from ..log.relief import MISTAKEN, Reliefs
from ..log.signatures import Signature
from ..log.words import difference
from ..moments import local_text, utc_text
from ..patients.episodes import episode
from ..patients.shares import seen_by
from ..quantities import decimal, hex_id, show, show_span
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
        _relief_text(found.reliefs),
    ]
    if found.check is not None:
        check = found.check
        lines.append(f"calibration as found over {show(Fraction(check.by_counts_ul, 1000), 0)} mL:"
                     f" {difference(check.difference_ppm, check.uncertainty_ppm)}")
    return [*lines, *(one.words(local_text) for one in found.signatures), *found.notes]


def _relief_text(reliefs: Reliefs) -> str:
    """Returns presses of the relief button and what they say of the onset."""
    if not reliefs.presses:
        return "relief button: no press recorded"
    text = f"relief button: pressed {len(reliefs.presses)} times"
    onsets = [Fraction(press.since_bolus_s or 0, 60) for press in reliefs.onsets]
    if onsets:
        mean = sum(onsets, Fraction(0)) / len(onsets)
        text += (f"; onset {show(mean, 1)} min from a bolus's beginning to relief"
                 f" ({len(onsets)} times, {show(min(onsets), 1)} to {show(max(onsets), 1)} min)")
    if reliefs.strays:
        text += f"; {len(reliefs.strays)} stray, left out: {MISTAKEN}"
    unsure = sum(press.unsure for press in reliefs.presses)
    return text + (f"; {unsure} after a restart, left out: no bolus known" if unsure else "")


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
        "relief": _relief(found.reliefs), "check": _check(found),
        "signatures": [signature_json(one) for one in found.signatures],
        "notes": list(found.notes),
    }


def _figure(figure: Figure) -> dict[str, str | None]:
    return {"value": decimal(figure.value), "low": decimal(figure.low), "high": decimal(figure.high)}


def _relief(reliefs: Reliefs) -> dict[str, Any]:
    onsets = [Fraction(press.since_bolus_s or 0, 60) for press in reliefs.onsets]
    return {
        "presses": len(reliefs.presses), "stray": len(reliefs.strays),
        "unsure": sum(press.unsure for press in reliefs.presses),
        "onset_min": decimal(sum(onsets, Fraction(0)) / len(onsets)) if onsets else None,
        "onsets": [{"relief_utc": utc_text(press.at_ms), "onset_min": decimal(minutes),
                    "log_id": hex_id(press.log_id), "seq": press.seq}
                   for press, minutes in zip(reliefs.onsets, onsets, strict=True)],
        "strays": [{"relief_utc": utc_text(press.at_ms), "words": MISTAKEN,
                    "log_id": hex_id(press.log_id), "seq": press.seq} for press in reliefs.strays],
    }


def _check(found: Doses) -> dict[str, Any] | None:
    check = found.check
    return None if check is None else {
        "utc": utc_text(check.at_ms), "by_counts_ml": decimal(Fraction(check.by_counts_ul, 1000)),
        "difference_percent": decimal(Fraction(check.difference_ppm, 10_000)),
        "uncertainty_percent": decimal(Fraction(check.uncertainty_ppm, 10_000)), "applied": False,
        "log_id": hex_id(check.log_id), "seq": check.seq,
    }


def signature_json(one: Signature) -> dict[str, Any]:
    """Returns a possibility with its evidence, every quantity a string."""
    return {
        "signature": one.kind, "since_utc": utc_text(one.since_ms),
        "noticed_utc": utc_text(one.noticed_ms),
        "over_utc": None if one.over_ms is None else utc_text(one.over_ms),
        "board_restarted_meanwhile": one.restarted, "span_s": str(one.span_s),
        "by_counts_ul": str(one.by_counts_ul), "by_weight_ul": str(one.by_weight_ul),
        "words": one.words(utc_text), "log_id": hex_id(one.log_id), "seq": one.seq,
    }


def _text(figure: Figure) -> str:
    if figure.value is None:
        return "unknown"
    return f"{decimal(figure.value, 4):>12}   ({decimal(figure.low, 4)} to {decimal(figure.high, 4)})"
