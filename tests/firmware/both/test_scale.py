"""Single wrong readings of the load cell change nothing: no weight, no bag, no bolus, no possibility."""

from gateway.scale import Scale
from helpers.on_board import dice
from helpers.on_board.tracker_bed import Bed, say
from pumpwire import records

PER_KG = 420000
FAST = 1000  # uL/h
LEAST, MOST = -8387999, 8387999
# of either sign and of both; a constant is worst, for what agrees looks like a weight
GARBAGE = ((LEAST, 0), (0, 0), (-4194304, -4194304), (4194304, 4194304), (LEAST, MOST))
LEVELS_G = (2, 12, 27, 100, 250, 400)


def weigh(readings, scale=None):
    """Returns the scale after ten readings."""
    if scale is None:
        scale = Scale()
        scale.calibrate(0, PER_KG)
    for i in range(10):
        assert scale.reading(readings[i]) == (i == 9)
    return scale


def noisy(raw):
    return [raw + dice.bits(4) - 8 for _ in range(10)]


def test_a_ten_second_mean_is_the_mean_of_all_that_are_near():
    for grams in LEVELS_G:
        readings = noisy(grams * 420)
        scale = weigh(readings)
        mean = sum(readings) // 10
        assert scale.samples == 10 and scale.mg == mean * 1000 // PER_KG * 1000 + (
            mean * 1000 % PER_KG * 1000 // PER_KG)


def test_four_of_ten_may_be_anything_anywhere():
    for grams in LEVELS_G:
        for _ in range(100):
            readings = noisy(grams * 420)
            hit = []
            for _ in range(1 + dice.bits(2)):
                at = dice.bits(10) % 10
                least, most = GARBAGE[dice.bits(8) % len(GARBAGE)]
                readings[at] = least + (dice.bits(12) << 12 | dice.bits(12)) % (most - least + 1)
                if abs(readings[at] - grams * 420) > 300:
                    hit.append(at)
            scale = weigh(readings)
            assert abs(scale.mg - grams * 1000) <= 150, (readings, scale.mg)
            assert scale.samples <= 10 - len(set(hit))


def test_ten_seconds_in_which_the_hook_moves_have_no_weight():
    scale = weigh([1000 * i * (1 if i % 2 else -1) for i in range(10)])
    assert scale.samples == 0 and not scale.dead()


def test_within_ten_seconds_the_longer_of_two_weights_counts():
    for empty in range(11):
        if empty != 5:
            scale = weigh(noisy(-6300)[:empty] + noisy(105000)[empty:])
            wanted = -15000 if empty > 5 else 250000
            assert abs(scale.mg - wanted) < 50 and scale.samples == max(empty, 10 - empty)


def test_a_few_garbage_readings_do_not_bring_a_dead_cell_to_life():
    for dead in ([None] * 10, [41999] * 10):
        scale = weigh(noisy(42000))
        for tens in range(13):
            readings = list(dead)
            if tens % 2:
                readings[dice.bits(8) % 10] = 0
            weigh(readings, scale)
        assert scale.dead() and not scale.samples
        weigh(noisy(42000), scale)
        assert not scale.dead()


# An afternoon with what must not be taken for anything else: a clinician's bolus with nobody at the
# bag, a tube moved, a bag changed and primed, a bolus asked for, a refill.
AFTERNOON = (
    (1300, {}),
    (200, {"bolus": (10, 60)}),
    (400, {"shift": -1}),
    (180, {"rate": 0}),
    (60, {"grams": -15}),
    (60, {"grams": 250}),
    (60, {"bolus": (0, 30)}),
    (1200, {"rate": FAST}),
    (200, {"bolus": (10, 60)}),
    (1200, {"press": (5,), "bolus": (6, 11)}),
    (600, {"shift": 50}),
)
SAID = ("running, clinician bolus, stopped, running, bag, prime bolus, stopped, running,"
        " clinician bolus, given, patient bolus, refill")


def afternoon(grams, garbage):
    bed = Bed(rate=FAST, grams=grams)
    bed.garbage = garbage
    for seconds, changes in AFTERNOON:
        bed.step(seconds, changes)
    return bed


def told(bed):
    return ", ".join([word for word in [say(kind, fields) for kind, fields, _ in bed.notes.kept]
                      if word and "empty" not in word])


def test_garbage_at_any_level_tells_the_same_afternoon():
    for i in range(len(LEVELS_G)):
        clean = afternoon(LEVELS_G[i], (0, 0, 0))
        assert told(clean) == SAID
        least, most = GARBAGE[i % len(GARBAGE)]
        bed = afternoon(LEVELS_G[i], (200, least, most))
        assert bed.spoilt > 30
        assert told(bed) == SAID, (LEVELS_G[i], least, most, told(bed))
        assert bed.notes.of(records.BOLUS) == clean.notes.of(records.BOLUS)
        assert bed.notes.of(records.MINUTE) == clean.notes.of(records.MINUTE)
        assert abs(bed.tracker.reservoir.level_ul() - clean.tracker.reservoir.level_ul()) < 100
        for bag, other in zip(bed.notes.of(records.BAG), clean.notes.of(records.BAG)):
            assert abs(bag["before_mg"] - other["before_mg"]) < 200
            assert abs(bag["after_mg"] - other["after_mg"]) < 200
