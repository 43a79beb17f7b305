"""Boards whose flash changes in what was already recorded, at large."""

from __future__ import annotations

from pathlib import Path

from helpers.host.decayed_boards import hold_decays
from helpers.scale import scaled


def test_nothing_vouched_is_lost_and_nothing_lost_is_silent(tmp_path: Path) -> None:
    hold_decays(range(1000, 1000 + scaled(200, 2000)), tmp_path)
