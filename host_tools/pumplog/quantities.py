"""Quantities as people write them: digits and a unit, exact; anything doubtful is refused."""

from __future__ import annotations

import re
from fractions import Fraction

from .errors import Usage

_WRITTEN = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]+)? ?([A-Za-z/%]+)", re.ASCII)
# kind: (what it is, {unit: factor to the stored unit})
VOLUME_UL = ("a volume", {"mL": 1000, "uL": 1})
RATE_UL_H = ("a rate", {"mL/h": 1000, "uL/h": 1})
MASS_UG = ("an amount of drug", {"mg": 1000, "ug": 1})
TIME_S = ("a time", {"min": 60, "s": 1, "h": 3600})
QUANTUM_PL = ("a volume a count", {"uL": 1_000_000, "nL": 1000})


def parse(text: str, option: str, kind: tuple[str, dict[str, int]]) -> int:
    """Returns the quantity as a whole number of the kind's stored unit; Usage if in any doubt."""
    what, units = kind
    wanted = " or ".join(units)
    match = _WRITTEN.fullmatch(text.strip())
    if match is None or match[3] not in units:
        raise Usage(f"{option} {text!r} is not {what}: write digits, a point, and the unit {wanted},"
                    f" as in '0.5 {next(iter(units))}'.")
    value = Fraction(match[1] + (match[2] or "")) * units[match[3]]
    if value.denominator != 1:
        raise Usage(f"{option} {text!r} is finer than can be kept: use fewer decimals.")
    if not 0 < value < 1 << 30:
        raise Usage(f"{option} {text!r} is out of range: check the number and its unit.")
    return value.numerator


def show(value: Fraction | int, digits: int = 3) -> str:
    """Returns a number for the screen: at most `digits` decimals, a leading and no trailing zero."""
    scaled = round(Fraction(value) * 10**digits)
    sign, scaled = ("-", -scaled) if scaled < 0 else ("", scaled)
    whole, part = divmod(scaled, 10**digits)
    decimals = f"{part:0{digits}d}".rstrip("0") if digits else ""
    return f"{sign}{whole}" + (f".{decimals}" if decimals else "")


def show_age(ms: int) -> str:
    """Returns an age for the screen: '7 h 58 min', '40 s'."""
    seconds = ms // 1000
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h {minutes % 60} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"
