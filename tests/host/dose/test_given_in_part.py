"""A bolus given in part is no delivery: it is counted apart, and its volume is in the doses."""

from __future__ import annotations

from fractions import Fraction

import pytest
from helpers.host.bedside import START_MS, Bedside
from pumplog.dose import Doses, Figure, doses
from pumplog.patients import episode, observed_of
from pumplog.store import Store
from pumpwire import records

HOUR = 3600
PL = 1_000_000  # a microlitre a count


def day(ppm: int = 0, pl: int = PL, rate: str = "0.6") -> Bedside:
    bed = Bedside(Store.open(":memory:"), pl, calibrated=False)
    bed.add(0, "calibration", pl, ppm, 0, 420_000)
    bed.bag(0, "0.40", "0.20")
    bed.infuse(0, 24 * HOUR, rate)
    return bed


def give(bed: Bedside, at_s: int, counts: int, halted: int, programmed_ul: int = 500,
         inferred: int = 0, told_s: int = 100) -> None:
    bed.boluses.append((at_s, 90, Fraction(counts * bed.pl, 10**9)))
    bed.add(at_s + told_s, "bolus", told_s * 1000, 90_000, counts, 0, 1, halted, inferred, programmed_ul)


def found(bed: Bedside) -> Doses:
    bed.write(24 * HOUR)
    patient = episode(bed.store, "P01")
    return doses(patient, observed_of(bed.store, patient), START_MS, START_MS + 24 * HOUR * 1000)


def numbers(figure: Figure | None) -> tuple[int, int, int]:
    assert figure is not None
    return int(figure.value), int(figure.low), int(figure.high)


@pytest.mark.parametrize("counts", [4, 10, 15, 32, 250, 440])
def test_a_halted_bolus_is_counted_apart_and_its_volume_is_exact(counts: int) -> None:
    bed = day()
    for hour in (2, 5):
        give(bed, hour * HOUR, counts, 1)
    give(bed, 9 * HOUR, 500, 0)
    one = found(bed)
    assert numbers(one.deliveries) == (1, 1, 1) and numbers(one.given_in_part) == (2, 2, 2)
    assert one.pcia_ml.value == Fraction(2 * counts + 500, 1000)
    assert one.per_day()["pcia_per_day"].value == 1
    assert one.to_json()["given_in_part"] == {"value": "2", "low": "2", "high": "2"}
    assert "given_in_part" in one.to_text("P01")


@pytest.mark.parametrize("counts", [449, 450, 451])
def test_where_counts_do_not_tell_both_numbers_hold_it(counts: int) -> None:
    bed = day()
    give(bed, 2 * HOUR, counts, 0)
    one = found(bed)
    assert numbers(one.deliveries) == (1, 0, 1) and numbers(one.given_in_part) == (0, 0, 1)


def test_the_calibrations_uncertainty_is_part_of_what_counts_do_not_tell() -> None:
    for ppm, told in ((0, (1, 1, 1)), (25_000, (1, 0, 1))):
        bed = day(ppm)
        give(bed, 2 * HOUR, 470, 0)
        assert numbers(found(bed).deliveries) == told


def test_a_burst_of_two_boluses_is_not_surely_a_whole_bolus() -> None:
    bed = day()
    give(bed, 2 * HOUR, 700, 0)
    assert numbers(found(bed).deliveries) == (1, 0, 1)


def test_where_nobody_knows_what_was_programmed_nothing_is_a_part() -> None:
    bed = day()
    give(bed, 2 * HOUR, 20, 0, programmed_ul=0)
    one = found(bed)
    assert numbers(one.deliveries) == (1, 1, 1) and numbers(one.given_in_part) == (0, 0, 0)


def test_an_unresolved_press_that_a_whole_bolus_does_not_explain_was_given_in_part_at_most() -> None:
    for told_s, whole, part in ((35, (0, 0, 0), (1, 0, 1)), (5, (1, 0, 1), (0, 0, 1))):
        bed = day(pl=20_000_000)  # after half a minute three counts would have come
        bed.add(2 * HOUR + told_s, "bolus", told_s * 1000, 9000, 2, 230, 1, 0, 1, 500)
        one = found(bed)
        assert (numbers(one.deliveries), numbers(one.given_in_part)) == (whole, part), told_s


def test_a_press_denied_outside_lockout_may_have_given_what_no_count_tells() -> None:
    bed = day(pl=20_000_000)
    for hour, reason in ((2, records.UNKNOWN), (3, records.STOPPED), (4, records.LOCKOUT)):
        bed.add(hour * HOUR + 35, "demand", 35_000, records.DENIED, reason, 1)
    one = found(bed)
    assert numbers(one.deliveries) == (0, 0, 0) and numbers(one.given_in_part) == (0, 0, 2)
    assert one.pcia_ml.value == 0 and Fraction(80, 1000) <= one.pcia_ml.high <= Fraction(90, 1000)
    assert one.continuous_ml.low <= one.continuous_ml.value - Fraction(80, 1000)


def test_a_press_of_a_pump_that_surely_stood_gave_nothing() -> None:
    bed = Bedside(Store.open(":memory:"), PL)
    bed.bag(0, "0.40", "0.20")
    bed.infuse(0, 10 * HOUR, "0.6")
    bed.add(12 * HOUR, "demand", 35_000, records.DENIED, records.STOPPED, 1)
    one = found(bed)
    assert numbers(one.given_in_part) == (0, 0, 0) and one.pcia_ml.high == 0


@pytest.mark.parametrize("programmed_ul, high", [(100, 1), (500, 0)])
def test_a_press_denied_for_too_few_counts_may_have_been_a_bolus_that_is_no_larger(
    programmed_ul: int, high: int,
) -> None:
    """A bolus of two counts that was halted after nine tenths may show in a single count."""
    bed = day(pl=50 * PL)
    give(bed, 2 * HOUR, programmed_ul // 50, 0, programmed_ul)
    bed.add(8 * HOUR, "demand", 42_000, records.DENIED, records.UNKNOWN, 1)
    told = found(bed)
    assert numbers(told.deliveries) == (1, 0, 1 + high)
    assert numbers(told.given_in_part)[2] >= 1
