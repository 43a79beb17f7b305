"""The promise of pumplog.log.timeline, over some hundred simulated boards (at large: soak/test_utc.py)
and case by case: whom it does not take at its word, and what it leaves unknown."""

from __future__ import annotations

from statistics import median

import pytest
from helpers.host.clock_truth import DAY_MS, HOUR_MS, MINUTE_MS, T0_MS, anchor, resumed
from helpers.host.clock_worlds import Score, healthy_world, laptop_world, world, wrapping_world
from pumplog.log import Timeline
from pumplog.log.chain import drift_ms

OFF_MS = 24 * MINUTE_MS  # as a hospital's clocks are on average


def test_the_truth_lies_within_the_uncertainty_and_order_is_that_of_seq() -> None:
    score = Score()
    for seed in range(150):
        score.check_healthy(world(seed, wrong=0), seed)
        score.check(world(seed, wrong=0.6), seed)
        score.check(laptop_world(seed), seed)
    score.check(wrapping_world(1), 1)
    assert min(score.placed, score.unplaced, score.wrong, score.too_long) > 0


def test_visits_every_twelve_hours_place_records_to_about_a_second() -> None:
    score = Score()
    for seed in range(5):
        score.check_healthy(healthy_world(seed, 12 * HOUR_MS, 60), seed)
    assert median(score.uncertainties_ms) <= 60 + drift_ms(3 * HOUR_MS)


def uncertainty_ms(line: Timeline, boot: int) -> int:
    placed = line.utc(boot, 0)
    assert placed
    return placed[1]


def test_a_host_found_off_is_suspect_where_it_stands_alone_until_another_bears_it_out() -> None:
    days = [T0_MS + k * DAY_MS for k in range(6)]
    right = [anchor(2, k * HOUR_MS, days[2] + k * HOUR_MS, host_id=1 + k) for k in (1, 2)]
    laptop = [anchor(boot, 0, days[boot] + (OFF_MS if boot < 4 else 0)) for boot in range(1, 6)]
    line = Timeline([*right, *laptop, anchor(4, HOUR_MS, days[4] + HOUR_MS, host_id=2)],
                    dict.fromkeys(range(1, 6), 3 * HOUR_MS))
    assert uncertainty_ms(line, 1) == uncertainty_ms(line, 3) == HOUR_MS + 50  # of both hours
    assert uncertainty_ms(line, 4) == uncertainty_ms(line, 5) == 50
    assert [(a.seq, a.host_id, ahead_ms) for a, ahead_ms in line.disagreeing(2)] == [(0, 1, OFF_MS)]
    assert line.boots_disagreed() == [2] and line.disagreeing(3) == []


@pytest.mark.parametrize("told_by_laptop", [True, False])
def test_a_clock_chip_is_suspect_after_a_host_that_may_have_set_it(told_by_laptop: bool) -> None:
    first = [anchor(1, 0, T0_MS + OFF_MS)] + [
        anchor(1, k * HOUR_MS, T0_MS + k * HOUR_MS, host_id=1 + k) for k in (1, 2)]
    chip = anchor(2, 0, T0_MS + DAY_MS + OFF_MS, 5000, 2, host_id=0)
    line = Timeline([*first[0 if told_by_laptop else 1:], chip], {1: 3 * HOUR_MS, 2: HOUR_MS})
    assert uncertainty_ms(line, 2) == 300_000 + (HOUR_MS if told_by_laptop else 0)


def test_a_reset_that_the_anchors_deny_bounds_nothing_and_leaves_all_uncertain() -> None:
    line = Timeline([anchor(1, 0, T0_MS), resumed(2, HOUR_MS, 25_000),
                     anchor(2, 0, T0_MS + 2 * HOUR_MS)], {1: HOUR_MS, 2: HOUR_MS})
    assert line.utc(2, 0) == (T0_MS + 2 * HOUR_MS, HOUR_MS + 50 + drift_ms(HOUR_MS))
    assert abs(line.utc(1, HOUR_MS)[0] - T0_MS - HOUR_MS) <= 1
    assert uncertainty_ms(line, 1) >= HOUR_MS


def test_a_reset_that_is_as_short_as_it_says_places_both_sides() -> None:
    line = Timeline([resumed(2, HOUR_MS, 25_000), anchor(2, 0, T0_MS)], {1: HOUR_MS, 2: HOUR_MS})
    assert uncertainty_ms(line, 1) <= 12_500 + 50 + 2 * drift_ms(HOUR_MS) + 2


def test_two_hosts_that_nobody_keeps_and_that_differ_by_days_leave_all_between() -> None:
    line = Timeline([anchor(1, 0, T0_MS, synced=0), anchor(1, HOUR_MS, T0_MS + 9 * DAY_MS, synced=0,
                                                           host_id=2)], {1: 2 * HOUR_MS})
    for uptime_ms in (0, HOUR_MS, 2 * HOUR_MS):
        at_ms, wide_ms = line.utc(1, uptime_ms)
        assert at_ms - wide_ms <= T0_MS + uptime_ms and T0_MS + 9 * DAY_MS <= at_ms + wide_ms


def test_an_anchor_of_a_host_that_nobody_keeps_counts_as_an_hour_off() -> None:
    line = Timeline([anchor(1, 0, T0_MS, synced=0)], {1: HOUR_MS})
    assert line.utc(1, 0) == (T0_MS, HOUR_MS + 50)


def test_the_same_clock_runs_on_over_years() -> None:
    line = Timeline([anchor(1, 0, T0_MS), anchor(1, 3650 * DAY_MS, T0_MS + 3650 * DAY_MS)],
                    {1: 4000 * DAY_MS})
    assert line.utc(1, 1825 * DAY_MS) == (T0_MS + 1825 * DAY_MS, 50 + drift_ms(1825 * DAY_MS))
