"""Pumps that stop in the middle of boluses: bounds hold what was given, whole and in part."""

from __future__ import annotations

from pathlib import Path

from helpers.air.halted_days import run_days
from helpers.scale import scaled


def test_bounds_hold_what_was_given_whole_and_in_part(tmp_path: Path) -> None:
    assert run_days(range(scaled(8, 200)), tmp_path) == []
