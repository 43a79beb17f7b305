"""Amounts as they are copied from a label, a PDF or a spreadsheet: what looks right is right, and what
may be read in two ways is not taken."""

from __future__ import annotations

import itertools

import pytest
from pumplog.errors import UsageError
from pumplog.quantities import MASS_UG, QUANTUM_PL, RATE_UL_H, TIME_S, VOLUME_UL, Kind, parse

SPACES = ["", " ", "  ", "\t", "\u00a0", "\u202f", "\u2009", "\u2007", "\u3000", " \u00a0"]
MICRO = ["u", "\u00b5", "\u03bc"]
WRITTEN: list[tuple[str, str, Kind, int]] = [
    ("110", "mg", MASS_UG, 110_000), ("0.5", "mL/h", RATE_UL_H, 500),
    ("250", "ml", VOLUME_UL, 250_000), ("15", "min", TIME_S, 900), ("1.5", "h", TIME_S, 5400),
    *(("110", f"{u}g", MASS_UG, 110) for u in MICRO), *(("5", f"{u}L", VOLUME_UL, 5) for u in MICRO),
    *(("5", f"{u}l/h", RATE_UL_H, 5) for u in MICRO),
    *(("1", f"{u}L", QUANTUM_PL, 10**6) for u in MICRO),
]


def test_any_space_and_any_micro_is_read_as_it_looks() -> None:
    for (number, unit, kind, want), between, around in itertools.product(WRITTEN, SPACES, SPACES):
        text = f"{around}{number}{between}{unit}{around}"
        assert parse(text, "--x", kind) == want, text


@pytest.mark.parametrize("text", [
    "1 000 mg", "1\u00a0000 mg", "1\u202f000 mg", "1,000 mg", "1.000,5 mg", "1_000 mg", "1e3 mg",
    "1\u00b2 mg", "1\u2070 mg", "\u00bd mg", "\uff11\uff11\uff10 mg", "\u0661\u0661\u0660 mg",
    "110\u200b mg", "110 m g", "110 \u00b5", "110 mg \u00b5g", "110 \u339c", "0x10 mg", "+5 mg", "-5 mg",
    "\u2212" "5 mg",
])
def test_what_may_be_read_in_two_ways_is_not_taken(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text, "--x", MASS_UG)
