"""The table as text, with exact digits: rounded half-up or truncated."""

from __future__ import annotations

from fractions import Fraction

from .digits import digits_of
from .table import TIMEPOINTS, Cell, Row, Table

WIDTH = 98


def render(table: Table, digits: int = 2, mode: str = "half-up") -> str:
    """Returns the table for the screen."""
    lines = ["Table 4. Intrathecal pump medications (mean ± SE)", ""]
    lines.append(f"{'':<49}{'Baseline':>18}{'Follow-up':>19}{'P':>11}")
    lines.append("-" * WIDTH)
    for row in table.rows:
        cells = [_printed(row.cells[t], digits, mode) for t in TIMEPOINTS]
        label = row.label if len(row.label) < 40 else row.label.replace(" in morphine equivalent", "")
        lines.append(f"{label + ', ' + row.unit:<49}{cells[0]:>18}{cells[1]:>19}{_p(row):>11}")
        bounds = [_bounds(row.cells[t], digits) for t in TIMEPOINTS]
        doubtful = sorted({p for t in TIMEPOINTS for p in row.cells[t].doubtful})
        if any(bounds) or doubtful:
            lines.append(f"{_within(doubtful):<49}{bounds[0]:>18}{bounds[1]:>19}")
    lines += ["-" * WIDTH, *_footers(table)]
    return "\n".join(lines)


def _within(doubtful: list[str]) -> str:
    """Returns what heads the line of the bounds: it says whose values are doubtful."""
    said = "    mean lies within"
    if doubtful:
        names = f"; doubtful: {', '.join(doubtful)}"
        said += names if len(said + names) < 49 else f"; doubtful: {len(doubtful)} patients"
    return said


def _printed(cell: Cell, digits: int, mode: str) -> str:
    if cell.mean is None:
        return "unknown"
    spread = "" if cell.se is None else f" ± {digits_of(cell.se, digits, mode)}"
    return digits_of(cell.mean, digits, mode) + spread


def _bounds(cell: Cell, digits: int) -> str:
    if cell.bounds is None or cell.bounds[1] - cell.bounds[0] < Fraction(1, 10**digits):
        return ""
    low, high = (digits_of(bound, digits) for bound in cell.bounds)
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
        text = f"{row.key}: n = {row.n_pairs} pairs, {tests.test}"
        if tests.p is not None:
            text += f"; paired t {_p_text(tests.p_paired_t)}, Wilcoxon {_p_text(tests.p_wilcoxon)}"
        lines.append(text)
        lines += [f"  no {timepoint} value: {', '.join(who)}"
                  for timepoint, who in row.missing.items() if who]
    for timepoint, coverage in table.coverage.items():
        lines += coverage.to_text(timepoint)
    lines += [f"left out: {each.patient} ({each.reason})" for each in table.excluded]
    return [*lines, *table.provenance]
