"""Quantities as people write them, digits and a unit, and the one printer of decimals and of log ids."""

from __future__ import annotations

import math
import re
from fractions import Fraction

from .errors import UsageError

DIGITS = 9  # decimals of --json; differences are tested as these show them
_WRITTEN = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]+)? ?([A-Za-z/%]+)", re.ASCII)
_MICRO = str.maketrans("\u00b5\u03bc", "uu")  # the sign, and the Greek letter that looks like it
# kind: (what it is, an example, {unit: factor to the stored unit})
Kind = tuple[str, str, dict[str, int]]
VOLUME_UL: Kind = ("a volume", "250 mL", {"mL": 1000, "uL": 1})
RATE_UL_H: Kind = ("a rate", "0.1 mL/h", {"mL/h": 1000, "uL/h": 1})
MASS_UG: Kind = ("an amount of drug", "110 mg", {"mg": 1000, "ug": 1})
TIME_S: Kind = ("a time", "15 min", {"min": 60, "s": 1, "h": 3600})
QUANTUM_PL: Kind = ("a volume a count", "1 uL", {"uL": 1_000_000, "nL": 1000})
_SPELLINGS = {"ml": "mL", "ul": "uL", "ml/h": "mL/h", "ul/h": "uL/h", "nl": "nL", "mcg": "ug"}


def parse(text: str | None, option: str, kind: Kind) -> int:
    """Returns the quantity as a whole number of the kind's stored unit; UsageError unless it is
    certain."""
    what, example, units = kind
    if not text:
        raise UsageError(f"{option} is missing", f"give {what} with its unit, as in '{example}'")
    match = _WRITTEN.fullmatch(" ".join(text.translate(_MICRO).split()))  # copied spaces may be others
    unit = _SPELLINGS.get(match[3], match[3]) if match else ""
    if match is None or unit not in units:
        raise UsageError(f"{option} {text!r} is not {what}",
                         f"write digits, a point, and the unit {' or '.join(units)}, as in '{example}'")
    value = Fraction(match[1] + (match[2] or "")) * units[unit]
    if value.denominator != 1:
        raise UsageError(f"{option} {text!r} is finer than can be kept", "use fewer decimals")
    if not 0 < value < 1 << 30:
        raise UsageError(f"{option} {text!r} is out of range", "check the number and its unit")
    return value.numerator


def parse_check_code(text: str) -> int:
    """Returns the code on a board's label; UsageError unless it is six digits."""
    if not (text.isascii() and text.isdecimal() and len(text) == 6):
        raise UsageError(f"{text!r} is not the six digits on the board's label", "look at the label")
    return int(text)


def kilobytes(n: int) -> str:
    """Returns bytes for the screen."""
    return f"{show(Fraction(n, 1000), 1)} kB"


def show(value: Fraction | int, digits: int = 3) -> str:
    """Returns a number for the screen: `digits` decimals, a leading and no trailing zero.

    A number below 1 gets as many more as two significant digits need: never a false zero.
    """
    exact = abs(Fraction(value))
    while 0 < exact < 1 and exact * 10**digits < 10:
        digits += 1
    scaled = int(exact * 10**digits + Fraction(1, 2))
    whole, part = divmod(scaled, 10**digits)
    decimals = f"{part:0{digits}d}".rstrip("0") if digits else ""
    return ("-" if value < 0 and scaled else "") + f"{whole}" + (f".{decimals}" if decimals else "")


def percent_text(ppm: int) -> str:
    """Returns a share of a million as a percentage, for the screen."""
    return f"{show(Fraction(ppm, 10_000), 2)} %"


def show_span(ms: int) -> str:
    """Returns a length of time for the screen: '7 h 58 min', '40 s'."""
    seconds = ms // 1000
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h {minutes % 60} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def show_age(ms: int) -> str:
    """Returns how old a thing is: '7 h 58 min ago'; said as it is where clocks disagree."""
    return f"{show_span(ms)} ago" if ms >= 0 else f"{show_span(-ms)} ahead of this computer's clock"


def decimal(value: Fraction | None, digits: int = DIGITS) -> str | None:
    """Returns a decimal string, rounded half-up to `digits`, without trailing zeros."""
    if value is None:
        return None
    scaled = int((abs(value) * 10**digits * 2 + 1) // 2)
    return _fixed(-scaled if value < 0 else scaled, digits)


def decimal_down(value: Fraction, digits: int = DIGITS) -> str:
    """Returns a low bound as a decimal string: rounded so that it still holds."""
    return _fixed(math.floor(value * 10**digits), digits)


def decimal_up(value: Fraction, digits: int = DIGITS) -> str:
    """Returns a high bound as a decimal string: rounded so that it still holds."""
    return _fixed(math.ceil(value * 10**digits), digits)


def _fixed(scaled: int, digits: int) -> str:
    whole, part = divmod(abs(scaled), 10**digits)
    return ("-" if scaled < 0 else "") + f"{whole}.{part:0{digits}d}".rstrip("0").rstrip(".")


def hex_id(log_id: int) -> str:
    """Returns a log's id as everything prints it: eight hexadecimal digits."""
    return f"{log_id:08x}"
