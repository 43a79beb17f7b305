"""Resets and power cuts: what was counted is conserved, what was not seen is bracketed or unknown."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from helpers.folded import unfolded
from helpers.host.bedside import START_MS, Bedside
from helpers.host.counting import calls_of
from pumplog.cli import main
from pumplog.dose import Doses, doses
from pumplog.log import Timeline
from pumplog.log.presses import PressBook
from pumplog.patients import episode, observed_of
from pumplog.store import Store
from pumpwire import records

HOUR, DAY = 3600, 86400
LOST_MS = 25_000


def found(bed: Bedside, begin_s: int, end_s: int) -> Doses:
    patient = episode(bed.store, bed.patient)
    return doses(patient, observed_of(bed.store, patient),
                 START_MS + begin_s * 1000, START_MS + end_s * 1000)


def at_bed(**regimen: int) -> Bedside:
    bed = Bedside(Store.open(":memory:"), pl_per_count=1_000_000)
    bed.bag(0, "0.40", "0.20")
    bed.enter("regimen", 0, **{"rate_ul_h": 3600, "bolus_ul": 500, "lockout_s": 900,
                               "lockout_from_end": 0, **regimen})
    bed.infuse(0, DAY, "3.6", told=False)  # a count a second
    return bed


def reset(bed: Bedside, last_minute_s: int, snapshot_s: int, boot_s: int, counts: int,
          presses: int = 0, lost_ms: int = LOST_MS, **off: bool) -> None:
    """A reset that kept the memory: minutes to last_minute_s, the snapshot, the new boot."""
    bed.off(last_minute_s, boot_s, **off)
    note(bed, boot_s, snapshot_s, snapshot_s - last_minute_s, counts, presses, lost_ms)


def note(bed: Bedside, boot_s: int, snapshot_s: int, span_s: int, counts: int, presses: int = 0,
         lost_ms: int = LOST_MS) -> None:
    """Puts RESUMED right behind BOOT, as the board does."""
    behind = 1 + max(k for k, event in enumerate(bed.events) if event[:2] == (boot_s, "boot"))
    bed.events.insert(behind, (boot_s, "resumed", [len(bed.boots) - 1, snapshot_s, 0, span_s * 1000,
                                                   counts, presses, lost_ms]))


def level(bed: Bedside, at_s: int, ml: float, se_ul: int = 500) -> None:
    ul = round(ml * 1000)
    bed.add(at_s + 0.5, "reservoir", ul, se_ul)


def test_what_no_minute_held_is_a_minute_of_the_boot_before() -> None:
    bed = at_bed()
    reset(bed, 10 * 3600, 10 * 3600 + 50, 10 * 3600 + 60, counts=50)
    bed.write(20 * HOUR)
    observed = observed_of(bed.store, episode(bed.store, "P01"))
    run = observed.stretches[0].run
    (resumed,) = bed.store.records.of(bed.log_id, "resumed")
    assert run.seqs[-1] == resumed.seq and run.totals[-1] == 36_000 + 50
    assert run.end_ms == START_MS + (36_000 + 50) * 1000
    whole = found(bed, 0, 20 * HOUR)
    assert whole.continuous_ml.value == Fraction(72_000 - 10, 1000)
    assert whole.observed_ms == 72_000_000 - 10_000
    assert whole.bracketed.ms == 10_000 and whole.unknown_ms == 0


def test_a_minute_written_after_the_snapshot_is_not_counted_twice() -> None:
    bed = at_bed()
    bed.off(36_060, 36_070)  # minutes up to 36060; the snapshot is from before the last of them
    note(bed, 36_070, 36_055, 55, 55)
    bed.write(20 * HOUR)
    assert found(bed, 0, 20 * HOUR).continuous_ml.value == Fraction(72_000 - 10, 1000)


@pytest.mark.parametrize("lost_ms", [LOST_MS, 0])
def test_a_boot_nobody_told_the_time_is_placed_by_the_one_before_if_the_loss_is_bounded(
    lost_ms: int
) -> None:
    bed = at_bed()
    reset(bed, 36_000, 36_050, 36_060, 50, lost_ms=lost_ms, anchored=False)
    bed.write(20 * HOUR)
    line = Timeline.of(bed.store, bed.log_id)
    if not lost_ms:
        assert line.utc(2, 0) is None
        return
    at_ms, uncertainty_ms = line.utc(2, 0) or (0, 0)
    assert abs(at_ms - START_MS - 36_060_000) <= uncertainty_ms <= 12_500 + 50 + 3700
    whole = found(bed, 0, 20 * HOUR)
    assert whole.bracketed.most_ms == LOST_MS and whole.unknown_ms == 0


def test_a_boot_is_placed_by_the_one_after_it_too() -> None:
    bed = Bedside(Store.open(":memory:"), anchored=False)
    bed.infuse(0, DAY, "3.6", told=False)
    reset(bed, 36_000, 36_050, 36_060, 50, anchored=True)
    bed.write(20 * HOUR)
    at_ms, uncertainty_ms = Timeline.of(bed.store, bed.log_id).utc(1, 0) or (0, 0)
    assert abs(at_ms - START_MS) <= uncertainty_ms <= 12_500 + 50 + 3700


def test_a_reset_is_in_the_high_bounds_only() -> None:
    bed, plain = at_bed(), at_bed()
    plain.write(20 * HOUR)
    reset(bed, 36_000, 36_050, 36_060, 50)
    bed.write(20 * HOUR)
    dose, without = found(bed, 0, 20 * HOUR), found(plain, 0, 20 * HOUR)
    volume = dose.bracketed.volume_ml
    # 25 s at a count a second (and one count of phase in ten minutes on either side), and a bolus
    assert volume.value == volume.low == 0 and Fraction(525, 1000) <= volume.high <= Fraction(530, 1000)
    assert dose.continuous_ml.value == without.continuous_ml.value - Fraction(10, 1000)
    assert dose.continuous_ml.low <= without.continuous_ml.value <= dose.continuous_ml.high
    assert dose.deliveries.value == 0 and dose.deliveries.high == 1
    assert dose.masses_mg["morphine"].high >= without.masses_mg["morphine"].value
    assert dose.rate_ml_h.high < Fraction("3.61"), "the rate is that of what was seen"
    low, high = dose.per_day()["morphine_mg_day"].low, dose.per_day()["morphine_mg_day"].high
    assert low <= without.per_day()["morphine_mg_day"].value <= high


def test_a_loss_that_the_clocks_make_longer_than_stated_is_no_quick_reset() -> None:
    bed = at_bed()
    reset(bed, 36_000, 36_050, 37_050, 50)
    bed.write(20 * HOUR)
    dose = found(bed, 0, 20 * HOUR)
    assert dose.bracketed.brackets == () and dose.unknown_ms == 1_000_000


def test_a_power_cut_is_bracketed_by_the_weight_on_both_sides() -> None:
    bed = at_bed()
    bed.off(10 * HOUR, 12 * HOUR)
    level(bed, 10 * HOUR - 300, 100.3)
    level(bed, 12 * HOUR + 300, 92.8)
    bed.write(20 * HOUR)
    dose = found(bed, 0, 20 * HOUR)
    (each,) = dose.bracketed.brackets
    bracket, volume = each.bracket, each.volume_ml
    assert bracket.how == "weight" and dose.bracketed.ms == 2 * HOUR * 1000 and dose.unknown_ms == 0
    assert float(volume.value) == pytest.approx(7.5 - 0.6, abs=0.01)
    assert 5.3 < float(volume.low) < 5.6 < 8.2 < float(volume.high) < 8.5
    assert dose.continuous_ml.value == Fraction(18 * 3600, 1000)
    assert dose.continuous_ml.high >= Fraction(18 * 3600, 1000) + volume.high
    assert dose.observed_ms == 18 * HOUR * 1000


@pytest.mark.parametrize("spoiled", ["no weight before", "no weight after", "a bag was entered",
                                     "a bag was seen", "heavier"])
def test_otherwise_a_power_cut_is_unknown(spoiled: str) -> None:
    bed = at_bed()
    bed.off(10 * HOUR, 12 * HOUR)
    if spoiled != "no weight before":
        level(bed, 10 * HOUR - 300, 100.3)
    if spoiled == "a bag was seen":
        bed.add(10 * HOUR - 60, "bag", 0, 0, 100_000, 250_000)
    if spoiled == "a bag was entered":
        bed.bag(11 * HOUR, "0.40", "0.20")
    if spoiled != "no weight after":
        level(bed, 12 * HOUR + 300, 240 if spoiled == "heavier" else 92.8)
    bed.write(20 * HOUR)
    dose = found(bed, 0, 20 * HOUR)
    assert dose.bracketed.brackets == () and dose.bracketed.ms == 0
    assert dose.unknown_ms == 2 * HOUR * 1000


def test_observed_bracketed_and_unknown_stand_apart_in_print(
    tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    path = f"{tmp_path}/a.db"
    with Store.open(path) as store:
        bed = Bedside(store, pl_per_count=1_000_000)
        bed.bag(0, "0.40", "0.20")
        bed.enter("regimen", 0, rate_ul_h=3600, bolus_ul=500, lockout_s=900, lockout_from_end=0)
        bed.infuse(0, DAY, "3.6", told=False)
        reset(bed, 36_000, 36_050, 36_070, 50)
        bed.off(72_010, 79_210)
        bed.write(DAY)
    assert main(["doses", "P01", "--window", "0+1", "--db", path]) == 0
    text = unfolded(capsys.readouterr().out)
    assert "bracketed 20 s (at most 25 s), unknown 0.083" in text
    assert main(["doses", "P01", "--window", "0+1", "--json", "--db", path]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["bracketed_s"], line["bracketed_at_most_s"], line["unknown_s"]) == ("20", "25", "7200")
    assert int(line["observed_s"]) + 20 + 7200 == DAY
    (bracket,) = line["brackets"]
    assert bracket["by"] == "reset" and bracket["ml"]["value"] == "0" and len(bracket["seqs"]) == 1
    windows = ("--baseline", "0+1", "--followup", "2+1")
    assert main(["table", *windows, "--db", path]) == 0
    assert ", bracketed 20 s (at most 25 s), unknown 0.08" in capsys.readouterr().out
    assert main(["table", *windows, "--json", "--db", path]) == 0
    cover = json.loads(capsys.readouterr().out)["coverage"]["baseline"]
    assert float(cover["bracketed_days"]) == pytest.approx(20 / DAY, abs=1e-8)
    assert float(cover["observed_days"]) == pytest.approx((DAY - 7220) / DAY, abs=1e-8)


def test_a_bolus_whose_end_was_not_written_is_a_delivery_with_bounds() -> None:
    bed = at_bed()
    bed.add(36_020.5, "demand", 500, records.GIVEN, 0, 0)
    bed.boluses.append((36_020, 180, Fraction("0.5")))
    reset(bed, 36_060, 36_065, 36_075, counts=18)
    bed.write(20 * HOUR)
    dose = found(bed, 0, 20 * HOUR)
    assert (dose.deliveries.value, dose.deliveries.low) == (1, 0) and dose.deliveries.high >= 1
    assert dose.pcia_ml.value == dose.pcia_ml.low == 0
    observed = observed_of(bed.store, episode(bed.store, "P01"))
    counted = Fraction(observed.stretches[0].run.totals[-1], 1000)
    assert found(bed, 0, 36_065).continuous_ml.value == counted, "its volume is in the continuous part"
    assert dose.pcia_ml.high > Fraction(45, 180) * Fraction("0.5"), "all of it that was seen may be its"
    assert any("whose end was not recorded: 1" in note for note in dose.notes)


def test_a_proven_bolus_that_turned_out_to_be_a_rate_does_not_vanish() -> None:
    bed = at_bed()
    bed.add(2 * HOUR, "demand", 2000, records.GIVEN, 0, 0)  # no BOLUS: the counts went on as a rate
    bed.add(4 * HOUR, "demand", 2000, records.GIVEN, 0, 0)
    bed.bolus(4 * HOUR - 2, "0.5")
    bed.write(6 * HOUR)
    dose = found(bed, 0, 6 * HOUR)
    assert (dose.deliveries.value, dose.deliveries.low, dose.deliveries.high) == (2, 1, 2)
    assert dose.pcia_ml.value == Fraction("0.5")
    assert dose.continuous_ml.value + dose.pcia_ml.value == Fraction(6 * HOUR + 500, 1000)
    assert any("whose end was not recorded: 1" in note for note in dose.notes)


def test_the_rest_of_a_bolus_after_a_restart_is_no_clinicians() -> None:
    bed = at_bed()
    bed.add(36_020.5, "demand", 500, records.GIVEN, 0, 0)
    bed.off(36_060, 36_070)
    bed.add(36_200, "bolus", 129_000, 120_000, 333, 0, records.CLINICIAN, 0, 0, 0)
    bed.add(40_000, "bolus", 120_000, 120_000, 333, 0, records.CLINICIAN, 0, 0, 0)
    bed.write(20 * HOUR)
    dose = found(bed, 0, 20 * HOUR)
    assert dose.deliveries.value == 1 and dose.pcia_ml.value == Fraction(333, 1000)
    assert dose.other_ml.value == Fraction(333, 1000), "a later one is a clinician's"


def test_a_bolus_that_the_hold_up_wrote_was_not_halted_by_the_pump() -> None:
    bed = at_bed()
    bed.add(36_020.5, "demand", 500, records.GIVEN, 0, 0)
    bed.add(36_060.1, "power", records.SUPPLY_FAILING)
    bed.add(36_060.2, "bolus", 40_200, 40_000, 111, 0, records.PATIENT, 1, 0, 500)
    bed.off(36_061, 36_070)
    bed.write(20 * HOUR)
    observed = observed_of(bed.store, episode(bed.store, "P01"))
    assert [part.bolus.halted for part in observed.boluses] == [False]
    assert found(bed, 0, 20 * HOUR).deliveries.value == 1


def test_presses_without_an_outcome_are_unresolved() -> None:
    bed = at_bed()
    bed.add(7000, "demand", 1500, records.DENIED, 1, 1)
    bed.write(2 * HOUR)
    minute = next(r for r in bed.store.records.of(bed.log_id, "minute") if r.uptime_ms == 7_020_000)
    told = {**minute.fields, "presses": 3}
    bed.store.database.connection.execute(
        "UPDATE records SET fields=? WHERE seq=?", (json.dumps(told), minute.seq))
    dose = found(bed, 0, 2 * HOUR)
    assert (dose.presses.asked, dose.presses.lockout, dose.presses.unresolved) == (3, 1, 2)
    assert dose.presses.without_outcome == 2
    assert (dose.deliveries.value, dose.deliveries.low, dose.deliveries.high) == (0, 0, 2)
    assert any("without an outcome in the log: 2" in note for note in dose.notes)


def test_a_press_in_the_tick_that_ends_a_minute_has_its_outcome() -> None:
    bed = at_bed()
    bed.add(7025, "demand", 5000, records.DENIED, 1, 1)
    bed.write(2 * HOUR)
    minute = next(r for r in bed.store.records.of(bed.log_id, "minute") if r.uptime_ms == 7_020_000)
    bed.store.database.connection.execute("UPDATE records SET fields=? WHERE seq=?",
                          (json.dumps({**minute.fields, "presses": 1}), minute.seq))
    assert found(bed, 0, 2 * HOUR).presses.without_outcome == 0


def test_explain_names_the_resumed_record_among_the_minutes(
    tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    path = f"{tmp_path}/a.db"
    with Store.open(path) as store:
        bed = Bedside(store, pl_per_count=1_000_000)
        bed.enter("regimen", 0, rate_ul_h=3600, bolus_ul=500, lockout_s=900, lockout_from_end=0)
        bed.infuse(0, DAY, "3.6", told=False)
        reset(bed, 36_000, 36_050, 36_070, 50)
        bed.write(DAY)
    assert main(["table", "--explain", "rate_ml_h", "--baseline", "0+1", "--json", "--db", path]) == 0
    explained = json.loads(capsys.readouterr().out.splitlines()[0])
    assert main(["events", "P01", "--json", "--db", path]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    first = explained["minutes"][0]
    named = [e for e in events if first["first_seq"] <= e["seq"] <= first["last_seq"]
             and e["kind"] in ("minute", "resumed")]
    assert [e["kind"] for e in named].count("resumed") == 1
    assert sum(e["counts"] for e in named) == first["counts"] == 36_050
    (bracket,) = explained["bracketed"]
    assert bracket["by"] == "reset" and bracket["ml_low"] == "0" and float(bracket["ml_high"]) > 0.5
    assert bracket["seqs"] == [first["last_seq"]]


@pytest.mark.parametrize("presses", [0, 1])
def test_work_grows_with_minutes_and_open_presses_and_not_with_their_square(presses: int) -> None:
    counts = []
    for n in (1000, 2000, 4000):
        book = PressBook()
        for k in range(n):
            book.minute(k * 60_000, (k + 1) * 60_000, 1, presses, k)
        counts.append(calls_of(book.close))
    assert counts[2] <= 5 * counts[0], "n log n is 4.8 times as much, n squared 16 times"
