"""Figures: values with their bounds, exact. What is unknown is None in place of a figure, never half."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from ..quantities import decimal


@dataclass(frozen=True)
class Figure:
    """A known value and the bounds that hold for it, all in the unit of the field that holds it."""

    value: Fraction  #: exact from the records
    low: Fraction  #: the truth is no less
    high: Fraction  #: the truth is no more

    def map(self, change: Callable[[Fraction], Fraction]) -> Figure:
        """Returns the figure with a rising function applied."""
        return Figure(change(self.value), change(self.low), change(self.high))

    def raised(self, more: Fraction) -> Figure:
        """Returns the figure with so much more in its high bound."""
        return Figure(self.value, self.low, self.high + more)

    def __add__(self, other: Figure) -> Figure:
        return Figure(self.value + other.value, self.low + other.low, self.high + other.high)


ZERO = Figure(Fraction(0), Fraction(0), Fraction(0))


def total(figures: Iterable[Figure | None]) -> Figure | None:
    """Adds figures up; unknown if one of them is."""
    found = ZERO
    for figure in figures:
        if figure is None:
            return None
        found = found + figure
    return found


def figure_text(figure: Figure | None) -> str:
    """Returns a figure for the screen: the value, and its bounds beside it."""
    if figure is None:
        return "unknown"
    return f"{decimal(figure.value, 4):>12}   ({decimal(figure.low, 4)} to {decimal(figure.high, 4)})"


def figure_json(figure: Figure | None) -> dict[str, str | None]:
    """Returns a figure as decimal strings, nulls where it is unknown."""
    if figure is None:
        return dict.fromkeys(("value", "low", "high"))
    return {"value": decimal(figure.value), "low": decimal(figure.low), "high": decimal(figure.high)}
