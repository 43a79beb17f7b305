"""Rounds of a ward of twelve in which more boards die, at more places."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.air.big_ward import make_ward
from helpers.air.rounds import deaths, killed_and_resumed
from helpers.scale import scaled


@pytest.mark.parametrize("seed", range(100, 100 + scaled(ci=1, full=12)))
def test_half_the_ward_dies_and_comes_back(tmp_path: Path, seed: int) -> None:
    ward = make_ward(tmp_path / "run", 12)
    killed_and_resumed(ward, tmp_path, deaths(ward, 6, seed))
