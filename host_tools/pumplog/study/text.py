"""The table as text, with exact digits: rounded half-up or truncated."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ..quantities import show_span
from .table import TIMEPOINTS, Cell, Row, Table
from .values_csv import PublishedRow

_WIDTH = 98


def digits_of(value: Fraction | None, digits: int, mode: str) -> str:
    """Returns a value for print with exactly `digits` decimals; mode: half-up or truncate."""
    if value is None:
        return "unknown"
    scaled = abs(value) * 10**digits
    whole = int(scaled) if mode == "truncate" else int(scaled + Fraction(1, 2))
    text = f"{whole:0{digits + 1}d}"
    sign = "-" if value < 0 and whole else ""
    return sign + (f"{text[:-digits]}.{text[-digits:]}" if digits else text)


def render(table: Table, digits: int = 2, mode: str = "half-up") -> str:
    """Returns the table for the screen."""
    lines = ["Table 4. Intrathecal pump medications (mean ± SE)", ""]
    lines.append(f"{'':<49}{'Baseline':>18}{'Follow-up':>19}{'P':>11}")
    lines.append("-" * _WIDTH)
    for row in table.rows:
        cells = [_printed(row.cells[t], digits, mode) for t in TIMEPOINTS]
        label = row.label if len(row.label) < 40 else row.label.replace(" in morphine equivalent", "")
        lines.append(f"{label + ', ' + row.unit:<49}{cells[0]:>18}{cells[1]:>19}{_p(row):>11}")
        bounds = [_bounds(row.cells[t], digits) for t in TIMEPOINTS]
        if any(bounds):
            lines.append(f"{'    mean lies within':<49}{bounds[0]:>18}{bounds[1]:>19}")
    lines += ["-" * _WIDTH, *_footers(table)]
    return "\n".join(lines)


def _printed(cell: Cell, digits: int, mode: str) -> str:
    if cell.mean is None:
        return "unknown"
    spread = "" if cell.se is None else f" ± {digits_of(cell.se, digits, mode)}"
    return digits_of(cell.mean, digits, mode) + spread


def _bounds(cell: Cell, digits: int) -> str:
    if cell.bounds is None or cell.bounds[1] - cell.bounds[0] < Fraction(1, 10**digits):
        return ""
    low, high = (digits_of(bound, digits, "half-up") for bound in cell.bounds)
    return f"{low} to {high}"


def _p(row: Row) -> str:
    p = row.tests.p
    return "not tested" if p is None else "<0.001" if p < 0.001 else f"{p:.3f}"


def _p_text(p: float | None) -> str:
    return "not possible" if p is None else f"{p:.2g}"


def _footers(table: Table) -> list[str]:
    lines = []
    for row in table.rows:
        tests = row.tests
        if tests.p is not None:
            lines.append(f"{row.key}: n = {row.n_pairs} pairs, {tests.test}; paired t"
                         f" {_p_text(tests.p_paired_t)}, Wilcoxon {_p_text(tests.p_wilcoxon)}")
        else:
            lines.append(f"{row.key}: n = {row.n_pairs} pairs, {tests.test}")
        for timepoint, who in row.missing.items():
            if who:
                lines.append(f"  no {timepoint} value: {', '.join(who)}")
    for name, cover in table.coverage.items():
        lines += _coverage(name, cover)
    for left_out in table.excluded:
        lines.append(f"left out: {left_out['patient']} ({left_out['reason']})")
    return lines + table.provenance


def _coverage(name: str, cover: dict[str, Any]) -> list[str]:
    """Returns days and presses of a timepoint, and what must be known of its patients."""
    def days(key: str) -> str:
        return digits_of(Fraction(cover[f"{key}_days"]), 2, "half-up")

    apart = [f", {word} {days(key)}" for key, word in
             (("withheld", "of which withheld"), ("outside_stay", "of which outside a stay"))
             if Fraction(cover[f"{key}_days"])]
    between = ""
    if Fraction(cover["bracketed_at_most_days"]):
        between = f", bracketed {_time(cover['bracketed_days'])} (at most" \
                  f" {_time(cover['bracketed_at_most_days'])})"
    lines = [f"{name}: {days('observed')} days observed, pump running {days('running')}{between},"
             f" unknown {days('unknown')}{''.join(apart)}",
             f"  presses: asked {cover['presses']}, given {cover['given']}, during lockout"
             f" {cover['denied_lockout']}, denied otherwise {cover['denied_other']}, unresolved"
             f" {cover['unresolved']}"]
    return lines + [f"  {patient}: {note}" for patient, each in cover["patients"].items()
                    for note in each["notes"]]


def _time(days: str) -> str:
    return show_span(round(Fraction(days) * 86_400_000))


def render_compare(
    table: Table, published: dict[str, PublishedRow], source: str, digits: int = 2
) -> str:
    """Returns the table's means and SEs beside published ones, with the differences."""
    lines = [f"Beside {source}: measured, published, difference from the digits that were printed",
             "", f"{'':<34}{'mean':>30}{'SE':>30}", "-" * _WIDTH]
    for row in table.rows:
        known = published.get(row.label)
        if known is None:
            continue
        for timepoint in TIMEPOINTS:
            cell = row.cells[timepoint]
            mean, se = known.cells[timepoint]
            lines.append(f"{row.key + ' ' + timepoint:<34}"
                         f"{_beside(cell.mean, mean, digits):>30}{_beside(cell.se, se, digits):>30}")
    return "\n".join(lines)


def _beside(ours: Fraction | None, theirs: Fraction, digits: int) -> str:
    if ours is None:
        return f"unknown  {digits_of(theirs, digits, 'half-up')}"
    difference = ours - theirs
    sign = "+" if difference >= 0 else ""
    return (f"{digits_of(ours, digits, 'half-up')}  {digits_of(theirs, digits, 'half-up')}"
            f"  {sign}{digits_of(difference, digits + 1, 'half-up')}")
