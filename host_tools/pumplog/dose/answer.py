"""A window's doses as JSON, every decimal a string with its unit in the key, and as text."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ..moments import local_text, utc_text
from ..quantities import decimal, hex_id, show_span
from .bracketed import Bracketed
from .figure import Figure, figure_json
from .window_doses import Doses, Presses
from .windows import DAY_MS


def doses_json(found: Doses) -> dict[str, Any]:
    """Returns the doses as the command-line contract has them."""
    return {
        "patient": found.patient, "begin_utc": utc_text(found.begin_ms),
        "end_utc": utc_text(found.end_ms), "observed_s": _seconds(found.observed_ms),
        "running_s": _seconds(found.running_ms), "unknown_s": _seconds(found.unknown_ms),
        **_bracketed_json(found.bracketed),
        "withheld_s": _seconds(found.withheld_ms), "outside_stay_s": _seconds(found.outside_ms),
        "clock_uncertainty_ms": found.clock_uncertainty_ms,
        **_presses_json(found.presses),
        **{name: figure_json(figure) for name, figure in _figures(found).items()},
        "relief": found.reliefs.to_json(), "check": found.check.to_json() if found.check else None,
        "signatures": [signature.to_json() for signature in found.signatures],
        "notes": list(found.notes),
    }


def doses_text(found: Doses, heading: str) -> str:
    """Returns the doses for the screen, under the patient's heading."""
    lines = [f"{name:<26}{_figure_text(figure)}" for name, figure in _figures(found).items()]
    lines += [_coverage_text(found), _presses_text(found.presses), found.reliefs.to_text()]
    if found.check is not None:
        lines.append(found.check.to_text())
    lines += [signature.to_text(local_text) for signature in found.signatures]
    lines += found.notes
    return "\n".join([f"{heading}, {utc_text(found.begin_ms)} to {utc_text(found.end_ms)}",
                      *(f"    {line}" for line in lines)])


def _figures(found: Doses) -> dict[str, Figure | None]:
    return {**found.figures(), **found.per_day()}


def _seconds(ms: int) -> str:
    return str(ms // 1000)


def _bracketed_json(between: Bracketed) -> dict[str, Any]:
    return {
        "bracketed_s": _seconds(between.ms), "bracketed_at_most_s": _seconds(between.most_ms),
        "bracketed_ml": figure_json(between.volume_ml),
        "brackets": [
            {"begin_utc": utc_text(each.bracket.begin_ms), "end_utc": utc_text(each.bracket.end_ms),
             "at_most_s": decimal(Fraction(each.bracket.most_ms, 1000)), "by": each.bracket.how,
             "log_id": hex_id(each.bracket.log_id), "seqs": list(each.bracket.seqs),
             "ml": figure_json(each.volume_ml)}
            for each in between.brackets
        ],
    }


def _presses_json(presses: Presses) -> dict[str, int]:
    return {
        "presses": presses.asked, "given": presses.given, "denied": presses.denied,
        "denied_lockout": presses.lockout, "denied_other": presses.other,
        "unresolved": presses.unresolved, "without_outcome": presses.without_outcome,
    }


def _figure_text(figure: Figure | None) -> str:
    if figure is None:
        return "unknown"
    return f"{decimal(figure.value, 4):>12}   ({decimal(figure.low, 4)} to {decimal(figure.high, 4)})"


def _coverage_text(found: Doses) -> str:
    def days(ms: int) -> str | None:
        return decimal(Fraction(ms, DAY_MS), 3)

    between = found.bracketed
    withheld = f" (withheld {days(found.withheld_ms)})" if found.withheld_ms else ""
    apart = ""
    if between.brackets:
        apart = f", bracketed {show_span(between.ms)} (at most {show_span(between.most_ms)})"
    return (f"observed {days(found.observed_ms)} days, pump running {days(found.running_ms)}{apart},"
            f" unknown {days(found.unknown_ms)}{withheld}")


def _presses_text(presses: Presses) -> str:
    without = presses.without_outcome
    return (f"presses: asked {presses.asked}, given {presses.given}, during lockout {presses.lockout},"
            f" denied otherwise {presses.other}, unresolved {presses.unresolved}"
            + (f" (no outcome recorded {without})" if without else ""))
