"""Every count is booked once somewhere: from pages to the doses of windows that tile."""

from __future__ import annotations

from fractions import Fraction

import pytest
from helpers.host.bedside import START_MS, Bedside
from helpers.host.booked import book
from pumplog.dose import Doses, doses
from pumplog.patients import episode, observed_of
from pumplog.store import Store

HOUR = 3600


@pytest.mark.parametrize("seed", range(20))
def test_every_count_is_booked_once_whatever_windows_cut(seed: int) -> None:
    counts, wrong = book(seed)
    assert counts and not wrong


def found(bed: Bedside, begin_s: float, end_s: float) -> Doses:
    patient = episode(bed.store, "P01")
    return doses(patient, observed_of(bed.store, patient), START_MS + round(begin_s * 1000),
                 START_MS + round(end_s * 1000))


@pytest.mark.parametrize("at_s", [7201, 7200, 7259.9, 7230.5])
@pytest.mark.parametrize("source", [1, 2, 3])
def test_counts_of_a_moment_are_a_bolus_and_do_not_fall_out(at_s: float, source: int) -> None:
    bed = Bedside(Store.open(":memory:"))
    bed.bag(0, "0.40", "0.20")
    bed.infuse(0, 4 * HOUR, "0.6")
    bed.boluses.append((at_s - 0.1, 0.1, Fraction("0.02")))  # 200 counts that no motor made
    bed.add(at_s + 1, "bolus", 1000, 0, 200, 0, source, 0, 0)
    bed.write(4 * HOUR)
    one = found(bed, 0, 4 * HOUR)
    name = {1: "pcia_ml", 2: "other_ml", 3: "prime_ml"}[source]
    assert one.figures()[name].value == Fraction(20, 1000)
    assert one.continuous_ml.value == Fraction("2.4")
    before, after = found(bed, 0, 7230), found(bed, 7230, 4 * HOUR)
    assert before.figures()[name].value + after.figures()[name].value == Fraction(20, 1000)
    assert before.continuous_ml.value + after.continuous_ml.value == Fraction("2.4")


def test_a_bolus_that_begins_after_its_press_leaves_no_minute_below_nothing() -> None:
    bed = Bedside(Store.open(":memory:"))
    bed.bag(0, "0.40", "0.20")
    bed.add(0, "pump", 1, 0, 0)
    bed.boluses.append((7204, 90, Fraction("0.5")))  # its press is in the minute before
    bed.add(7300, "bolus", 102_000, 96_000, 5000, 0, 1, 0, 0)
    bed.write(4 * HOUR)
    parts = [found(bed, a, b) for a, b in ((0, 7190), (7190, 7200), (7200, 7210), (7210, 4 * HOUR))]
    assert all(part.continuous_ml.value == 0 for part in parts)
    assert [part.pcia_ml.value > 0 for part in parts] == [False, False, True, True]
    assert sum(part.pcia_ml.value for part in parts) == Fraction("0.5")
    assert [part.deliveries.value for part in parts] == [0, 1, 0, 0]
