"""The worked examples, from records to six digits, through the product's own code."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from helpers.host.bedside import START_MS, Bedside
from helpers.paths import VECTORS
from pumplog.dose import Doses, Figure, doses, figure_json, total
from pumplog.patients import DRUGS, MASSES, bag_field, episode, observed_of
from pumplog.store import Store
from pumplog.study import KEYS
from pumpwire import entries

EXAMPLES = json.loads((VECTORS / "worked_examples.json").read_text())
HOUR = 3600


def _doses(bed: Bedside, begin_s: int, end_s: int) -> Doses:
    one = episode(bed.store, bed.patient)
    return doses(one, observed_of(bed.store, one), START_MS + begin_s * 1000, START_MS + end_s * 1000)


def _check(found: Doses, name: str) -> None:
    """Holds every key of the example against the doses found."""
    figures = {
        "basal_ml": found.continuous_ml, "pcia_ml": found.pcia_ml, "m": found.masses_mg["morphine"],
        "pm": found.masses_mg["pcia_morphine"], "q": found.masses_mg["bupivacaine"],
        "pq": found.masses_mg["pcia_bupivacaine"],
        "n": found.deliveries, "rate_prog_run": found.rate_ml_h,
        "rate_prog_wall": found.rate_wall_ml_h, "rate_obs_incl": found.mean_with_boluses_ml_h,
        "prime_ml": found.prime_ml, "n_per_day": found.per_day()["pcia_per_day"],
        "m_per_day": found.per_day()["morphine_mg_day"],
        "q_per_day": found.per_day()["bupivacaine_mg_day"],
        "pm_per_day": found.per_day()["pcia_morphine_mg_day"],
        "pq_per_day": found.per_day()["pcia_bupivacaine_mg_day"],
    }
    for key, want in EXAMPLES[name].items():
        if key == "n_per_run_day":
            got = found.deliveries.value * 86_400_000 / found.running_ms
        else:
            got = figures[key].value
            assert figures[key].low <= got <= figures[key].high
        assert round(float(got), 6) == pytest.approx(want, abs=1e-9), (name, key)


@pytest.fixture
def store() -> Store:
    return Store.open(":memory:")


def test_e1_plain_day(store: Store) -> None:
    bed = Bedside(store)
    bed.bag(0, "0.40", "0.20")
    bed.infuse(0, 24 * HOUR, "0.10")
    for k in range(13):
        bed.bolus(HOUR * (k + 1), "0.10")
    bed.write(24 * HOUR)
    _check(_doses(bed, 0, 24 * HOUR), "E1 basic")


def test_e2_stop_and_rate_change(store: Store) -> None:
    bed = Bedside(store)
    bed.bag(0, "0.30", "0.20")
    bed.infuse(0, 8 * HOUR, "0.5")
    bed.infuse(9 * HOUR + 1800, 24 * HOUR, "0.8")
    for hour in (2, 5):
        bed.bolus(hour * HOUR, "0.5")
    for hour in (11, 14, 20):
        bed.bolus(hour * HOUR, "0.8")
    bed.write(24 * HOUR)
    _check(_doses(bed, 0, 24 * HOUR), "E2 stop+rate change")


def test_e3_bolus_across_midnight(store: Store) -> None:
    bed = Bedside(store, pl_per_count=1000)  # a third of a millilitre to six digits
    bed.bag(0, "0.60", "0.30")
    bed.infuse(0, 48 * HOUR, "1.0")
    bed.bolus(24 * HOUR - 60, "1", 180)
    bed.bolus(25 * HOUR, "1", 180)
    bed.write(48 * HOUR)
    _check(_doses(bed, 0, 24 * HOUR), "E3 bolus across midnight day1")
    _check(_doses(bed, 24 * HOUR, 48 * HOUR), "E3 bolus across midnight day2")


def test_e4_bag_change_with_prime(store: Store) -> None:
    bed = Bedside(store)
    bed.bag(0, "0.40", "0.20")
    bed.bag(12 * HOUR, "0.60", "0.30")
    bed.infuse(0, 24 * HOUR, "1.0")
    bed.bolus(12 * HOUR, "3", 180, source=3)
    for hour in (6, 18, 20):
        bed.bolus(hour * HOUR, "1")
    bed.write(24 * HOUR)
    _check(_doses(bed, 0, 24 * HOUR), "E4 bag change 12:00 + 3 mL prime")


def test_e5_and_e6_windows_that_are_no_whole_day(store: Store) -> None:
    bed = Bedside(store)
    bed.bag(0, "0.64", "0.33")
    bed.infuse(0, 31 * HOUR + 1800, "0.99")
    for k in range(27):
        bed.bolus(HOUR * (k + 1), "0.99")
    bed.write(31 * HOUR + 1800)
    _check(_doses(bed, 0, 31 * HOUR + 1800), "E5 partial 31.5 h")
    other = Bedside(Store.open(":memory:"))
    other.bag(0, "0.6", "0.3")
    other.infuse(0, 25 * HOUR, "1.0")
    for k in range(21):
        other.bolus(HOUR * (k + 1), "1")
    other.write(25 * HOUR)
    _check(_doses(other, 0, 25 * HOUR), "E6 DST 25 h local day")


def test_e15_mean_of_products(store: Store) -> None:
    example = EXAMPLES["E15 mean of products"]
    got = []
    for rate, n, c in zip(example["R"], example["N"], example["C"], strict=True):
        bed = Bedside(Store.open(":memory:"))
        bed.bag(0, str(c), "0.2")
        bed.infuse(0, 24 * HOUR, str(rate))
        for k in range(n):
            bed.bolus(HOUR * (k + 1), str(rate))
        bed.write(24 * HOUR)
        got.append(_doses(bed, 0, 24 * HOUR).masses_mg["morphine"].value)
    assert [round(float(x), 6) for x in got] == example["doses"]
    assert round(float(sum(got) / 2), 6) == example["mean_of_products"]


def test_time_nobody_saw_is_unknown_not_zero(store: Store) -> None:
    bed = Bedside(store)
    bed.bag(0, "0.40", "0.20")
    bed.infuse(0, 12 * HOUR, "0.10")
    bed.write(12 * HOUR)
    found = _doses(bed, 0, 24 * HOUR)
    assert found.unknown_ms == 12 * HOUR * 1000
    assert found.per_day()["morphine_mg_day"].value == Fraction("2.4") * Fraction("0.4")


def test_a_bag_that_nobody_entered_makes_milligrams_unknown(store: Store) -> None:
    bed = Bedside(store)
    bed.bag(0, "0.40", "0.20")
    bed.infuse(0, 24 * HOUR, "0.10")
    bed.add(12 * HOUR, "bag", 60000, 60000, 10000, 250000)
    bed.write(24 * HOUR)
    found = _doses(bed, 0, 24 * HOUR)
    assert found.masses_mg["morphine"] is None and found.continuous_ml.value == Fraction("2.4")
    assert _doses(bed, 0, 11 * HOUR).masses_mg["morphine"] is not None


def test_bounds_hold_one_quantum_and_the_calibration(store: Store) -> None:
    bed = Bedside(store, pl_per_count=50_000_000)
    bed.bag(0, "0.40", "0.20")
    bed.infuse(0, 24 * HOUR, "0.5")
    bed.anchor(24 * HOUR)
    bed.write(24 * HOUR)
    found = _doses(bed, 0, 24 * HOUR).continuous_ml
    by_the_clock = Fraction("0.05") * Fraction(50, 60_000)  # 50 ms of the last minute, which counted
    assert found.high - found.low == Fraction("0.1") + by_the_clock
    assert found.low <= 12 <= found.high


def test_a_bag_that_no_weight_saw_is_told_where_the_board_was_watching(store: Store) -> None:
    bed = Bedside(store)
    for hour in (0, 5, 20):
        bed.bag(hour * HOUR, "0.40", "0.20")
    bed.infuse(0, 30 * HOUR, "0.10")
    bed.off(18 * HOUR, 20 * HOUR - 60)
    bed.write(30 * HOUR)
    assert any("no weight confirms" in note for note in _doses(bed, 0, 10 * HOUR).notes)
    later = _doses(bed, 15 * HOUR, 25 * HOUR)
    assert [note for note in later.notes if "no weight confirms" in note] == [
        "a bag was entered for 2026-01-05T13:00:00.000Z that no weight confirms: check whose it is"], (
        "of the bag that went before")
    said = later.to_text("P01")
    assert "a bag was entered for 2026-01-05 1" in said and "Z that no weight" not in said
    assert not any("no weight confirms" in note for note in _doses(bed, 20 * HOUR, 25 * HOUR).notes)


def test_the_drugs_are_those_of_a_bag_entry_and_every_name_follows_from_them() -> None:
    (fields,) = (fields for name, fields in entries.KINDS.values() if name == "bag")
    assert fields == (*map(bag_field, DRUGS), "volume_ul")
    assert [mass.name for mass in MASSES] == [*DRUGS, *(f"pcia_{drug}" for drug in DRUGS)]
    assert list(KEYS)[: len(MASSES)] == [f"{mass.name}_mg_day" for mass in MASSES]


def test_what_is_unknown_is_unknown_as_a_whole() -> None:
    figure = Figure(Fraction(1), Fraction(0), Fraction(2))
    assert total([figure, figure]) == Figure(Fraction(2), Fraction(0), Fraction(4))
    assert total([figure, None]) is None and figure_json(None) == {
        "value": None, "low": None, "high": None}
