"""The relief button: what counts as relief, and what as the handset mistaken."""

from pumpwire import records
from helpers.on_board.tracker_bed import Bed

BOLUS = {"press": (0,), "bolus": (1, 11)}
RELIEF = {"relief": (0,)}


def test_relief_says_how_long_after_the_bolus_it_came():
    bed = Bed()
    bed.play(
        (300, {}, "running"),
        (480, BOLUS, "given, patient bolus"),
        (60, RELIEF, "relief"),
    )
    (relief,) = bed.notes.of(records.RELIEF)
    assert relief["since_bolus_s"] == 480


def test_without_a_bolus_it_is_stray_and_says_that_there_was_none():
    bed = Bed()
    bed.play((300, {}, "running"), (60, RELIEF, "stray relief"))
    assert bed.notes.of(records.RELIEF)[0]["since_bolus_s"] == records.NEVER_S


def test_after_an_hour_it_is_stray():
    for after_s, word in ((3599, "relief"), (3601, "stray relief")):
        bed = Bed()
        bed.play(
            (300, {}, "running"),
            (after_s, BOLUS, "given, patient bolus"),
            (60, RELIEF, word),
        )
        assert bed.notes.of(records.RELIEF)[0]["since_bolus_s"] == after_s


def test_after_a_press_that_was_denied_it_is_stray():
    Bed().play(
        (300, {}, "running"),
        (60, {"press": (0,)}, "denied unknown"),
        (60, RELIEF, "stray relief"),
    )


def test_three_within_two_minutes_are_stray_from_the_third_on():
    Bed().play(
        (300, {}, "running"),
        (300, BOLUS, "given, patient bolus"),
        (60, RELIEF, "relief"),
        (59, RELIEF, "relief"),
        (60, RELIEF, "stray relief"),
        (600, RELIEF, "stray relief"),
        (60, RELIEF, "relief"),
    )


def test_three_in_more_than_two_minutes_are_not():
    Bed().play(
        (300, {}, "running"),
        (300, BOLUS, "given, patient bolus"),
        (60, RELIEF, "relief"),
        (61, RELIEF, "relief"),
        (60, RELIEF, "relief"),
    )


def test_every_press_has_its_record_even_of_one_second():
    bed = Bed()
    bed.play(
        (300, {}, "running"),
        (300, BOLUS, "given, patient bolus"),
        (5, {"relief": (2, 2, 2)}, "relief, relief, stray relief"),
    )


def test_a_bolus_of_unknown_volume_may_have_relieved():
    Bed(pl=100000000).play(
        (300, {}, ""),
        (300, {"press": (0,)}, "unresolved inferred, patient bolus inferred"),
        (60, RELIEF, "relief"),
    )


def test_what_the_button_showed_before_the_start_is_no_press():
    bed = Bed()
    bed.tracker._reliefs = bed._reliefs = (1 << 30) - 1  # as the board's counter stood at boot
    bed.play((300, {}, "running"))
    bed._reliefs = 1  # wrapped: two presses
    bed.play((10, {}, "stray relief, stray relief"))
