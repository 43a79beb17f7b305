"""Doses where it is awkward: edges, gaps, reboots, moved and contested patients, late bags."""

from __future__ import annotations

import random
import struct
from fractions import Fraction
from uuid import uuid4

import pytest
from helpers.host.bedside import START_MS, Bedside
from helpers.host.counting import calls_of
from pumplog.dose import Doses, Window, doses
from pumplog.patients import Shares, episode, observed_of
from pumplog.store import Entry, Store, StoredRecord
from pumplog.store.records import Records
from pumplog.study import cohort_doses, cohort_table

HOUR = 3600
DAY = 24 * HOUR


def ms(at_s: float) -> int:
    return START_MS + round(at_s * 1000)


def found(bed: Bedside, begin_s: float, end_s: float, patient: str = "P01") -> Doses:
    one = episode(bed.store, patient)
    return doses(one, observed_of(bed.store, one), ms(begin_s), ms(end_s))


@pytest.fixture
def bed() -> Bedside:
    made = Bedside(Store.open(":memory:"))
    made.bag(0, "0.40", "0.20")
    return made


# ---- windows

def test_a_window_that_cuts_a_minute_with_a_bolus_keeps_both_apart(bed: Bedside) -> None:
    bed.infuse(0, 2 * HOUR, "1.2")
    bed.bolus(HOUR + 31, "0.9", 20)
    bed.write(2 * HOUR)
    before, after = found(bed, 0, HOUR + 30), found(bed, HOUR + 30, 2 * HOUR)
    assert before.pcia_ml.value == 0 and after.pcia_ml.value == Fraction("0.9")
    assert before.continuous_ml.value == Fraction("1.2") * Fraction(HOUR + 30, HOUR)
    assert after.continuous_ml.value == Fraction("1.2") * Fraction(HOUR - 30, HOUR)
    assert (before.deliveries.value, after.deliveries.value) == (0, 1)


def test_windows_that_tile_add_up_whatever_they_cut(bed: Bedside) -> None:
    bed.infuse(0, 6 * HOUR, "0.7")
    for k in range(5):
        bed.bolus(HOUR * (k + 1) - 50, "0.5", 120)
    bed.write(6 * HOUR)
    whole = found(bed, 0, 6 * HOUR)
    cuts = [0, 3541, 3599, 3600, 7185, 7186, 12345, 6 * HOUR]
    parts = [found(bed, a, b) for a, b in zip(cuts, cuts[1:], strict=False)]
    for name in ("pcia_ml", "morphine_mg", "pcia_bupivacaine_mg", "deliveries"):
        assert sum(part.figures()[name].value for part in parts) == whole.figures()[name].value
    assert sum(part.observed_ms for part in parts) == whole.observed_ms
    assert abs(sum(p.continuous_ml.value for p in parts) - whole.continuous_ml.value) < Fraction(1, 10)


def test_continuous_volume_is_never_below_nothing(bed: Bedside) -> None:
    bed.add(0, "pump", 1, 0, 0)
    bed.bolus(HOUR, "1", 120)
    bed.write(2 * HOUR)
    for begin_s, end_s in ((0, 2 * HOUR), (HOUR + 10, HOUR + 50), (HOUR + 100, HOUR + 130)):
        figure = found(bed, begin_s, end_s).continuous_ml
        assert figure.low >= 0 and figure.value >= 0 and figure.low <= figure.value <= figure.high


def test_nothing_delivered_is_zero_and_not_unknown(bed: Bedside) -> None:
    bed.infuse(0, DAY, "0.5")
    bed.write(DAY)
    per_day = found(bed, 0, DAY).per_day()
    assert per_day["pcia_per_day"].value == 0 and per_day["pcia_morphine_mg_day"].value == 0
    assert found(bed, 2 * DAY, 3 * DAY).per_day()["pcia_per_day"] is None


# ---- reboots, gaps, clocks

def test_power_off_between_boots_is_unknown_time(bed: Bedside) -> None:
    bed.infuse(0, DAY, "1.0")
    bed.off(6 * HOUR + 30, 9 * HOUR)
    bed.add(9 * HOUR + 30, "pump", 1, 0, 0)
    bed.write(DAY)
    one = found(bed, 0, DAY)
    assert one.unknown_ms == 3 * HOUR * 1000  # with the half minute that no record closed
    assert one.continuous_ml.value == 21
    assert one.per_day()["morphine_mg_day"].value == 24 * Fraction("0.4")


def test_a_boot_that_nobody_told_the_time_lies_between_its_neighbours(bed: Bedside) -> None:
    bed.infuse(0, DAY, "1.0")
    bed.off(6 * HOUR, 6 * HOUR + 20, anchored=False)
    bed.off(9 * HOUR, 9 * HOUR + 40)
    for at_s in (6 * HOUR + 20, 9 * HOUR + 40):
        bed.add(at_s, "pump", 1, 0, 0)
    bed.write(DAY)
    one = found(bed, 0, DAY)
    assert one.unknown_ms == (20 + 40 + 40) * 1000 and one.notes == ()  # 40 s of a minute not closed
    inner = found(bed, 7 * HOUR, 8 * HOUR)
    assert inner.continuous_ml.value == pytest.approx(1, abs=0.01)
    assert inner.clock_uncertainty_ms >= 30_000
    assert inner.continuous_ml.low <= 1 - Fraction(inner.clock_uncertainty_ms, HOUR * 1000)


def test_a_boot_whose_time_nobody_can_tell_is_unknown_and_said() -> None:
    bed = Bedside(Store.open(":memory:"), anchored=False)
    bed.bag(0, "0.40", "0.20")
    bed.infuse(0, DAY, "1.0")
    bed.off(6 * HOUR, 7 * HOUR)
    bed.write(DAY)
    one = found(bed, 0, DAY)
    assert one.unknown_ms == 7 * HOUR * 1000
    assert any("360 minutes recorded at times that nobody can tell" in note for note in one.notes)


def test_minutes_before_the_first_anchor_are_dated_back() -> None:
    bed = Bedside(Store.open(":memory:"), anchored=False)
    bed.bag(0, "0.40", "0.20")
    bed.infuse(0, DAY, "1.0")
    bed.anchor(20 * HOUR)
    bed.write(DAY)
    one = found(bed, 0, DAY)
    assert one.unknown_ms == 0 and one.continuous_ml.value == 24
    assert one.clock_uncertainty_ms >= 20 * HOUR * 1000 // 10_000


@pytest.mark.parametrize("error_s", [-24 * 60, 3600, 20 * 365 * DAY])
def test_a_wrong_laptop_neither_tears_nor_doubles_time(bed: Bedside, error_s: int) -> None:
    bed.infuse(0, DAY, "1.0")
    bed.anchor(8 * HOUR, error_s=error_s, synced=2)
    bed.anchor(12 * HOUR, synced=1)
    bed.write(DAY)
    one = found(bed, 0, DAY)
    assert one.unknown_ms == 0 and one.continuous_ml.value == 24
    assert one.clock_uncertainty_ms >= abs(error_s) * 1000
    assert any("clock is uncertain" in note for note in one.notes)
    assert one.continuous_ml.low <= max(0, 24 - Fraction(abs(error_s), 3600))


def test_a_pump_seen_to_run_before_its_boot_still_runs(bed: Bedside) -> None:
    bed.infuse(0, 12 * HOUR, "1.0", told=False)
    bed.add(0, "boot", 1, 1, 100)
    bed.add(90, "pump", 1, 130_000, 60_000)  # the first count's interval reaches back past the boot
    bed.write(12 * HOUR)
    one = found(bed, 0, 12 * HOUR)
    assert one.running_ms == 12 * HOUR * 1000 and one.rate_ml_h.value == 1


@pytest.mark.parametrize("records", [[], [(6, 2)], [(6, 2), (9, 1)]])
def test_state_before_the_first_pump_record_follows_from_what_came_next(
    bed: Bedside, records: list[tuple[int, int]]
) -> None:
    bed.infuse(0, 6 * HOUR, "1.0", told=False)
    if len(records) != 1:
        bed.infuse(6 * HOUR if not records else 9 * HOUR, 12 * HOUR, "1.0", told=False)
    for hour, state in records:
        bed.add(hour * HOUR, "pump", state, 0, 0)
    bed.write(12 * HOUR)
    one = found(bed, 0, 12 * HOUR)
    assert one.running_ms == {0: 12, 1: 6, 2: 9}[len(records)] * HOUR * 1000
    assert one.rate_ml_h.value == 1


def test_a_stop_across_the_windows_start_counts_what_ran_inside(bed: Bedside) -> None:
    bed.infuse(0, 5 * HOUR, "1.0", told=False)
    bed.infuse(7 * HOUR, 12 * HOUR, "1.0", told=False)
    bed.add(0, "pump", 1, 0, 0)
    bed.add(5 * HOUR + 600, "pump", 2, 600_000, 300_000)
    bed.add(7 * HOUR, "pump", 1, 0, 60_000)
    bed.write(12 * HOUR)
    one = found(bed, 6 * HOUR, 12 * HOUR)
    assert one.running_ms == 5 * HOUR * 1000 and one.rate_ml_h.value == 1
    edge = found(bed, 5 * HOUR + 120, 12 * HOUR)  # it may have run on for three minutes of these
    assert edge.rate_ml_h.low < edge.continuous_ml.low / 5
    assert edge.rate_wall_ml_h.value == 5 / (Fraction(7) - Fraction(120, HOUR))


def test_a_hole_in_the_log_is_unknown_and_the_pump_after_it_too(bed: Bedside) -> None:
    bed.infuse(0, 12 * HOUR, "1.0", told=False)
    bed.add(0, "pump", 1, 0, 0)
    bed.lose(5 * HOUR, 6 * HOUR)
    bed.write(12 * HOUR)
    one = found(bed, 0, 12 * HOUR)
    assert one.unknown_ms == HOUR * 1000 and one.continuous_ml.value == 11
    assert one.running_ms == 11 * HOUR * 1000
    assert one.continuous_ml.high - one.continuous_ml.value >= Fraction(2, 10_000)  # two stretches


def test_without_its_calibration_a_log_gives_time_unknown_or_the_stores(bed: Bedside) -> None:
    bare = Bedside(Store.open(":memory:"), calibrated=False)
    bare.bag(0, "0.40", "0.20")
    bare.infuse(0, 12 * HOUR, "1.0")
    bare.write(12 * HOUR)
    assert found(bare, 0, 12 * HOUR).continuous_ml.value == 12
    sql = bare.store.database.connection.execute
    sql("UPDATE boards SET provisioned_at_ms = ?", (ms(DAY),))  # another one since
    one = found(bare, 0, 12 * HOUR)
    assert one.unknown_ms == 12 * HOUR * 1000
    assert any("720 minutes without a known calibration" in note for note in one.notes)


def test_a_drifting_crystal_opens_no_gaps_between_minutes(bed: Bedside) -> None:
    bed.infuse(0, DAY, "1.0")
    bed.anchor(DAY, error_s=8, uncertainty_ms=200)  # 93 ppm slow
    bed.write(DAY)
    one = found(bed, 0, DAY + 8)
    assert one.unknown_ms == 0 and one.continuous_ml.value == 24
    assert one.rate_ml_h.value == pytest.approx(24 / (24 + 8 / 3600))


# ---- boluses

def test_a_bolus_across_the_border_of_two_stays_is_nobodys_and_in_both_high_bounds(bed: Bedside) -> None:
    bed.infuse(0, 4 * HOUR, "1.0")
    bed.bolus(2 * HOUR - 60, "0.8", 120)
    bed.enter("patient_end", 2 * HOUR)
    other = Entry(uuid4(), "patient_start", "P02", "B01", 6, "AB", START_MS, ms(2 * HOUR))
    bed.store.entries.add(other)
    bed.write(4 * HOUR)
    first, second = found(bed, 0, 4 * HOUR), found(bed, 0, 4 * HOUR, "P02")
    for each in (first, second):
        assert each.pcia_ml.value == each.pcia_ml.low == 0 and each.pcia_ml.high >= Fraction("0.8")
        assert (each.deliveries.value, each.deliveries.low, each.deliveries.high) == (0, 0, 1)
        assert max(each.border_ms, each.unsure_ms) < 1000
        assert any("boluses 1, presses 0" in note for note in each.notes)
    assert first.outside_ms == second.outside_ms == 2 * HOUR * 1000
    assert second.continuous_ml.value == 2


def test_an_inferred_bolus_may_be_none_and_a_given_one_is_certain(bed: Bedside) -> None:
    bed.infuse(0, DAY, "1.0")
    bed.bolus(HOUR, "0.5")
    bed.bolus(3 * HOUR, "0.5", inferred=1)
    bed.write(DAY)
    one = found(bed, 0, DAY)
    assert (one.deliveries.low, one.deliveries.value, one.deliveries.high) == (1, 2, 2)
    assert one.pcia_ml.low <= Fraction("0.5") and one.pcia_ml.high >= 1
    assert one.continuous_ml.high >= Fraction("24.5") and one.continuous_ml.low <= 24
    spread = one.masses_mg["morphine"].high - one.masses_mg["morphine"].low
    assert spread < Fraction("0.01")  # whichever it was, the counts reached the patient


def test_counts_that_the_rate_explains_better_make_no_negative_bolus(bed: Bedside) -> None:
    bed.infuse(0, DAY, "1.0")
    bed.add(HOUR + 60, "bolus", 60_000, 30_000, 1, 1400, 1, 0, 1)
    bed.write(DAY)
    pcia = found(bed, 0, DAY).pcia_ml
    assert pcia.value == 0 and pcia.low == 0 and 0 < pcia.high


def test_a_bolus_near_the_edge_is_in_or_out_by_the_clock(bed: Bedside) -> None:
    bed.infuse(0, DAY, "1.0")
    bed.bolus(12 * HOUR + 1, "0.5")
    bed.write(DAY)
    before, after = found(bed, 0, 12 * HOUR), found(bed, 12 * HOUR, DAY)
    assert (before.deliveries.low, before.deliveries.value, before.deliveries.high) == (0, 0, 1)
    assert (after.deliveries.low, after.deliveries.value, after.deliveries.high) == (0, 1, 1)


def test_a_bolus_whose_minute_was_lost_with_the_power_still_counts(bed: Bedside) -> None:
    bed.infuse(0, 6 * HOUR, "1.0")
    bed.bolus(2 * HOUR + 5, "0.5", 10)
    bed.off(2 * HOUR + 30, 3 * HOUR)
    bed.add(3 * HOUR, "pump", 1, 0, 0)
    bed.write(6 * HOUR)
    one = found(bed, 0, 6 * HOUR)
    assert one.pcia_ml.value == Fraction("0.5") and one.deliveries.value == 1
    assert one.continuous_ml.value == 5
    assert one.masses_mg["morphine"].value == Fraction("5.5") * Fraction("0.4")


def test_presses_stand_beside_the_frequency(bed: Bedside) -> None:
    bed.infuse(0, DAY, "1.0")
    for hour, outcome, reason in ((1, 1, 0), (2, 2, 1), (3, 2, 1), (4, 2, 2), (5, 3, 0)):
        bed.add(hour * HOUR, "demand", 0, outcome, reason, 0)
    bed.write(DAY)
    presses = found(bed, 0, DAY).presses
    assert (presses.asked, presses.given, presses.lockout, presses.other, presses.unresolved) == (
        5, 1, 2, 1, 1)
    assert found(bed, 0, 2 * HOUR).presses.asked == 1


# ---- rates

def test_last_rate_is_of_the_last_hour_that_ran(bed: Bedside) -> None:
    bed.infuse(0, 10 * HOUR, "0.5")
    bed.infuse(10 * HOUR, 13 * HOUR, "0.8")
    bed.bolus(12 * HOUR + 600, "0.6")
    bed.write(20 * HOUR)
    one = found(bed, 0, 20 * HOUR)
    assert one.rate_last_ml_h.value == Fraction("0.8")
    assert one.rate_last_ml_h.low <= Fraction("0.8") <= one.rate_last_ml_h.high
    assert one.rate_ml_h.value == (5 + Fraction("2.4")) / 13
    assert one.rate_wall_ml_h.value == (5 + Fraction("2.4")) / 20


# ---- patients and claims

def test_only_the_contested_stretch_is_withheld(bed: Bedside) -> None:
    bed.infuse(0, DAY, "1.0")
    bed.bolus(11 * HOUR, "0.5")
    bed.bolus(20 * HOUR, "0.5")
    bed.store.entries.add(Entry(uuid4(), "patient_start", "P02", "B01", 6, "CD", START_MS,
                                ms(10 * HOUR)))
    bed.store.entries.add(Entry(uuid4(), "patient_end", "P02", "B01", 6, "CD", START_MS, ms(12 * HOUR)))
    bed.write(DAY)
    first, second = found(bed, 0, DAY), found(bed, 0, DAY, "P02")
    assert first.withheld_ms == second.withheld_ms == 2 * HOUR * 1000
    assert first.observed_ms == 22 * HOUR * 1000 and first.continuous_ml.value == 22
    assert first.deliveries.value == 1 and second.observed_ms == 0
    assert any("2.0 h withheld: P02 claims" in note for note in first.notes)
    table = cohort_table(bed.store, {"baseline": Window(0, 1), "followup": Window(1, 1)}, "available")
    cells = {row.key: row.cells["baseline"] for row in table.rows}
    assert list(cells["rate_ml_h"].values) == ["P01"] and cells["rate_ml_h"].mean == 1
    reasons = {(e["patient"], e["timepoint"]): e["reason"] for e in table.to_json()["excluded"]}
    assert "P01 claims" in reasons["P02", "baseline"]
    assert table.to_json()["coverage"]["baseline"]["patients"]["P01"]["withheld_days"] == "0.083333333"


def test_a_stretch_that_three_patients_claim_is_withheld_once(bed: Bedside) -> None:
    for n, (begin_h, end_h) in enumerate(((10, 14), (12, 16), (11, 13)), 2):
        for kind, at_h in (("patient_start", begin_h), ("patient_end", end_h)):
            bed.store.entries.add(Entry(uuid4(), kind, f"P0{n}", "B01", 4 + n, "CD", START_MS,
                                        ms(at_h * HOUR)))
    bed.infuse(0, DAY, "1.0")
    bed.write(DAY)
    first = found(bed, 0, DAY)
    assert first.withheld_ms == 6 * HOUR * 1000 == first.unknown_ms
    assert first.observed_ms == 18 * HOUR * 1000


def test_a_correction_ends_a_false_claim(bed: Bedside) -> None:
    bed.infuse(0, DAY, "1.0")
    false = Entry(uuid4(), "patient_start", "P02", "B01", 6, "CD", START_MS, ms(10 * HOUR))
    bed.store.entries.add(false)
    words = struct.unpack("<4I", false.uuid.bytes)
    bed.store.entries.add(Entry(
        uuid4(), "correction", "P02", "B01", 6, "CD", START_MS + 1, START_MS + 1,
        {**{f"uuid_{k}": word for k, word in enumerate(words)}, "reason": 1}))
    bed.write(DAY)
    assert found(bed, 0, DAY).withheld_ms == 0
    assert list(Shares(bed.store).episodes) == ["P01"]


def test_a_move_to_another_board_takes_its_pump_state_along(bed: Bedside) -> None:
    bed.infuse(0, 10 * HOUR, "1.0")  # the old board's pump stands from 10 h on
    bed.write(DAY)
    other = Bedside(bed.store, patient="P09", board="B02", log_id=78)
    other.infuse(2 * HOUR, DAY, "0.5")
    other.write(DAY)
    bed.store.entries.add(Entry(uuid4(), "patient_end", "P09", "B02", 5, "AB", START_MS, START_MS + 1))
    bed.store.entries.add(Entry(uuid4(), "patient_move", "P01", "B02", 5, "AB", START_MS, ms(8 * HOUR)))
    one = found(bed, 0, DAY)
    assert one.running_ms == DAY * 1000 and one.observed_ms == DAY * 1000
    assert one.continuous_ml.value == 8 + 8
    assert one.rate_ml_h.value == Fraction(16, 24) and one.rate_last_ml_h.value == Fraction("0.5")


def test_after_withdrawal_nothing_more_is_the_patients(bed: Bedside) -> None:
    bed.infuse(0, DAY, "1.0")
    bed.enter("patient_withdraw", 6 * HOUR)
    bed.enter("patient_end", 12 * HOUR)  # a second end does not open the stay again
    bed.write(DAY)
    one = found(bed, 0, DAY)
    assert one.observed_ms == 6 * HOUR * 1000 and one.outside_ms == 18 * HOUR * 1000
    table = cohort_table(bed.store, {"baseline": Window(0, 1), "followup": Window(28, 7)}, "available")
    assert table.to_json()["excluded"] == [
        {"patient": "P01", "timepoint": "followup", "reason": "withdrew before the followup window"}]
    assert table.rows[0].missing == {"baseline": [], "followup": ["P01"]}


# ---- bags

def test_a_bag_entered_late_holds_from_when_the_weight_saw_it(bed: Bedside) -> None:
    bed.infuse(0, DAY, "1.0")
    bed.add(12 * HOUR + 60, "bag", 60_000, 60_000, 10_000, 250_000)
    bed.bag(13 * HOUR, "0.80", "0.40")
    bed.write(DAY)
    one = found(bed, 0, DAY)
    morphine = one.masses_mg["morphine"]
    assert morphine.value == 12 * Fraction("0.4") + 12 * Fraction("0.8")
    assert morphine.low <= morphine.value - Fraction(1, 60) * Fraction("0.4")
    assert any("dated by weight, 60 min from its entry" in note for note in one.notes)


def test_one_entry_explains_one_change(bed: Bedside) -> None:
    bed.infuse(0, DAY, "1.0")
    for hour in (12, 13):
        bed.add(hour * HOUR, "bag", 0, 60_000, 10_000, 250_000)
    bed.bag(12 * HOUR + 30, "0.80", "0.40")
    bed.write(DAY)
    assert found(bed, 0, 13 * HOUR).masses_mg["morphine"] is not None
    later = found(bed, 0, DAY)
    assert later.masses_mg["morphine"] is None and later.continuous_ml.value == 24
    told = ("milligrams unknown from 2026-01-05T21:00:00.000Z on: the bag was changed and nobody"
            " entered it")
    assert told in later.notes and "2026-01-05T" not in later.to_text("P01")


def test_two_bags_entered_within_minutes_hold_one_after_the_other(bed: Bedside) -> None:
    bed.infuse(0, DAY, "1.0")
    bed.add(12 * HOUR, "bag", 0, 60_000, 10_000, 250_000)
    bed.bag(12 * HOUR, "4.00", "0.40")
    bed.bag(12 * HOUR + 180, "0.80", "0.40")
    bed.write(DAY)
    want = 12 * Fraction("0.4") + Fraction(180, HOUR) * 4 + (12 - Fraction(180, HOUR)) * Fraction("0.8")
    assert found(bed, 0, DAY).masses_mg["morphine"].value == want


def test_a_bag_between_two_minutes_splits_the_minute_it_falls_into(bed: Bedside) -> None:
    bed.infuse(0, 2 * HOUR, "1.2")
    bed.bag(HOUR + 15, "0.80", "0.40")
    bed.write(2 * HOUR)
    one = found(bed, 0, 2 * HOUR)
    first_ml = Fraction("1.2") * Fraction(HOUR + 15, HOUR)
    want = first_ml * Fraction("0.4") + (Fraction("2.4") - first_ml) * Fraction("0.8")
    assert one.masses_mg["morphine"].value == want


def test_the_first_bag_hung_before_it_was_entered() -> None:
    for at_s, known in ((180, True), (-600, True), (3 * HOUR, False)):
        bed = Bedside(Store.open(":memory:"))
        bed.bag(at_s, "0.40", "0.20")
        bed.infuse(0, DAY, "1.0")
        bed.write(DAY)
        one = found(bed, 0, DAY)
        morphine = one.masses_mg["morphine"]
        assert (morphine and morphine.value) == (24 * Fraction("0.4") if known else None)
        assert bool(one.notes) == (at_s > 0)


# ---- size

def _ward(days: int) -> Bedside:
    bed = Bedside(Store.open(":memory:"), minute_s=1800)
    bed.infuse(0, days * DAY, "1.0")
    for day in range(days):
        bed.bag(day * DAY, "0.40", "0.20")
        for k in range(12):
            bed.bolus(day * DAY + k * 2 * HOUR + 100, "0.5")
            bed.add(day * DAY + k * 2 * HOUR + 100, "demand", 0, 1, 0, 0)
    bed.write(days * DAY)
    return bed


def test_work_grows_with_the_log_and_not_with_its_square() -> None:
    counts = []
    for days in (4, 8, 16):
        bed = _ward(days)
        one = episode(bed.store, "P01")
        counts.append(calls_of(lambda one=one, bed=bed, days=days: doses(  # type: ignore[misc]
            one, observed_of(bed.store, one), START_MS, ms(days * DAY))))
    assert counts[2] - counts[1] < 2.5 * (counts[1] - counts[0])


def test_each_log_is_read_once_for_a_whole_cohort(monkeypatch: pytest.MonkeyPatch) -> None:
    bed = Bedside(Store.open(":memory:"), minute_s=600)
    bed.infuse(0, 10 * DAY, "1.0")
    bed.enter("patient_end", DAY)
    for k in range(1, 10):  # ten patients in turn on one board
        for kind, at_s in (("patient_start", k * DAY), ("patient_end", (k + 1) * DAY)):
            bed.store.entries.add(Entry(uuid4(), kind, f"P{k + 1:02}", "B01", 5 + k, "AB", START_MS,
                                      ms(at_s)))
    bed.write(10 * DAY)
    decoded = 0
    plain = Records.of

    def counted(self: Records, log_id: int, *kinds: str) -> object:
        nonlocal decoded
        for record in plain(self, log_id, *kinds):
            decoded += 1
            yield record

    monkeypatch.setattr(Records, "of", counted)
    cases = cohort_doses(bed.store, {"baseline": Window(0, 1), "followup": Window(28, 7)})
    assert len(cases) == 10
    assert all(case.doses["baseline"].continuous_ml.value == 24 for case in cases.values())
    held = bed.store.database.connection.execute("SELECT COUNT(*) FROM records").fetchone()[0]
    assert decoded <= held + 1  # the anchor is read twice


def test_a_record_kind_of_a_later_version_changes_nothing(bed: Bedside) -> None:
    bed.infuse(0, HOUR, "1.0")
    bed.write(HOUR)
    before = found(bed, 0, HOUR)
    bed.store.database.connection.execute(
        "INSERT INTO records VALUES (77, 10000, 'kind_99', 1, 1, '{}')")
    assert found(bed, 0, HOUR) == before
    assert StoredRecord(77, 10_000, "kind_99", 1, 1, {}) in list(bed.store.records.of(77))


@pytest.mark.parametrize("pl_per_count", [1_000_000, 50_000_000])
@pytest.mark.parametrize("seed", range(4))
def test_the_truth_lies_within_the_bounds_of_any_window(pl_per_count: int, seed: int) -> None:
    dice = random.Random(seed)
    bed = Bedside(Store.open(":memory:"), pl_per_count=pl_per_count, anchored=False)
    bed.anchor(0, error_s=dice.choice((-2, 2)), uncertainty_ms=2000)
    bed.anchor(DAY, error_s=dice.choice((-1, 1)), uncertainty_ms=2000)
    bed.bag(-60, "0.40", "0.20")
    bed.bag(13 * HOUR + 777, "0.60", "0.20")
    bed.infuse(0, 9 * HOUR, "0.71")
    bed.infuse(11 * HOUR, DAY, "1.13")
    for _ in range(12):
        bed.bolus(dice.randint(0, DAY - 300), "0.5")
    bed.write(DAY)
    one = episode(bed.store, "P01")
    observed = observed_of(bed.store, one)
    for _ in range(25):
        begin_s = dice.randint(0, DAY - 4 * HOUR)
        end_s = dice.randint(begin_s + 2 * HOUR, DAY)
        got = doses(one, observed, ms(begin_s), ms(end_s))
        continuous = pcia = morphine = Fraction(0)
        for a, b, ml_h in bed.rates:
            for c, d, strength in ((0, 13 * HOUR + 777, "0.4"), (13 * HOUR + 777, DAY, "0.6")):
                ran_s = max(0, min(b, d, end_s) - max(a, c, begin_s))
                continuous += ml_h * ran_s / HOUR
                morphine += ml_h * ran_s / HOUR * Fraction(strength)
        for at_s, took_s, ml in bed.boluses:
            for c, d, strength in ((0, 13 * HOUR + 777, "0.4"), (13 * HOUR + 777, DAY, "0.6")):
                part = ml * max(0, min(at_s + took_s, d, end_s) - max(at_s, c, begin_s)) / took_s
                pcia += part
                morphine += part * Fraction(strength)
        begun = sum(begin_s <= at_s < end_s for at_s, _, _ in bed.boluses)
        for figure, truth in ((got.continuous_ml, continuous), (got.pcia_ml, pcia),
                              (got.masses_mg["morphine"], morphine), (got.deliveries, begun)):
            assert figure.low <= truth <= figure.high and figure.low <= figure.value <= figure.high
        assert got.unknown_ms <= 4000 and got.continuous_ml.low >= 0
