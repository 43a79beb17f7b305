"""Runs or stands, and whether the rate is the prescribed one; the handset that hangs."""

from pumpwire import records
from helpers.on_board.tracker_bed import Bed, net_milli


def test_start_stop_and_restart_are_placed_within_their_uncertainty():
    bed = Bed(rate=1200)
    bed.play(
        (600, {}, "running"),
        (600, {"rate": 0}, "stopped"),
        (300, {"rate": 1200}, "running"),
    )
    pump = bed.notes.of(records.PUMP)
    for at_ms, said, truth_ms in zip(bed.notes.times(records.PUMP), pump, (0, 600000, 1200000)):
        assert abs(at_ms - truth_ms) <= said["uncertainty_ms"] + 1500, (at_ms, said)


def test_a_slow_pump_is_not_called_stopped_between_two_counts():
    Bed(pl=50000000, rate=60).play((7 * 3600, {}, "running"))  # a count every 50 min


def test_a_slow_pump_that_stops_is_found_after_two_counts_stayed_away():
    bed = Bed(pl=50000000, rate=600)
    bed.play(
        (3000, {}, "running"),
        (540, {"rate": 0}, ""),
        (240, {}, "stopped"),
    )
    (_, stopped) = bed.notes.of(records.PUMP)
    (_, at_ms) = bed.notes.times(records.PUMP)
    assert abs(at_ms - 3000000) <= stopped["uncertainty_ms"] + 2000


def test_a_pump_that_never_ran_is_stopped_once_that_is_sure():
    Bed(rate=1200).play((600, {"rate": 0}, "stopped"))


def test_without_a_regimen_two_counts_tell_that_it_runs():
    bed = Bed(rate=60, bolus_ul=0)
    bed.play((60, {}, ""), (60, {}, "running"))
    assert bed.tracker.running()


def test_without_a_regimen_or_a_count_nothing_is_known():
    bed = Bed(rate=0, bolus_ul=0)
    bed.play((7200, {}, ""))
    assert not bed.tracker.running()
    assert bed.tracker.rate_ul_h() == 0 and bed.tracker.rate_high_ul_h() >= 1


def test_a_runaway_and_its_end():
    Bed(rate=1000).play(
        (4000, {}, "running"),
        (3600, {"rate": 2000}, "runaway began"),
        (4800, {"rate": 1000}, "runaway over"),
        (7200, {}, ""),
    )


def test_a_rate_that_is_not_the_prescribed_one():
    for rate in (700, 1300):
        Bed(rate=1000).play(
            (4000, {}, "running"),
            (3840, {"rate": rate}, "regimen_mismatch began"),
            (4800, {"rate": 1000}, "regimen_mismatch over"),
        )


def test_a_rate_within_a_tenth_is_no_mismatch():
    for rate in (910, 1090):
        bed = Bed(rate=1000)
        bed.rate = rate
        bed.play((10800, {}, "running"))


def test_a_new_regimen_ends_a_mismatch():
    bed = Bed(rate=1000)
    bed.play((4000, {}, "running"), (3840, {"rate": 700}, "regimen_mismatch began"))
    bed.tracker.set_regimen(700, 60, 900, 0)
    bed.play((7200, {}, "regimen_mismatch over"))


def test_boluses_are_no_mismatch():
    bed = Bed(rate=100, bolus_ul=667, lockout_s=600)
    bed.step(1200, {})
    for _ in range(12):
        bed.step(900, {"press": (0,), "bolus": (1, 120)})
    assert bed.notes.of(records.SIGNATURE) == []
    assert len(bed.notes.of(records.BOLUS)) == 12
    assert abs(bed.tracker.rate_ul_h() - 100) <= 3


def test_a_handset_held_for_half_a_minute_is_stuck():
    bed = Bed(rate=1200)
    bed.play(
        (100, {}, "running"),
        (29, {"closed": True}, ""),
        (10, {"closed": False}, ""),
        (40, {"closed": True}, "handset_stuck began"),
        (3600, {}, ""),
        (30, {"closed": False}, "handset_stuck over"),
    )
    assert bed.notes.of(records.SIGNATURE)[0]["span_s"] == 30


def test_a_contact_that_bounces_is_one_press_and_two_a_second_apart_are_two():
    for gaps_ms, opened, demands in (
        (0, False, 1), (100, False, 1), (200, True, 1), (300, True, 2), (1000, True, 2),
        (900, False, 1),  # held until it bounced as it was let go
        (1200, False, 2),
    ):
        bed = Bed(rate=1200)
        bed.step(300, {})
        bed.tracker.change(300000, 0, 1, 100)
        if opened:
            bed.tracker.second(300000, None, 0, False, None)
        bed.tracker.change(300000 + gaps_ms, 0, 1, 100)
        bed.step(60, {})
        assert len(bed.notes.of(records.DEMAND)) == demands, gaps_ms
        assert sum([m["presses"] for m in bed.notes.of(records.MINUTE)]) == demands


def test_presses_latched_in_a_stall_are_as_many_as_a_hand_could_make():
    for span_ms, latched, demands in ((100, 3, 1), (500, 2, 2), (500, 3, 2), (2000, 3, 3)):
        bed = Bed(rate=1200)
        bed.step(300, {})
        bed.tracker.change(300000, 0, latched, span_ms)
        bed.step(60, {})
        assert len(bed.notes.of(records.DEMAND)) == demands


def test_after_a_runaway_a_bolus_has_the_old_rates_share_again():
    bed = Bed(rate=1200)
    bed.play(
        (4000, {}, "running"),
        (2700, {"rate": 3000}, "runaway began"),
        (1500, {"rate": 1200}, ""),
        (900, {}, "runaway over"),
        (300, {"press": (1,), "bolus": (2, 11)}, "given, patient bolus"),
    )
    (bolus,) = bed.notes.of(records.BOLUS)
    assert abs(net_milli(bolus) - 11000 * 20 / 3.6) < 1000


def test_a_cell_that_rises_closes_the_occlusion_it_was_taken_for():
    Bed(rate=1000).play(
        (4000, {}, "running"),
        (3 * 3600, {"drift": 1600}, "occlusion began, occlusion over, load_cell_drift began"),
    )


def test_a_relief_counter_that_steps_back_is_not_pressed_a_billion_times():
    bed = Bed(rate=1200)
    bed.step(300, {})
    bed.tracker.second(300000, None, 5, False, None)
    bed.tracker.second(301000, None, 2, False, None)
    assert len(bed.notes.of(records.RELIEF)) == 5
