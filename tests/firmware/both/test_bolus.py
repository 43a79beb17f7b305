"""Presses and bursts: every way that a bolus is asked, given, halted, denied, or left unresolved."""

from pumpwire import records
from helpers.on_board.tracker_bed import Bed, net_milli, say

SOON = {"press": (0,), "bolus": (1, 11)}  # 11 s at 20 mL/h are 61.1 uL
PRESS = {"press": (0,)}


def test_given_denied_in_lockout_and_given_again():
    bed = Bed()
    bed.play(
        (300, {}, "running"),
        (60, SOON, "given, patient bolus"),
        (300, PRESS, "denied lockout"),
        (600, PRESS, "denied lockout"),
        (60, SOON, "given, patient bolus"),
    )
    assert bed.notes.times(records.DEMAND) == [300000, 360000, 660000, 1260000]
    for bolus in bed.notes.of(records.BOLUS):
        assert abs(net_milli(bolus) - 61111) < 1500
        assert bolus["programmed_ul"] == 60 and abs(bolus["duration_ms"] - 12000) < 1000


def test_halted_is_said_and_holds_what_came():
    bed = Bed()
    bed.play(
        (300, {}, "running"),
        (60, {"press": (0,), "bolus": (1, 5)}, "given, halted patient bolus"),
    )
    (bolus,) = bed.notes.of(records.BOLUS)
    assert abs(net_milli(bolus) - 27778) < 1500


def test_a_second_press_while_the_first_is_asked_or_runs():
    Bed().play(
        (300, {}, "running"),
        (60, {"press": (0, 3), "bolus": (1, 11)}, "given, denied lockout, patient bolus"),
        (60, {"press": (0, 3)}, "denied lockout, denied lockout"),
    )
    Bed(lockout_s=0).play(  # asked twice within the first one's window: the counts are the first one's
        (300, {}, "running"),
        (60, {"press": (0, 3)}, "denied unknown, denied unknown"),
    )


def test_the_press_that_the_lockout_let_through_is_the_one_given():
    bed = Bed(lockout_s=900)
    bed.play(
        (300, {}, "running"),
        (895, SOON, "given, patient bolus"),
        (60, {"press": (0, 6), "bolus": (7, 11)}, "denied lockout, given, patient bolus"),
    )
    assert bed.notes.times(records.DEMAND) == [300000, 1195000, 1201000]


def test_denied_by_a_pump_that_stands_and_for_no_reason_known():
    Bed(rate=1200).play(
        (300, {}, "running"),
        (30, PRESS, "denied unknown"),
        (300, {"rate": 0}, "stopped"),
        (30, PRESS, "denied stopped"),
        (120, {"rate": 1200}, "running"),
    )


def test_the_lockout_ends_two_seconds_late_at_most():
    for later_s, word in ((899, "denied lockout"), (901, "denied lockout"), (903, "denied unknown")):
        Bed().play(
            (300, {}, "running"),
            (later_s, SOON, "given, patient bolus"),
            (60, PRESS, word),
        )


def test_a_lockout_from_the_end_lasts_the_bolus_longer():
    for from_end, word in ((0, "denied unknown"), (1, "denied lockout")):
        Bed(bolus_ul=667, from_end=from_end).play(  # 667 uL take 120 s
            (300, {}, "running"),
            (960, {"press": (0,), "bolus": (1, 120)}, "given, patient bolus"),
            (60, PRESS, word),
        )


def test_a_count_of_five_sixths_of_a_bolus_leaves_open_what_was_given():
    Bed(pl=50000000, rate=600).play(
        (600, {}, "running"),
        (60, SOON, "unresolved inferred, patient bolus inferred"),
    )


def test_no_count_at_all_leaves_a_bolus_smaller_than_one_open():
    bed = Bed(pl=100000000)
    bed.play(
        (300, {}, ""),
        (60, PRESS, "unresolved inferred, patient bolus inferred"),
    )
    (bolus,) = bed.notes.of(records.BOLUS)
    assert bolus["counts"] == 0 and bolus["programmed_ul"] == 60


def test_a_bolus_of_one_count_that_did_not_come_was_not_given():
    Bed(pl=50000000).play(
        (300, {}, ""),
        (60, PRESS, "denied unknown"),
    )


def test_a_coarse_press_soon_after_a_bolus_that_was_sure_is_locked_out():
    bed = Bed(pl=20000000, bolus_ul=60)  # three counts: proven, but marked
    bed.play(
        (900, {}, "running"),
        (300, SOON, "given inferred, patient bolus"),
        (300, PRESS, "denied lockout"),
    )
    assert bed.notes.of(records.DEMAND)[0]["inferred"] == 1


def test_a_coarse_press_that_nobody_can_judge_is_not_called_locked_out():
    Bed(pl=100000000).play(
        (300, {}, ""),
        (300, PRESS, "unresolved inferred, patient bolus inferred"),
        (300, PRESS, "unresolved inferred, patient bolus inferred"),
    )


def test_a_burst_without_a_press_is_the_clinicians_and_locks_nothing():
    bed = Bed()
    bed.play(
        (300, {}, "running"),
        (120, {"bolus": (0, 60)}, "clinician bolus"),
        (60, SOON, "given, patient bolus"),
    )
    bolus = bed.notes.of(records.BOLUS)[0]
    assert abs(net_milli(bolus) - 333333) < 1500
    assert bolus["programmed_ul"] == 0
    assert abs(bed.notes.times(records.BOLUS)[0] - 300000) < 1000


def test_a_press_within_a_clinicians_bolus_is_denied():
    Bed().play(
        (300, {}, "running"),
        (120, {"bolus": (0, 60), "press": (30,)}, "denied lockout, clinician bolus"),
    )


def test_a_burst_that_never_ends_is_a_rate():
    bed = Bed(rate=600)
    bed.play(
        (300, {}, "running"),
        (1790, {"rate": 6000}, ""),
        (60, {}, "runaway began"),
        (3000, {}, ""),
    )
    assert bed.notes.of(records.BOLUS) == []
    assert abs(bed.tracker.rate_ul_h() - 6000) <= 60


def test_a_rate_a_little_higher_is_no_burst():
    bed = Bed()
    bed.play((300, {}, "running"), (1200, {"rate": 1200}, ""))
    assert bed.tracker.rate_ul_h() > 500


def test_a_prime_after_the_hook_was_empty():
    bed = Bed()
    bed.play(
        (300, {}, "running"),
        (60, {"rate": 0, "grams": -15}, ""),
        (90, {"grams": 250}, "bag"),
        (60, {"bolus": (0, 50)}, "prime bolus"),
        (300, {"rate": 60}, ""),
    )
    assert abs(net_milli(bed.notes.of(records.BOLUS)[0]) - 277778) < 1500


def test_a_burst_long_after_the_hook_was_empty_is_the_clinicians():
    Bed().play(
        (300, {}, "running"),
        (60, {"grams": -15}, ""),
        (900, {"grams": 250}, "bag"),
        (90, {"bolus": (10, 50)}, "clinician bolus"),
    )


def test_a_burst_of_a_pump_that_stood_is_a_prime():
    Bed(rate=1200).play(
        (300, {}, "running"),
        (600, {"rate": 0}, "stopped"),
        (300, {"bolus": (10, 60)}, "running, prime bolus inferred, stopped"),
        (120, {"rate": 1200}, "running"),
        (120, {"bolus": (10, 60)}, "clinician bolus"),
    )


def test_a_press_while_a_pump_that_stood_is_primed_is_denied():
    Bed(rate=1200).play(
        (300, {}, "running"),
        (600, {"rate": 0}, "stopped"),
        (100, {"bolus": (10, 60), "press": (30,)},
         "running, denied lockout, prime bolus inferred, stopped"),
    )


def test_without_a_regimen_a_bolus_is_found_once_a_rate_was_measured():
    Bed(rate=1200, bolus_ul=0).play(
        (600, {}, "running"),
        (60, SOON, "given, patient bolus"),
        (60, PRESS, "denied unknown"),
        (120, {"bolus": (10, 60)}, "clinician bolus"),
    )


def test_power_failing_writes_the_bolus_under_way_as_far_as_it_came():
    bed = Bed()
    bed.play((300, {}, "running"), (8, SOON, "given"))
    assert _interrupted(bed) == "patient bolus"  # the pump did not halt it
    assert abs(net_milli(bed.notes.of(records.BOLUS)[0]) - 7000 * 20 / 3.6) < 1500


def test_power_failing_before_a_bolus_could_come_leaves_the_press_open():
    bed = Bed()
    bed.play((300, {}, "running"), (2, PRESS, ""))
    assert _interrupted(bed) == "unresolved inferred, patient bolus inferred"
    (demand,) = bed.notes.of(records.DEMAND)
    assert demand["ago_ms"] == 1900
    assert sum([m["presses"] for m in bed.notes.of(records.MINUTE)]) == 1


def test_power_failing_in_the_lockout_leaves_nothing_open():
    bed = Bed()
    bed.play(
        (300, {}, "running"),
        (60, SOON, "given, patient bolus"),
        (2, PRESS, ""),
    )
    assert _interrupted(bed) == "denied lockout"
    assert _interrupted(bed) == ""


def _interrupted(bed):
    """Returns what is written as power fails now; then every count is in a minute."""
    before = len(bed.notes.kept)
    uptime = bed.uptime
    bed.tracker.interrupt(uptime.s * 1000 + uptime.ms)
    assert sum([m["counts"] for m in bed.notes.of(records.MINUTE)]) == bed.counts
    said = [say(kind, fields) for kind, fields, _ in bed.notes.kept[before:]]
    return ", ".join([word for word in said if word])


def test_a_burst_after_a_week_without_a_count_begins_when_it_does():
    bed = Bed(rate=0)
    bed.step(60, {"bolus": (0, 1)})
    for _ in range(2):
        bed._second += 300000  # half of ticks_ms' wrap passes in between
        bed.step(60, {})
    before_ms = bed.uptime.s * 1000
    bed.step(120, {"bolus": (10, 60)})
    assert abs(bed.notes.times(records.BOLUS)[-1] - before_ms - 10000) < 2000
