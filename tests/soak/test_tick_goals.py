"""What a tick costs in instructions stays within the goals; tests/benchmarks prints the figures.

Fuel of a WebAssembly runtime, not time: the same on every machine, however busy.
"""

from __future__ import annotations

import pytest
from benchmarks import figures

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
