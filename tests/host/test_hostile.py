"""Commands over wrong clocks, hostile pages, damaged stores: a share of tests/soak/test_hostile.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.fuzz.hang import Watch
from helpers.host import hostile

SUCCESSIONS, AT_ONCE = 60, 15


@pytest.mark.parametrize("first", range(0, SUCCESSIONS, AT_ONCE))
def test_every_command_ends_with_an_answer_or_a_sentence(first: int, tmp_path: Path) -> None:
    with Watch() as watch:
        for seed in range(20_000 + first, 20_000 + first + AT_ONCE):
            watch.begin()
            _, codes = hostile.run(seed, tmp_path)
            assert set(codes) <= {0, 1, 2, 3, 4}, seed
