"""What a tick costs is measured in fuel of a WebAssembly runtime, not in time: the same on every
machine, however busy. Whether it stays within the goals: tests/soak/test_tick_goals."""

from __future__ import annotations

import pytest
from benchmarks import fuel


@pytest.fixture(scope="module")
def two_minutes() -> list[fuel.Tick]:
    return fuel.ticks_of("firmware", 1300)


def test_the_same_ticks_cost_the_same_each_time(two_minutes: list[fuel.Tick]) -> None:
    assert len(two_minutes) == 1300
    assert two_minutes == fuel.ticks_of("firmware", 1300)


def test_a_record_is_seen_in_the_tick_that_wrote_it(two_minutes: list[fuel.Tick]) -> None:
    minutes = [tick for tick in two_minutes[600:]
               if tick.records == 1 and (tick.last_kind == 3 or tick.last_kind >= 0x80)]
    assert [tick.k for tick in minutes] == [609, 1209]
    silent = [tick.cost for tick in two_minutes if not tick.records]
    assert min(tick.cost for tick in minutes) > 10 * min(silent)
