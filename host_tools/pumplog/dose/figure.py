"""Figures: values with their bounds, exact. What is unknown is None in place of a figure, never half."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from ..quantities import decimal, decimal_down, decimal_up


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

    def lowered(self, less: Fraction) -> Figure:
        """Returns the figure with so much less in its low bound, never below nothing."""
        return Figure(self.value, max(Fraction(0), self.low - less), self.high)

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
    """Returns a figure for the screen: the value, and beside it its bounds, rounded outward."""
    if figure is None:
        return "unknown"
    bounds = f"({decimal_down(figure.low, 4)} to {decimal_up(figure.high, 4)})"
    return f"{decimal(figure.value, 4):>12}   {bounds}"


def figure_json(figure: Figure | None) -> dict[str, str | None]:
    """Returns a figure as decimal strings, its bounds rounded outward; nulls where it is unknown."""
    if figure is None:
        return dict.fromkeys(("value", "low", "high"))
    return {"value": decimal(figure.value), "low": decimal_down(figure.low),
            "high": decimal_up(figure.high)}
