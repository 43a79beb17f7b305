"""The table held against a published table: means and standard errors beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..quantities import decimal
from .digits import digits_of
from .table import ROWS, Table
from .text import WIDTH
from .values_csv import PublishedRow


@dataclass(frozen=True)
class Beside:
    """A number of ours and the published number, in the unit of the row."""

    ours: Fraction | None  #: None: unknown
    published: Fraction  #: as exactly as it was printed

    @property
    def difference(self) -> Fraction | None:
        """By how much ours is more, None where it is unknown."""
        return None if self.ours is None else self.ours - self.published

    def to_text(self, digits: int) -> str:
        """Returns ours, the published number and the difference, with so many digits."""
        theirs = digits_of(self.published, digits)
        if self.difference is None:
            return f"unknown  {theirs}"
        sign = "+" if self.difference >= 0 else ""
        difference = digits_of(self.difference, digits + 1)
        return f"{digits_of(self.ours, digits)}  {theirs}  {sign}{difference}"


@dataclass(frozen=True)
class Compared:
    """A row at a timepoint that was published."""

    key: str  #: of the table's KEYS
    timepoint: str  #: of the table's TIMEPOINTS
    mean: Beside  #: the means
    se: Beside  #: the standard errors

    def to_json(self) -> dict[str, Any]:
        """Returns both beside each other, every decimal a string."""
        line: dict[str, Any] = {"key": self.key, "timepoint": self.timepoint}
        for name, beside in (("mean", self.mean), ("se", self.se)):
            line |= {name: decimal(beside.ours), f"published_{name}": decimal(beside.published),
                     f"{name}_difference": decimal(beside.difference)}
        return line


def compare(table: Table, published: Mapping[str, PublishedRow]) -> list[Compared]:
    """Returns each row and timepoint of the table that was published, by the rows' labels."""
    return [Compared(row.key, timepoint, Beside(row.cells[timepoint].mean, mean),
                     Beside(row.cells[timepoint].se, se))
            for row in table.rows if row.label in published
            for timepoint, (mean, se) in published[row.label].cells.items()]


def labels_of_no_row(published: Mapping[str, PublishedRow]) -> list[str]:
    """Returns the published labels that no row of the table has, sorted."""
    return sorted(set(published) - {label for _, label, _ in ROWS})


def compare_text(compared: Sequence[Compared], source: str, digits: int = 2) -> str:
    """Returns a table for the screen, with so many digits; source: the published table's name."""
    lines = [f"Beside {source}: measured, published, difference from the digits that were printed",
             "", f"{'':<34}{'mean':>30}{'SE':>30}", "-" * WIDTH]
    lines += [f"{each.key + ' ' + each.timepoint:<34}{each.mean.to_text(digits):>30}"
              f"{each.se.to_text(digits):>30}" for each in compared]
    return "\n".join(lines)
