"""Exact digits for print: rounded half-up or truncated, with trailing zeros as tables have them."""

from __future__ import annotations

from fractions import Fraction


def digits_of(value: Fraction | None, digits: int, mode: str = "half-up") -> str:
    """Returns a value for print with exactly `digits` decimals; mode: half-up or truncate."""
    if value is None:
        return "unknown"
    scaled = abs(value) * 10**digits
    whole = int(scaled) if mode == "truncate" else int(scaled + Fraction(1, 2))
    text = f"{whole:0{digits + 1}d}"
    sign = "-" if value < 0 and whole else ""
    return sign + (f"{text[:-digits]}.{text[-digits:]}" if digits else text)
