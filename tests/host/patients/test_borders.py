"""Patients in turn on one board: what the clock leaves open at a border is nobody's, and in the high
bounds of both; the truth of each lies in the bounds."""

from __future__ import annotations

from uuid import uuid4

import pytest
from helpers.host.bedside import START_MS, Bedside
from helpers.host.successions import check
from helpers.scale import scaled
from pumplog.dose import Doses, doses
from pumplog.patients import episode, observed_of
from pumplog.patients.events import events
from pumplog.store import Entry, Store

HOUR, MIN = 3600, 60
CHANGE_S = 24 * HOUR


def two_in_turn(error_s: float) -> Bedside:
    """P01, then P02, from 24 h on, who got 1 mL ten minutes after the change. The laptop that told the
    time first was error_s ahead; another, right, told it a minute after the change."""
    bed = Bedside(Store.open(":memory:"), anchored=False)
    bed.bag(0, "1", "1")
    bed.anchor(0, error_s)
    if error_s:
        bed.anchor(CHANGE_S + 60)
    bed.infuse(0, 48 * HOUR, "1")
    bed.bolus(CHANGE_S + 600, "1")
    bed.enter("patient_end", CHANGE_S)
    at_ms = START_MS + CHANGE_S * 1000
    for kind, fields in (("patient_start", {}), ("bag", {
            "morphine_ug": 250_000, "bupivacaine_ug": 250_000, "volume_ul": 250_000})):
        bed.store.entries.add(Entry(uuid4(), kind, "P02", "B01", 6, "AB", at_ms, at_ms, fields))
    bed.write(48 * HOUR)
    return bed


def found(bed: Bedside, name: str) -> Doses:
    patient = episode(bed.store, name)
    begin_ms = patient.start_ms
    return doses(patient, observed_of(bed.store, patient), begin_ms, begin_ms + 24 * HOUR * 1000)


@pytest.mark.parametrize("error_s", [0, -40 * MIN, 40 * MIN, -20 * MIN, 3 * MIN])
def test_a_bolus_beside_the_change_is_in_nobodys_value_that_it_may_not_be(error_s: int) -> None:
    bed = two_in_turn(error_s)
    first, second = found(bed, "P01"), found(bed, "P02")
    assert first.pcia_ml.value == 0 and first.pcia_ml.low == 0
    assert second.pcia_ml.high >= 1 and second.deliveries.high == 1
    for dose in (first, second):
        assert dose.continuous_ml.low <= 24 <= dose.continuous_ml.high
    assert first.masses_mg["morphine"].low <= 24 <= first.masses_mg["morphine"].high
    assert second.masses_mg["morphine"].low <= 25 <= second.masses_mg["morphine"].high
    open_to_both = error_s <= -20 * MIN  # a laptop that was ahead cannot put it before the change
    assert (first.pcia_ml.high >= 1) == open_to_both
    assert second.pcia_ml.value == (0 if open_to_both else 1)
    (bolus,) = (event for event in events(bed.store, "B01") if event.record.kind == "bolus")
    assert bolus.patient == (None if open_to_both else "P02")
    notes = " ".join(first.notes)
    assert ("boluses 1" in notes) == open_to_both
    assert (first.border_ms > 5 * MIN * 1000) == (abs(error_s) > 10 * MIN)


def test_a_clock_that_is_right_within_seconds_divides_what_flows() -> None:
    first, second = (found(two_in_turn(0), name) for name in ("P01", "P02"))
    assert first.continuous_ml.value + second.continuous_ml.value == 48
    assert first.unknown_ms == second.unknown_ms == 0
    assert max(first.border_ms, second.unsure_ms) < 20_000


def test_the_truth_of_patients_in_turn_lies_in_the_bounds() -> None:
    patients = left_open = 0
    for seed in range(scaled(25, 60)):
        more, open_here = check(seed)
        patients, left_open = patients + more, left_open + open_here
    print(f"patients: {patients}, of them with something left open: {left_open}")
    assert left_open > 10
