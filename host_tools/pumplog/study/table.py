"""The pump-data table: per-patient values in, rows of means and standard errors out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..dose import Doses
from ..patients import MASSES
from ..quantities import DIGITS, decimal, decimal_down, decimal_up
from . import stats
from .coverage import TimepointCoverage

TIMEPOINTS = ("baseline", "followup")
# key, label as published, unit
ROWS = (
    *((f"{mass.name}_mg_day", mass.label, "mg/day") for mass in MASSES),
    ("rate_ml_h", "Infusion speed", "mL/h"),
    ("pcia_per_day", "Frequency of PCIA use", "times/day"),
)
KEYS = tuple(key for key, _, _ in ROWS)
Bounds = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class Value:
    """One patient's figure at one timepoint, in the unit of its row."""

    patient: str  #: the code
    timepoint: str  #: of TIMEPOINTS
    key: str  #: of KEYS
    value: Fraction | None  #: None: unknown
    bounds: Bounds | None = None  #: low and high; None: nobody knows any, as of a file's values
    doubtful: bool = False  #: weight and counts disagree about it: the truth may lie far from value

    @classmethod
    def of(cls, patient: str, timepoint: str, key: str, doses: Doses) -> Value:
        """Takes a figure of doses."""
        figure = doses.per_day()[key]
        if figure is None:
            return cls(patient, timepoint, key, None)
        return cls(patient, timepoint, key, figure.value, (figure.low, figure.high),
                   doses.is_doubtful(key))


@dataclass(frozen=True)
class Excluded:
    """A patient who is in no cell of a timepoint."""

    patient: str  #: the code
    timepoint: str  #: of TIMEPOINTS
    reason: str  #: why, in words

    def to_json(self) -> dict[str, str]:
        """Returns its fields."""
        return {"patient": self.patient, "timepoint": self.timepoint, "reason": self.reason}


@dataclass(frozen=True)
class Cell:
    """One row at one timepoint."""

    values: Mapping[str, Fraction]  #: the known values by patient, in the row's unit
    bounds: Bounds | None  #: of the mean; None unless everybody's are known
    doubtful: Sequence[str] = ()  #: the patients about whose value weight and counts disagree

    @property
    def mean(self) -> Fraction | None:
        """The mean, None without values."""
        return stats.mean(list(self.values.values())) if self.values else None

    @property
    def se(self) -> Fraction | None:
        """The standard error of the mean, None for fewer than two values."""
        return stats.standard_error(list(self.values.values()))

    def to_json(self) -> dict[str, Any]:
        """Returns the cell, every decimal a string."""
        return {
            "n": len(self.values), "mean": decimal(self.mean), "se": decimal(self.se),
            "values": {patient: decimal(value) for patient, value in self.values.items()},
            "bounds": None if self.bounds is None else [
                decimal_down(self.bounds[0]), decimal_up(self.bounds[1])],
            "doubtful": list(self.doubtful),
        }


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    key: str  #: of KEYS
    label: str  #: as published
    unit: str  #: of all its values
    cells: Mapping[str, Cell]  #: by timepoint
    n_pairs: int  #: patients that have both timepoints
    tests: stats.Paired  #: over these pairs
    missing: Mapping[str, Sequence[str]]  #: by timepoint, the patients without a value

    def to_json(self) -> dict[str, Any]:
        """Returns the row with its cells, every decimal a string."""
        def p(value: float | None) -> str | None:
            return None if value is None else f"{value:.6g}"

        return {
            "key": self.key, "label": self.label, "unit": self.unit, "n_pairs": self.n_pairs,
            **{timepoint: cell.to_json() for timepoint, cell in self.cells.items()},
            "test": self.tests.test, "p": p(self.tests.p), "p_paired_t": p(self.tests.p_paired_t),
            "p_wilcoxon": p(self.tests.p_wilcoxon), "shapiro_p": p(self.tests.shapiro_p),
        }


@dataclass(frozen=True)
class Table:
    """All rows, with what they rest on."""

    rows: Sequence[Row]  #: in the order of ROWS
    coverage: Mapping[str, TimepointCoverage]  #: by timepoint; none of a file's values
    excluded: Sequence[Excluded]  #: who is in no cell of a timepoint
    provenance: Sequence[str]  #: where all this comes from, sentences

    def to_json(self) -> dict[str, Any]:
        """Returns the table as the command-line contract has it: every decimal a string."""
        return {
            "rows": [row.to_json() for row in self.rows],
            "coverage": {timepoint: cover.to_json() for timepoint, cover in self.coverage.items()},
            "excluded": [each.to_json() for each in self.excluded],
            "provenance": list(self.provenance),
        }


def build_table(
    values: Sequence[Value],
    cohort: str = "available",
    coverage: Mapping[str, TimepointCoverage] | None = None,
    excluded: Sequence[Excluded] = (),
    provenance: Sequence[str] = (),
) -> Table:
    """Builds the table. cohort: 'available' uses whom each cell has, 'paired' those with both."""
    rows = [_row(key, label, unit, [v for v in values if v.key == key], cohort)
            for key, label, unit in ROWS]
    return Table(rows, coverage or {}, excluded, provenance)


def _row(key: str, label: str, unit: str, values: list[Value], cohort: str) -> Row:
    doubtful = {(v.timepoint, v.patient) for v in values if v.doubtful}
    have = {t: {v.patient: (v.value, v.bounds) for v in values
                if v.timepoint == t and v.value is not None} for t in TIMEPOINTS}
    both = sorted(set(have["baseline"]) & set(have["followup"]))
    everyone = sorted({v.patient for v in values})
    missing = {t: [p for p in everyone if p not in have[t]] for t in TIMEPOINTS}
    if cohort == "paired":
        have = {t: {p: have[t][p] for p in both} for t in TIMEPOINTS}
    differences = [_shown(have["followup"][p][0]) - _shown(have["baseline"][p][0]) for p in both]
    cells = {t: _cell(have[t], [p for p in have[t] if (t, p) in doubtful]) for t in TIMEPOINTS}
    return Row(key, label, unit, cells, len(both), stats.paired(differences), missing)


def _shown(value: Fraction) -> Fraction:
    return round(value, DIGITS)


def _cell(have: Mapping[str, tuple[Fraction, Bounds | None]], doubtful: Sequence[str]) -> Cell:
    bounds = None
    known = [bounds for _, bounds in have.values() if bounds is not None]
    if have and len(known) == len(have):
        bounds = stats.mean([low for low, _ in known]), stats.mean([high for _, high in known])
    return Cell({patient: value for patient, (value, _) in have.items()}, bounds, doubtful)
