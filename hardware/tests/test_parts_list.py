"""The parts list: each line can be ordered, and something else when that cannot be had."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

import bom  # noqa: E402

HARDWARE = Path(__file__).parents[1]
LINE = ("1", "R1", "1k", "Vishay", "MRS25", "Yageo MFR-25", "", "board", "")


def test_a_whole_line_is_sound() -> None:
    assert bom.faults([LINE]) == []


@pytest.mark.parametrize(("column", "words", "said"), [
    ("maker", "", "R1 (1k) has no maker"), ("maker", "any", "R1 (1k) has no maker"),
    ("maker_part_number", "", "R1 (1k) has no maker_part_number"),
    ("alternatives", " ", "R1 (1k) has no alternatives"),
])
def test_what_a_line_lacks_is_told(column: str, words: str, said: str) -> None:
    line = list(LINE)
    line[bom.COLUMNS.index(column)] = words
    assert any(said in fault for fault in bom.faults([tuple(line)]))


def test_every_part_and_accessory_can_be_ordered() -> None:
    parts = tomllib.loads((HARDWARE / "parts.toml").read_text(encoding="utf-8"))
    lines = [("1", name, "", part["maker"], part["mpn"], "; ".join(part["alternatives"]), "", "", "")
             for name, part in parts.items()]
    assert bom.faults([*lines, *bom.accessories()]) == []


def test_what_a_note_says_is_needed_beside_a_part_has_a_line_of_its_own() -> None:
    listed = {line[bom.COLUMNS.index("maker_part_number")] for line in bom.accessories()}
    assert {"1840382", "1840366", "XHP-4", "XHP-2", "SXH-001T-P0.6"} <= listed
