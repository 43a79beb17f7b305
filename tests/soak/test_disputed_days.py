"""Free flow, blocked lines, false counts, drifting cells: the bounds hold what was given."""

from __future__ import annotations

from pathlib import Path

from helpers.air.disputed_days import run_days
from helpers.scale import scaled


def test_bounds_hold_what_weight_and_counts_disagree_about(tmp_path: Path) -> None:
    assert run_days(range(scaled(10, 200)), tmp_path) == []
