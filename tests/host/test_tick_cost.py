"""What a tick costs in instructions stays within the goals; tests/bench prints the figures.

Fuel of a WebAssembly runtime, not time: the same on every machine, however busy.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "bench"))

import figures  # noqa: E402
import fuel  # noqa: E402

# What is told beside the goals is held where it is: against a plain tick that keeps its sums, the
# average of an hour is above 1/8.
HELD = {figures.AVERAGE_OF_THRIFTY: 0.285}  # 0.281 since a frame's check counts zeros too


@pytest.fixture(scope="module")
def measured() -> figures.Figures:
    return figures.measure()


def test_a_tick_costs_no_more_than_its_goals_allow(measured: figures.Figures) -> None:
    over = [goal for goal in measured.goals + measured.beside
            if goal.ratio > HELD.get(goal.name, goal.most)]
    assert not over


def test_every_kind_of_tick_was_measured(measured: figures.Figures) -> None:
    names = {row.name for row in measured.rows}
    assert names >= {"empty loop", "nothing new", "a count", "a record: minute", "a record: demand",
                     "a record: bolus", "a record: minute and reservoir", "first draft: a record",
                     "thrifty plain: a record"}
    assert all(row.count and row.cost > 0 for row in measured.rows)


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
