"""The pump-data table: per-patient values in, rows of means and standard errors out."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..quantities import DIGITS, decimal
from . import stats

TIMEPOINTS = ("baseline", "followup")
# key, label as published, unit
ROWS = (
    ("morphine_mg_day", "Intrathecal opioids in morphine equivalent dose", "mg/day"),
    ("bupivacaine_mg_day", "Intrathecal bupivacaine", "mg/day"),
    ("pcia_morphine_mg_day", "PCIA opioid in morphine equivalent dose", "mg/day"),
    ("pcia_bupivacaine_mg_day", "PCIA bupivacaine dose", "mg/day"),
    ("rate_ml_h", "Infusion speed", "mL/h"),
    ("pcia_per_day", "Frequency of PCIA use", "times/day"),
)
KEYS = tuple(key for key, _, _ in ROWS)


@dataclass(frozen=True)
class Value:
    """One patient's figure; value None is unknown; low and high bound it where known."""

    patient: str
    timepoint: str
    key: str
    value: Fraction | None
    low: Fraction | None = None
    high: Fraction | None = None


@dataclass(frozen=True)
class Cell:
    """One row at one timepoint."""

    values: dict[str, Fraction]
    bounds: tuple[Fraction, Fraction] | None

    @property
    def mean(self) -> Fraction | None:
        """The mean, None without values."""
        return stats.mean(list(self.values.values())) if self.values else None

    @property
    def se(self) -> Fraction | None:
        """The standard error of the mean, None for fewer than two values."""
        return stats.standard_error(list(self.values.values()))


@dataclass(frozen=True)
class Row:
    """One line of the table; paired over the patients that have both timepoints."""

    key: str
    label: str
    unit: str
    cells: dict[str, Cell]
    n_pairs: int
    tests: stats.Paired
    missing: dict[str, list[str]]


@dataclass(frozen=True)
class Table:
    """All rows, with what they rest on: coverage lines, the excluded and why, provenance."""

    rows: list[Row]
    coverage: dict[str, Any]
    excluded: list[dict[str, str]]
    provenance: list[str]

    def to_json(self) -> dict[str, Any]:
        """Returns the table as the command-line contract has it: every decimal a string."""
        return {
            "rows": [_row_json(row) for row in self.rows],
            "coverage": self.coverage,
            "excluded": self.excluded,
            "provenance": self.provenance,
        }



def _row_json(row: Row) -> dict[str, Any]:
    def p(value: float | None) -> str | None:
        return None if value is None else f"{value:.6g}"

    cells = {
        timepoint: {
            "n": len(cell.values), "mean": decimal(cell.mean), "se": decimal(cell.se),
            "values": {patient: decimal(value) for patient, value in cell.values.items()},
            "bounds": None if cell.bounds is None else [decimal(bound) for bound in cell.bounds],
        }
        for timepoint, cell in row.cells.items()
    }
    return {
        "key": row.key, "label": row.label, "unit": row.unit, "n_pairs": row.n_pairs, **cells,
        "test": row.tests.test, "p": p(row.tests.p), "p_paired_t": p(row.tests.p_paired_t),
        "p_wilcoxon": p(row.tests.p_wilcoxon), "shapiro_p": p(row.tests.shapiro_p),
    }


def build_table(
    values: list[Value],
    cohort: str = "available",
    coverage: dict[str, Any] | None = None,
    excluded: list[dict[str, str]] | None = None,
    provenance: list[str] | None = None,
) -> Table:
    """Builds the table. cohort: 'available' uses whom each cell has, 'paired' those with both."""
    rows = [_row(key, label, unit, [v for v in values if v.key == key], cohort)
            for key, label, unit in ROWS]
    return Table(rows, coverage or {}, excluded or [], provenance or [])


def _row(key: str, label: str, unit: str, values: list[Value], cohort: str) -> Row:
    have = {t: {v.patient: v for v in values if v.timepoint == t and v.value is not None}
            for t in TIMEPOINTS}
    both = sorted(set(have["baseline"]) & set(have["followup"]))
    everyone = sorted({v.patient for v in values})
    missing = {t: [p for p in everyone if p not in have[t]] for t in TIMEPOINTS}
    if cohort == "paired":
        have = {t: {p: have[t][p] for p in both} for t in TIMEPOINTS}
    differences = [_shown(have["followup"][p]) - _shown(have["baseline"][p]) for p in both]
    cells = {t: _cell(list(have[t].values())) for t in TIMEPOINTS}
    return Row(key, label, unit, cells, len(both), stats.paired(differences), missing)


def _known(value: Value) -> Fraction:
    assert value.value is not None
    return value.value


def _shown(value: Value) -> Fraction:
    return round(_known(value), DIGITS)


def _cell(values: list[Value]) -> Cell:
    bounds = None
    lows = [value.low for value in values if value.low is not None]
    highs = [value.high for value in values if value.high is not None]
    if values and len(lows) == len(highs) == len(values):
        bounds = stats.mean(lows), stats.mean(highs)
    return Cell({value.patient: _known(value) for value in values}, bounds)
