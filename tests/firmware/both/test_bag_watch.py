"""What hangs on the hook: bags, refills, knocks and steps, each told from the others."""

from pumpwire import records
from helpers.on_board.tracker_bed import Bed

FAST = 1000  # uL/h


def test_a_bag_change_has_its_weights_and_its_time():
    bed = Bed(rate=FAST, grams=12)
    bed.play(
        (300, {}, "running"),
        (60, {"grams": -15}, ""),
        (300, {"grams": 250}, "bag"),
    )
    (bag,) = bed.notes.of(records.BAG)
    assert abs(bag["before_mg"] - 11900) < 100 and abs(bag["after_mg"] - 250000) < 100
    (at_ms,) = bed.notes.times(records.BAG)
    assert abs(at_ms - 330000) <= bag["uncertainty_ms"] + 10000


def test_a_bag_out_of_which_fluid_runs_at_once_is_a_bag_too():
    for leak in (150000, 500000):
        bed = Bed(rate=FAST, grams=60)
        bed.play(
            (300, {}, "running"),
            (180, {"leak": leak}, "free_flow began"),
            (60, {"leak": 0, "grams": -15}, ""),
            (240, {"leak": leak, "grams": 250}, "bag, free_flow over, free_flow began"),
            (1800, {"leak": 0}, "free_flow over"),
        )
        (bag,) = bed.notes.of(records.BAG)
        assert not bag["refill"] and abs(bag["after_mg"] - 250000) < leak // 60 + 1000
        (at_ms,) = bed.notes.times(records.BAG)
        assert abs(at_ms - 510000) <= bag["uncertainty_ms"] + 30000 and bag["uncertainty_ms"] <= 60000
        assert abs(bed.tracker.reservoir.level_ul() - (249000 - leak // 15)) < 3000


def test_the_hook_may_stay_empty_for_long():
    Bed(rate=FAST, grams=12).play(
        (300, {}, "running"),
        (7200, {"rate": 0, "grams": -15}, "stopped"),
        (300, {"grams": 250}, "bag"),
        (300, {"rate": FAST}, "running"),
    )


def test_a_bag_taken_off_and_hung_again_is_the_same_bag():
    Bed(rate=FAST).play(
        (300, {}, "running"),
        (120, {"shift": -115}, ""),
        (300, {"shift": 115}, ""),
    )


def test_a_refill_is_told_from_a_change():
    bed = Bed(rate=FAST)
    bed.play(
        (300, {}, "running"),
        (300, {"shift": 50}, "refill"),
        (3600, {}, ""),
    )
    (bag,) = bed.notes.of(records.BAG)
    assert abs(bag["after_mg"] - bag["before_mg"] - 50000) < 200
    assert abs(bed.tracker.reservoir.level_ul() - 147500) < 1000


def test_a_refill_in_portions_is_one():
    bed = Bed(rate=FAST)
    bed.step(300, {})
    for _ in range(5):
        bed.step(20, {"shift": 10})
    bed.step(300, {})
    (bag,) = bed.notes.of(records.BAG)
    assert bag["refill"] == 1 and abs(bag["after_mg"] - bag["before_mg"] - 50000) < 200


def test_knocks_are_nothing():
    for grams in (-60, -5, 1, 50, 5000):
        for seconds in (1, 15, 50):
            bed = Bed(rate=FAST)
            bed.play(
                (300, {}, "running"),
                (seconds, {"shift": grams}, ""),
                (300, {"shift": -grams}, ""),
            )
            assert abs(bed.tracker.reservoir.level_ul() - 99500) < 500


def test_a_step_is_taken_out_of_the_level():
    for grams in (-60, -2, 2, 4):
        bed = Bed(rate=FAST)
        bed.play(
            (300, {}, "running"),
            (600, {"shift": grams}, ""),
        )
        assert abs(bed.tracker.reservoir.level_ul() - 99350) < 500, grams
        assert bed.tracker.reservoir.se_ul() >= 500 + abs(grams) * 200  # what may have been fluid
        bed.play((600, {"shift": -grams}, ""))
        assert abs(bed.tracker.reservoir.level_ul() - 99180) < 500, grams


def test_a_bag_that_rested_on_something_is_not_refilled_when_it_hangs_free_again():
    bed = Bed(rate=FAST)
    bed.play(
        (300, {}, "running"),
        (1800, {"shift": -40}, ""),
        (300, {"shift": 40}, ""),
        (1800, {"shift": -40}, ""),
        (300, {"shift": 80}, "refill"),
    )


def test_a_bag_change_after_a_step_gives_the_weights_as_they_were():
    bed = Bed(rate=FAST)
    bed.play(
        (300, {}, "running"),
        (600, {"shift": -3}, ""),
        (60, {"grams": -15}, ""),
        (300, {"grams": 250}, "bag"),
    )
    (bag,) = bed.notes.of(records.BAG)
    assert abs(bag["before_mg"] - 96750) < 200 and abs(bag["after_mg"] - 250000) < 200


def test_a_bolus_is_no_step():
    Bed(rate=FAST, bolus_ul=2000).play(
        (300, {}, "running"),
        (600, {"press": (0,), "bolus": (1, 360)}, "given, patient bolus"),
    )


def test_a_slow_rise_is_no_bag():
    Bed(rate=100).play(
        (4000, {}, "running"),
        (9000, {"drift": 400}, "load_cell_drift began"),
    )


def test_a_change_while_the_cell_is_dead_is_found_by_its_weights():
    bed = Bed(rate=FAST, grams=12)
    bed.play(
        (300, {}, "running"),
        (200, {"cell": "none"}, "load_cell_dead began"),
        (300, {"cell": "ok", "grams": 250}, "load_cell_dead over, refill"),
    )


def test_nothing_on_the_hook_at_the_start_is_no_change():
    Bed(rate=FAST, grams=-15).play(
        (300, {}, "running"),
        (300, {"grams": 250}, ""),
    )


def test_uncalibrated_there_is_no_weight_and_no_level():
    bed = Bed(rate=FAST)
    bed.tracker.set_calibration(1000000, 10000, 0, 0)
    bed.play((600, {}, "running"))
    assert bed.tracker.reservoir.level_ul() == -1
    assert bed.notes.of(records.RESERVOIR)[-1]["level_ul"] == -1
    assert bed.notes.of(records.WEIGHT)[-1]["samples"] == 0


def test_a_bag_hung_after_a_week_without_one():
    bed = Bed(rate=FAST)
    bed.step(300, {})
    bed.step(60, {"rate": 0, "grams": -15})
    for _ in range(60500):
        bed.tracker._watch.missing(0)  # a week, ten seconds each
        bed._second += 10
    for _ in range(2):
        bed.uptime._last_ms = bed._now_ms(0)
    bed.uptime.s += 605000
    bed.step(300, {"grams": 250})
    (bag,) = bed.notes.of(records.BAG)
    assert abs(bag["uncertainty_ms"] - 302500000) < 60000
    assert 0 < bed.notes.times(records.BAG)[0] - 302800000 < 120000
