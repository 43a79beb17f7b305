"""Bounds still hold as they are printed: rounded outward, to a program and on the screen."""

from __future__ import annotations

import random
from fractions import Fraction

from pumplog.dose import Figure, figure_json
from pumplog.dose.figure import figure_text
from pumplog.quantities import DIGITS, decimal_down, decimal_up
from pumplog.study.table import Cell


def test_printed_bounds_hold_and_are_a_digit_wide_at_most() -> None:
    dice = random.Random(8)
    for _ in range(2000):
        low = Fraction(dice.randrange(-10**6, 10**12), dice.choice((1, 3, 7, 10**9, 10**12 + 39)))
        value, high = (low + Fraction(dice.randrange(10**9), 10**9 + 7) for _ in range(2))
        told = figure_json(Figure(value, low, high))
        assert Fraction(told["low"]) <= low < Fraction(told["low"]) + Fraction(1, 10**DIGITS)
        assert Fraction(told["high"]) - Fraction(1, 10**DIGITS) < high <= Fraction(told["high"])
        shown = figure_text(Figure(value, low, high)).split("(")[1].rstrip(")").split(" to ")
        assert Fraction(shown[0]) <= low and high <= Fraction(shown[1])
        cell = Cell({"P01": value}, (low, high)).to_json()
        assert [Fraction(bound) for bound in cell["bounds"]] == [
            Fraction(told["low"]), Fraction(told["high"])]


def test_what_is_exact_stays_and_nothing_reads_minus_zero() -> None:
    for text in ("0", "1.5", "-0.25", "0.000000001", "12"):
        assert decimal_down(Fraction(text)) == decimal_up(Fraction(text)) == text
    tiny = Fraction(-1, 10**12)
    assert decimal_up(tiny) == "0" and decimal_down(tiny) == "-0.000000001"
