"""Time at large: over drift, missing and wrong anchors, resets and lost pages, the truth of every record
lies inside its stated uncertainty and UTC never runs against seq; and that says something."""

from __future__ import annotations

from statistics import median

from helpers.host.clock_truth import HOUR_MS
from helpers.host.clock_worlds import Score, healthy_world, laptop_world, world, wrapping_world
from helpers.scale import scaled
from pumplog.log.chain import drift_ms


def told(score: Score) -> None:
    """Prints what was checked."""
    print(f"records placed: {score.placed}, time unknown: {score.unplaced}; anchors: {score.anchors}, of"
          f" them wrong: {score.wrong}; resets: {score.resets}, of them longer than they say:"
          f" {score.too_long}; median uncertainty {median(score.uncertainties_ms) / 1000} s")


def test_right_hosts_and_no_record_less_certain_than_they_leave() -> None:
    score = Score()
    for seed in range(scaled(4000, 100_000)):
        score.check_healthy(world(seed, wrong=0), seed)
    told(score)
    assert score.wrong == 0 and score.unplaced < score.placed


def test_hosts_and_resets_that_are_wrong() -> None:
    score = Score()
    for seed in range(scaled(4000, 100_000)):
        score.check(world(seed, wrong=0.3 if seed % 2 else 0.8), seed)
    told(score)
    assert min(score.wrong, score.resets - score.too_long, score.too_long, score.unplaced) > 0


def test_a_laptop_that_is_wrong_at_every_visit_and_set_the_clock_chip() -> None:
    score = Score()
    for seed in range(scaled(1500, 40_000)):
        score.check(laptop_world(seed), seed)
    told(score)
    assert score.wrong > score.anchors / 2


def test_visits_every_twelve_hours_place_records_to_about_a_second() -> None:
    """A record lies three hours from the nearest visit as often as less far, and six at the most."""
    score = Score()
    for seed in range(scaled(200, 4000)):
        score.check_healthy(healthy_world(seed, 12 * HOUR_MS, 60), seed)
    told(score)
    assert score.unplaced == 0
    assert median(score.uncertainties_ms) <= 60 + drift_ms(3 * HOUR_MS)
    assert max(score.uncertainties_ms) <= 2 * (60 + drift_ms(6 * HOUR_MS)) + 3


def test_uptimes_that_the_firmware_counted_over_the_wrap_of_its_ticks() -> None:
    score = Score()
    for seed in range(scaled(20, 1000)):
        score.check(wrapping_world(seed), seed)
    told(score)
    assert score.placed > 0
