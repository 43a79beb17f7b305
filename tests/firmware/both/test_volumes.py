"""Counts booked by minutes, the level of the bag, and the rate with its bounds."""

from pumpwire import records
from helpers.on_board.tracker_bed import Bed


def _minutes(bed):
    return bed.notes.of(records.MINUTE)


def test_every_count_is_in_one_minute():
    bed = Bed(rate=1260, bolus_ul=1260)
    bed.step(100, {})
    for _ in range(3):
        bed.step(1200, {"press": (0,), "bolus": (1, 227)})
    bed.step(57, {})
    assert [m["span_ms"] for m in _minutes(bed)] == [60900] + [60000] * 61
    assert sum([m["counts"] for m in _minutes(bed)]) + bed.kept[1] == bed.counts
    assert sum([m["presses"] for m in _minutes(bed)]) == 3


def test_what_no_minute_holds_is_kept_with_its_span():
    bed = Bed(rate=36000, pl=1000000)
    bed.step(95, {})
    assert bed.kept == (34000, 340, 0)
    bed.step(1, {"press": (0,)})
    assert bed.kept[2] == 1


def test_a_minute_begins_anew_after_power_failed_and_came_back():
    bed = Bed(rate=36000)
    bed.step(90, {})
    bed.tracker.interrupt(89900)
    bed.step(60, {})
    assert [m["span_ms"] for m in _minutes(bed)] == [60900, 29000, 31000]
    assert sum([m["counts"] for m in _minutes(bed)]) + bed.kept[1] == bed.counts


def test_a_loop_that_stood_for_minutes_books_them_once():
    bed = Bed(rate=1200)
    bed.step(90, {})
    bed._second += 400  # nothing is seen for so long
    bed.step(120, {})
    assert [m["span_ms"] for m in _minutes(bed)] == [60900, 430000, 50000, 60000]


def test_level_by_counts_alone_falls_as_counted():
    bed = Bed(rate=1200)
    bed.cell = "none"
    bed.step(10, {})
    bed.tracker.set_bag(100000)
    assert bed.tracker.reservoir.level_ul() == 100000
    bed.step(3600, {})
    assert bed.tracker.reservoir.level_ul() == 98800
    assert bed.tracker.reservoir.se_ul() == 5000 + 10


def test_level_by_weight_needs_nobody_to_enter_a_bag():
    bed = Bed(rate=1200)
    bed.step(3605, {})
    reservoir = bed.notes.of(records.RESERVOIR)
    assert len(reservoir) == 12
    for i, record in enumerate(reservoir):
        truth_ul = 100000 * 10000 // 10046 - 100 * (i + 1)  # every five minutes
        assert abs(record["level_ul"] - truth_ul) < 60 and record["se_ul"] == 500


def test_the_weight_itself_is_noted_soon_after_a_boot_and_every_hour():
    bed = Bed(rate=1200)
    bed.step(3 * 3600, {})
    weights = bed.notes.of(records.WEIGHT)
    assert len(weights) == 3
    for i, record in enumerate(weights):
        truth_mg = 100000 - (300 + 3600 * i) * 1200 * 10046 // 10000 // 3600
        assert abs(record["weight_mg"] - truth_mg) < 60 and record["samples"] == 10
        assert record["temperature_c4"] == records.NO_TEMPERATURE


def test_a_level_is_of_the_minute_that_takes_it_along():
    bed = Bed(rate=1200)
    bed.step(1210, {})
    minutes = bed.notes.times(records.MINUTE)
    assert bed.notes.times(records.RESERVOIR) == minutes[4::5] and len(minutes) == 20


def test_level_goes_on_by_counts_while_the_cell_is_dead_and_is_less_sure():
    bed = Bed(rate=12000)
    bed.step(600, {})
    before_ul = bed.tracker.reservoir.level_ul()
    bed.step(3600, {"cell": "none"})
    assert abs(before_ul - bed.tracker.reservoir.level_ul() - 12000) < 30
    assert bed.tracker.reservoir.se_ul() >= 500 + 110
    bed.step(600, {"cell": "ok"})
    assert bed.tracker.reservoir.se_ul() == 500
    assert abs(before_ul - bed.tracker.reservoir.level_ul() - 14000) < 100


def test_a_level_never_goes_below_nothing():
    bed = Bed(rate=36000, grams=5)
    bed.cell = "none"
    bed.tracker.set_bag(1000)
    bed.step(600, {})
    assert bed.tracker.reservoir.level_ul() == 0


def test_the_rates_interval_holds_the_rate_at_every_minute():
    for pl, rate in ((1000000, 60), (5000000, 500), (50000000, 2000), (1000000, 12000)):
        bed = Bed(pl=pl, rate=rate)
        bed.step(60, {})
        for _ in range(150):
            bed.step(60, {})
            tracker = bed.tracker
            assert tracker.rate_low_ul_h() <= rate <= tracker.rate_high_ul_h(), (pl, rate)
            assert tracker.rate_low_ul_h() <= tracker.rate_ul_h() <= tracker.rate_high_ul_h()


def test_the_rates_interval_holds_it_between_boluses_too():
    for rate, bolus_ul, bolus_s in ((60, 60, 11), (500, 667, 120)):
        bed = Bed(rate=rate, bolus_ul=bolus_ul, lockout_s=600)
        bed.step(300, {})
        for _ in range(12):
            bed.step(900, {"press": (0,), "bolus": (1, bolus_s)})
            tracker = bed.tracker
            assert tracker.rate_low_ul_h() <= rate <= tracker.rate_high_ul_h(), rate
        width_ul_h = tracker.rate_high_ul_h() - tracker.rate_low_ul_h()
        assert width_ul_h <= 4 + rate // 20 + 4  # 4 uL an hour for cuts, the calibration's 4 %


def test_the_rates_upper_bound_falls_while_no_count_comes():
    bed = Bed(pl=50000000, rate=60)
    bed.rate = 0
    highs = []
    for _ in range(5):
        bed.step(600, {})
        highs.append(bed.tracker.rate_high_ul_h())
        assert bed.tracker.rate_low_ul_h() == 0
    assert highs == sorted(highs, reverse=True) and highs[-1] < 70


def test_uncalibrated_the_rate_is_unknown_and_not_zero():
    bed = Bed()
    bed.tracker._pl_per_count = 0  # as it boots
    bed.step(120, {})
    assert bed.tracker.rate_ul_h() == bed.tracker.rate_low_ul_h() == -1


def test_a_pump_that_stands_shows_no_rate_and_a_bound_that_falls():
    bed = Bed(rate=1200)
    bed.play((4000, {}, "running"), (300, {"rate": 0}, "stopped"))
    tracker = bed.tracker
    assert (tracker.rate_low_ul_h(), tracker.rate_ul_h()) == (0, 0)
    first_ul_h = tracker.rate_high_ul_h()
    bed.play((3600, {}, ""))
    assert 0 < tracker.rate_high_ul_h() < first_ul_h < 20
