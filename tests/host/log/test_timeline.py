"""Records in UTC: the truth lies within the stated uncertainty, and order never contradicts seq."""

from __future__ import annotations

import random

import pytest
from helpers.host.clock_truth import HOUR_MS, T0_MS, anchor, resumed
from helpers.host.counting import calls_of
from pumplog.log.timeline import DISAGREE_MS, Timeline
from pumpwire.units import EPOCH_2020_S


def test_one_anchor_places_what_came_before_and_after() -> None:
    line = Timeline([anchor(1, 10_000_000, T0_MS)], {1: 20_000_000})
    assert line.utc(1, 10_000_000) == (T0_MS, 50)
    at_ms, uncertainty_ms = line.utc(1, 0)
    assert at_ms == T0_MS - 10_000_000 and 50 + 1000 <= uncertainty_ms <= 50 + 1001
    assert line.utc(2, 0) is None


def test_a_line_joins_anchors_that_agree() -> None:
    line = Timeline([anchor(1, 0, T0_MS), anchor(1, 10 * HOUR_MS, T0_MS + 10 * HOUR_MS + 2000)],
                    {1: 10 * HOUR_MS})
    assert line.utc(1, 5 * HOUR_MS)[0] == T0_MS + 5 * HOUR_MS + 1000


def test_nearby_anchors_that_disagree_never_turn_time_round() -> None:
    line = Timeline([anchor(1, 1_000_000, T0_MS), anchor(1, 1_010_000, T0_MS - 30_000)], {1: 2_000_000})
    placed = [line.utc(1, uptime_ms)[0] for uptime_ms in range(0, 2_000_000, 1000)]
    assert placed == sorted(placed) and len(set(placed)) == len(placed)
    assert line.utc(1, 1_010_000)[1] >= 40_000


@pytest.mark.parametrize("wrong_first", [True, False])
def test_a_host_that_is_24_minutes_wrong_is_outvoted_and_widens(wrong_first: bool) -> None:
    wrong, right = 24 * 60_000, 0
    errors = [wrong, right, right] if wrong_first else [right, right, wrong]
    line = Timeline([anchor(1, k * HOUR_MS, T0_MS + k * HOUR_MS + error, synced=2)
                     for k, error in enumerate(errors)], {1: 3 * HOUR_MS})
    at_ms, uncertainty_ms = line.utc(1, HOUR_MS // 2)
    assert at_ms == T0_MS + HOUR_MS // 2 and wrong <= uncertainty_ms <= wrong + 5000


def test_a_synchronised_host_is_believed_before_two_that_are_not() -> None:
    line = Timeline([anchor(1, 0, T0_MS + DISAGREE_MS * 9, synced=0),
                     anchor(1, 1000, T0_MS + 1000, synced=1),
                     anchor(1, 2000, T0_MS + 2000 + DISAGREE_MS * 9, synced=0)], {1: 9000})
    assert line.utc(1, 9000)[0] == T0_MS + 9000


def test_boots_keep_their_order_against_their_anchors() -> None:
    line = Timeline([anchor(1, 0, T0_MS + 24 * 60_000, synced=0), anchor(2, 0, T0_MS + HOUR_MS)],
                    {1: HOUR_MS, 2: HOUR_MS})
    end_ms, end_uncertainty_ms = line.utc(1, HOUR_MS)
    begin_ms, begin_uncertainty_ms = line.utc(2, 0)
    assert end_ms <= begin_ms == T0_MS + HOUR_MS
    assert min(end_uncertainty_ms, begin_uncertainty_ms) >= 24 * 60_000


def test_boots_between_share_the_room() -> None:
    line = Timeline([anchor(1, 0, T0_MS), anchor(4, 0, T0_MS + HOUR_MS)],
                    {1: 600_000, 2: 1_200_000, 3: 900_000, 4: 0})
    slack_ms = HOUR_MS - 600_000 - 1_200_000 - 900_000
    assert line.utc(2, 0)[0] == T0_MS + 600_000 + slack_ms // 2
    assert line.utc(3, 0)[0] == line.utc(2, 1_200_000)[0]
    assert line.utc(2, 0)[1] >= slack_ms // 2


def test_a_boot_in_wide_room_is_not_placed() -> None:
    line = Timeline([anchor(1, 0, T0_MS), anchor(3, 0, T0_MS + 9 * HOUR_MS)],
                    {1: HOUR_MS, 2: HOUR_MS, 3: 0})
    assert line.utc(2, 0) is None and line.utc(3, 0) is not None


def test_of_two_equal_opinions_the_first_told_stays() -> None:
    for error_ms in (-HOUR_MS, HOUR_MS):
        line = Timeline([anchor(1, 0, T0_MS), anchor(1, 9000, T0_MS + 9000 + error_ms)], {1: 9000})
        assert line.utc(1, 5000)[0] == T0_MS + 5000 and line.utc(1, 5000)[1] >= HOUR_MS


def _world(dice: random.Random) -> tuple[Timeline, list[tuple[int, int, int]]]:
    """Makes boots with drift and missing and wrong anchors; returns (boot, uptime, true UTC)."""
    now_ms, truth, anchors, lengths = T0_MS, [], [], {}
    for boot in range(1, dice.randint(2, 7)):
        now_ms += dice.choice((0, 300, dice.randint(1000, 40 * HOUR_MS)))
        length_ms = dice.randint(1000, 400 * HOUR_MS)
        drift = dice.uniform(-1e-4, 1e-4)
        lengths[boot] = length_ms
        for uptime_ms in sorted(dice.randint(0, length_ms) for _ in range(25)):
            truth.append((boot, uptime_ms, now_ms + round(uptime_ms * (1 + drift))))
        for uptime_ms in sorted(dice.randint(0, length_ms) for _ in range(dice.randint(0, 5))):
            uncertainty_ms = dice.randint(20, 400)
            error_ms = dice.randint(-uncertainty_ms, uncertainty_ms)
            utc_ms = now_ms + round(uptime_ms * (1 + drift)) + error_ms
            anchors.append(anchor(boot, uptime_ms, utc_ms, uncertainty_ms, dice.choice((1, 2))))
        now_ms += round(length_ms * (1 + drift))
    return Timeline(anchors, lengths), truth


def test_boots_that_resumed_are_placed_in_a_row_from_one_anchor() -> None:
    records = [anchor(3, 0, T0_MS), *(resumed(boot, HOUR_MS - 4000, 25_000) for boot in (2, 3, 4, 5))]
    line = Timeline(records, {boot: HOUR_MS for boot in range(1, 6)})
    for boot in range(1, 6):
        at_ms, uncertainty_ms = line.utc(boot, 0) or (0, 0)
        nominal_ms = T0_MS + (boot - 3) * HOUR_MS  # each is lost between 0 and 21 s more
        low_ms, high_ms = sorted((nominal_ms, nominal_ms + (boot - 3) * 21_000))
        assert at_ms - uncertainty_ms <= low_ms and high_ms <= at_ms + uncertainty_ms, boot
        assert uncertainty_ms <= 50 + abs(boot - 3) * (10_501 + 2 * 361)


def _resets(seed: int) -> tuple[Timeline, list[tuple[int, int, int]]]:
    """Makes boots of which some resumed, few were told the time; returns (boot, uptime, true UTC)."""
    dice = random.Random(seed)
    now_ms, truth, records, lengths = T0_MS, [], [], {}
    for boot in range(1, 8):
        length_ms = dice.randint(1000, 40 * HOUR_MS)
        drift = dice.uniform(-1e-4, 1e-4)
        lengths[boot] = dice.randint(max(0, length_ms - 60_000), length_ms)
        truth += [(boot, uptime_ms, now_ms + round(uptime_ms * (1 + drift)))
                  for uptime_ms in sorted(dice.randint(0, lengths[boot]) for _ in range(9))]
        if dice.random() < 0.3:
            uptime_ms = dice.randint(0, lengths[boot])
            records.append(anchor(boot, uptime_ms, now_ms + round(uptime_ms * (1 + drift)), 50))
        now_ms += round(length_ms * (1 + drift))
        if dice.random() < 0.8:
            snapshot_ms = max(0, length_ms - dice.randint(0, 10_000))
            off_ms = dice.randint(0, 14_000)
            records.append(resumed(boot + 1, snapshot_ms, 25_000))
        else:
            off_ms = dice.randint(0, 5 * HOUR_MS)
        now_ms += off_ms
    records = [r for r in records if r.boot < 8]
    return Timeline(records, lengths), truth


def test_truth_lies_within_the_uncertainty_over_resets_too() -> None:
    placed_at_all = 0
    for seed in range(400):
        line, truth = _resets(seed)
        last_ms = 0
        for boot, uptime_ms, true_ms in truth:
            placed = line.utc(boot, uptime_ms)
            if placed is None:
                continue
            placed_at_all += 1
            assert abs(placed[0] - true_ms) <= placed[1], (seed, boot, uptime_ms, placed, true_ms)
            assert placed[0] >= last_ms, (seed, boot, uptime_ms)
            last_ms = placed[0]
    assert placed_at_all > 10_000


def test_truth_lies_within_the_uncertainty_and_order_holds() -> None:
    placed_at_all = 0
    for seed in range(300):
        line, truth = _world(random.Random(seed))
        last_ms = 0
        for boot, uptime_ms, true_ms in truth:
            placed = line.utc(boot, uptime_ms)
            if placed is None:
                continue
            placed_at_all += 1
            assert abs(placed[0] - true_ms) <= placed[1], (seed, boot, uptime_ms)
            assert placed[0] >= last_ms, (seed, boot, uptime_ms)
            last_ms = placed[0]
    assert placed_at_all > 10_000


def test_with_a_wrong_host_among_them_too() -> None:
    for seed in range(300):
        dice = random.Random(seed)
        drift = dice.uniform(-1e-4, 1e-4)
        wrong_ms = dice.choice((-1, 1)) * dice.randint(1000, 3 * HOUR_MS)
        anchors = []
        for uptime_ms in sorted(dice.randint(0, 300 * HOUR_MS) for _ in range(6)):
            error_ms = wrong_ms if dice.random() < 0.4 else dice.randint(-50, 50)
            anchors.append(anchor(1, uptime_ms, T0_MS + round(uptime_ms * (1 + drift)) + error_ms,
                                  50, dice.choice((0, 1, 2))))
        line = Timeline(anchors, {1: 300 * HOUR_MS})
        told_right = any(abs((a.fields["epoch_s"] + EPOCH_2020_S) * 1000 + a.fields["epoch_ms"] - T0_MS
                             - round(a.uptime_ms * (1 + drift))) <= 50 for a in anchors)
        last_ms = 0
        for uptime_ms in range(0, 300 * HOUR_MS, HOUR_MS):
            at_ms, uncertainty_ms = line.utc(1, uptime_ms)
            assert at_ms >= last_ms
            last_ms = at_ms
            if told_right:
                true_ms = T0_MS + round(uptime_ms * (1 + drift))
                assert abs(at_ms - true_ms) <= uncertainty_ms, (seed, uptime_ms)


def test_work_grows_with_boots_and_anchors_and_not_with_their_square() -> None:
    """A board that was rebooted every hour for months."""
    counts = []
    for n in (500, 1000, 2000):
        anchors = [anchor(b, 0, T0_MS + b * HOUR_MS) for b in range(n) if b % 2]
        lengths = {b: HOUR_MS - 1000 for b in range(n)}
        counts.append(calls_of(lambda a=anchors, b=lengths: Timeline(a, b)))  # type: ignore[misc]
    assert counts[2] - counts[1] < 2.5 * (counts[1] - counts[0])
    line = Timeline(anchors, lengths)
    assert line.utc(1000, 0)[0] == T0_MS + 1000 * HOUR_MS and line.utc(1000, 0)[1] < 2000
