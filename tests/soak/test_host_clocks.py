"""Host clocks at large: whatever happens to one inside an exchange, what is stated holds the truth."""

from __future__ import annotations

import pytest
from helpers.host.exchange_worlds import told, world
from helpers.scale import scaled


def test_what_is_stated_holds_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    count = scaled(200, 1000)
    found = [told(world(seed), monkeypatch) for seed in range(count)]
    stated = [each for each in found if each]
    print(f"time told in {len(stated)} of {count} worlds; widest"
          f" {max(each.uncertainty_ms for each in stated) / 1000} s")
    assert all(each.holds for each in stated)
    assert 2 * len(stated) > count > len(stated)
