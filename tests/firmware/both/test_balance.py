"""Counts against weight: each possibility is said once, in time, under its own name, and its end too."""

from pumpwire import records
from helpers.on_board.tracker_bed import Bed

FAST = 1000  # uL/h


def test_a_pump_and_a_bag_that_agree_say_nothing():
    Bed(rate=FAST).play((4 * 3600, {}, "running"))
    Bed().play((6 * 3600, {}, "running"))


def test_an_occlusion_and_its_end():
    bed = Bed(rate=FAST)
    bed.play(
        (4000, {}, "running"),
        (3300, {"blocked": True}, "occlusion began"),
        (2200, {"blocked": False}, "occlusion over"),
        (4000, {}, ""),
    )
    began = bed.notes.of(records.SIGNATURE)[0]
    assert 600 < began["by_counts_ul"] < 1000 and abs(began["by_weight_ul"]) < 20
    assert bed.notes.times(records.SIGNATURE)[0] - 4000000 < 3000000  # 0.83 mL at 1 mL/h


def test_an_occlusion_that_stops_the_pump_is_over_with_the_next_bag():
    Bed(rate=FAST).play(
        (1000, {}, "running"),
        (3100, {"blocked": True}, "occlusion began"),
        (7200, {}, ""),
        (1800, {"rate": 0, "blocked": False}, "stopped"),
        (60, {"grams": -15}, ""),
        (90, {"grams": 250}, "bag, occlusion over"),
    )


def test_free_flow_fast_and_slow_and_its_end():
    for leak_ul_h, seconds in ((36000, 300), (6000, 900)):
        bed = Bed(rate=FAST)
        bed.play(
            (1200, {}, "running"),
            (seconds, {"leak": leak_ul_h}, "free_flow began"),
            (1200, {"leak": 0}, "free_flow over"),
            (7200, {}, ""),
        )
        began = bed.notes.of(records.SIGNATURE)[0]
        assert began["by_weight_ul"] - began["by_counts_ul"] < 1500


def test_a_free_flow_is_told_before_a_silent_counter_even_after_hours_of_wander():
    for leak_ul_h in (3500, 6000, 27000):
        bed = Bed(rate=100)
        bed.play(
            (4000, {}, "running"),
            (7200, {"drift": -100}, ""),  # a fifth of a gram that no count explains
            (2 * 3600 * 1000 // leak_ul_h, {"drift": 0, "leak": leak_ul_h}, "free_flow began"),
            (1200, {"leak": 0}, "free_flow over"),
        )


def test_a_blocked_line_is_no_drift_because_the_cell_wanders_up():
    bed = Bed(rate=130)
    bed.play(
        (4000, {}, "running"),
        (20000, {"blocked": True, "drift": 60}, "occlusion began"),
    )
    assert bed.notes.of(records.SIGNATURE)[0]["by_weight_ul"] < -150


def test_a_counter_that_is_silent_and_counts_again():
    Bed(rate=FAST).play(
        (1200, {}, "running"),
        (5400, {"silent": True}, "stopped, counter_silent began"),
        (1200, {"silent": False}, "running, counter_silent over"),
        (7200, {}, ""),
    )


def test_a_cell_that_drifts_up_and_stands_again():
    Bed(rate=100).play(
        (4000, {}, "running"),
        (3600, {"drift": 2000}, "load_cell_drift began"),
        (1800, {"drift": 0}, "load_cell_drift over"),
        (7200, {}, ""),
    )


def test_a_cell_that_drifts_up_slowly():
    Bed(rate=100).play(
        (4000, {}, "running"),
        (9000, {"drift": 400}, "load_cell_drift began"),
        (2400, {"drift": 0}, "load_cell_drift over"),
    )


def test_a_fall_that_counts_do_not_explain_is_said_once():
    Bed(rate=100).play(
        (4000, {}, "running"),
        (3600, {"drift": -2000}, "counter_silent began"),
        (1800, {"drift": 0}, "counter_silent over"),
        (7200, {}, ""),
    )


def test_a_cell_that_gives_nothing_moves_not_or_is_saturated_is_dead_and_back():
    for how, within_s in (("none", 70), ("saturated", 70), ("frozen", 130)):
        Bed(rate=FAST).play(
            (300, {}, "running"),
            (within_s, {"cell": how}, "load_cell_dead began"),
            (1000, {}, ""),
            (20, {"cell": "ok"}, "load_cell_dead over"),
            (600, {}, ""),
        )


def test_what_left_while_the_cell_was_dead_is_no_suspicion():
    Bed(rate=12000).play(
        (600, {}, "running"),
        (1800, {"cell": "none"}, "load_cell_dead began"),
        (600, {"cell": "ok"}, "load_cell_dead over"),
    )


def test_a_cell_that_never_spoke_is_dead():
    Bed().play((70, {"cell": "none"}, "running, load_cell_dead began"))


def test_an_empty_bag_and_the_next():
    Bed(rate=FAST, grams=4).play(
        (3600, {}, "running"),
        (6000, {}, "empty began"),
        (60, {"grams": -15}, ""),
        (90, {"grams": 250}, "bag, empty over"),
    )


def test_the_check_comes_at_100_ml_and_every_25():
    bed = Bed(pl=10000000, rate=40000, grams=250)
    bed.play(
        (3700, {}, "running"),
        (9000, {}, "check"),
        (2250, {}, "check"),
        (2250, {}, "check"),
    )
    checks = bed.notes.of(records.CHECK)
    assert [check["by_counts_ul"] // 25000 for check in checks] == [3, 4, 5], checks
    for check in checks:
        assert abs(check["difference_ppm"]) < 1500 and check["uncertainty_ppm"] > 3000


def test_the_check_tells_a_calibration_that_is_off():
    bed = Bed(pl=10000000, rate=40000, grams=250)
    bed.leak = 2000  # 5 % more than counted
    bed.step(12700, {})
    (check,) = bed.notes.of(records.CHECK)
    assert abs(check["difference_ppm"] - 50000) < 1500
    assert bed.notes.of(records.SIGNATURE) == []


def test_a_new_calibration_begins_the_check_anew():
    bed = Bed(pl=10000000, rate=40000, grams=250)
    bed.step(9000, {})
    bed.tracker.set_calibration(10000000, 10000, 0, 420000)
    bed.play((8900, {}, ""), (300, {}, "check"))
