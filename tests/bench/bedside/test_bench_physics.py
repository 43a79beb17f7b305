"""The virtual bedside obeys its own physics: volumes, lockouts, bags, bounce and flash cells."""

import csv
import dataclasses
import json
from fractions import Fraction

import numpy as np
import pytest
from helpers.paths import VECTORS
from pumpbench.bedside import Bedside, BedsideOptions, build_bedside
from pumpbench.bedside.handset import contact_edges, debounce, latched_by_tick
from pumpbench.bedside.load_cell import Handling, LoadCell
from pumpbench.bedside.patient import Press, plan_presses
from pumpbench.bedside.pump import Bolus, PumpSettings, continuous_curve, motor_counts, respond
from pumpbench.bedside.relief import plan_reliefs
from pumpbench.bedside.seeds import stream
from pumpbench.bedside.volume import VolumeCurve
from pumpbench.board.flash_cells import PAGE_BYTES, FlashCells, PowerCutError
from pumpbench.cohort import TIMEPOINTS, Patient, Regimen, read_cohort
from pumpbench.errors import BenchError

COHORT = VECTORS / "cohort"  # synthetic patients
QUANTUM_UL = Fraction(50)
CALIBRATION_ERROR = Fraction(3, 100)
DAY_S = 86_400

# Means of the regimens over the 12 patients, baseline then follow-up.
PRESCRIBED_MEANS = {
    "morphine_mg_day": (1.853561, 27.873781),
    "bupivacaine_mg_day": (0.942039, 14.543493),
    "pcia_morphine_mg_day": (0.651161, 12.730181),
    "pcia_bupivacaine_mg_day": (0.334039, 6.482293),
    "rate_ml_h": (0.111667, 0.992500),
    "pcia_per_day": (13.083333, 20.250000),
}


@pytest.fixture(scope="module")
def cohort() -> tuple[Patient, ...]:
    return read_cohort(COHORT / "regimens.csv", COHORT / "daily_counts.csv")


@pytest.fixture(scope="module")
def truths(cohort) -> dict[tuple[str, str], dict]:
    """The truth of all 24 windows, after the arrays of each were checked against it."""
    found = {}
    for patient in cohort:
        for timepoint in TIMEPOINTS:
            bedside = build_bedside(patient, timepoint, 7, QUANTUM_UL, CALIBRATION_ERROR)
            _check_arrays(bedside)
            _check_weights(bedside)
            found[patient.code, timepoint] = bedside.truth
    return found


def _check_arrays(bedside: Bedside) -> None:
    """Counts conserve volume, every press is latched once, every array has its length."""
    seconds = bedside.lead_s + bedside.window_s + bedside.tail_s
    for array in (bedside.counts, bedside.presses, bedside.handset_level):
        assert array.shape == (seconds * 10,)
    for array in (bedside.weights_raw, bedside.reliefs, bedside.temperature, bedside.contents_ul):
        assert array.shape == (seconds,)
    assert bedside.counts.dtype == bedside.presses.dtype == bedside.weights_raw.dtype == np.int32
    assert bedside.handset_level.dtype == np.uint8

    truth = bedside.truth
    quantum_ul = truth["true_ul_per_count"]
    assert quantum_ul == 51.5
    assert bedside.counts[bedside.lead_s * 10] == 0
    assert not np.any(np.diff(bedside.counts) < 0)
    assert abs(bedside.counts[-1] * quantum_ul - truth["delivered_total_ul"]) < quantum_ul
    first, last = bedside.lead_s * 10, (bedside.lead_s + bedside.window_s) * 10
    moved_ul = int(bedside.counts[last] - bedside.counts[first]) * quantum_ul
    assert abs(moved_ul - truth["continuous_ul"] - truth["pcia_ul"]) < quantum_ul

    assert bedside.presses[-1] == truth["demands"] == len(truth["demand_list"])
    steps = np.diff(bedside.presses)
    assert steps.min() == 0 and steps.max() == 1
    assert bedside.handset_level.max() == 1
    assert len(bedside.swap_times_s) == len(bedside.swaps)
    for swap, entry_s in zip(bedside.swaps, bedside.swap_times_s, strict=True):
        assert swap.on_s < entry_s < swap.restart_s
        still = slice((bedside.lead_s + swap.stop_s) * 10, (bedside.lead_s + swap.restart_s) * 10)
        assert np.ptp(bedside.counts[still]) == np.ptp(bedside.presses[still]) == 0


def _contents_g(bedside: Bedside) -> np.ndarray:
    """What the board would make of the raw readings: grams in the bag, minus 15 with none."""
    return (bedside.weights_raw - bedside.cell_zero) / (bedside.cell_per_kg / 1000)


def _check_weights(bedside: Bedside) -> None:
    """The bag never holds less than 10 mL while it hangs, and the hook is empty in each swap."""
    assert bedside.contents_ul[0] == 250_000
    off = np.zeros(len(bedside.contents_ul), dtype=bool)
    for swap in bedside.swaps:
        off[bedside.lead_s + swap.off_s : bedside.lead_s + swap.on_s] = True
        assert bedside.contents_ul[bedside.lead_s + swap.on_s] == pytest.approx(250_000)
    assert bedside.contents_ul[~off].min() > 10_000 - 1
    assert not bedside.contents_ul[off].any()
    error_g = _contents_g(bedside) - (bedside.contents_ul / 1000 * 1.0046 - 15.0 * off)
    assert 0.05 < np.sqrt(np.mean(error_g**2)) < 5.0


def test_deliveries_of_each_day_are_those_of_the_file(truths):
    expected: dict[tuple[str, str], list[int]] = {}
    with (COHORT / "daily_counts.csv").open() as file:
        for row in csv.DictReader(file):
            days = expected.setdefault((row["patient"], row["timepoint"]), [])
            days.append(int(row["pcia_delivered"]))
    assert len(expected) == 24
    assert {key: truth["deliveries_by_day"] for key, truth in truths.items()} == expected


@pytest.mark.parametrize("key", PRESCRIBED_MEANS)
def test_cohort_means_are_the_prescribed_ones(truths, key):
    for timepoint, prescribed in zip(TIMEPOINTS, PRESCRIBED_MEANS[key], strict=True):
        values = [truth[key] for (_, at), truth in truths.items() if at == timepoint]
        assert np.mean(values) == pytest.approx(prescribed, rel=1e-3)


def test_lockout_holds_for_every_press(cohort, truths):
    denied = delivered = 0
    for patient in cohort:
        for timepoint in TIMEPOINTS:
            truth = truths[patient.code, timepoint]
            lockout_s = patient.regimen(timepoint).lockout_s
            starts_s = np.array([bolus["start_s"] for bolus in truth["boluses"]])
            assert np.all(np.diff(starts_s) >= lockout_s)
            for demand in truth["demand_list"]:
                since_s = demand["at_s"] - starts_s[starts_s <= demand["at_s"]]
                in_lockout = len(since_s) > 0 and since_s[-1] < lockout_s
                assert (demand["outcome"] != "delivered") == in_lockout
                if in_lockout:
                    assert 20 <= since_s[-1] <= lockout_s - 20
                denied += in_lockout
                delivered += not in_lockout
    assert 0.15 < denied / delivered < 0.25


def test_boluses_keep_to_their_day_and_clear_of_bag_changes(truths):
    swaps = 0
    for truth in truths.values():
        for bolus in truth["boluses"]:
            assert bolus["start_s"] // DAY_S == bolus["end_s"] // DAY_S
            assert 15 * 60 <= bolus["start_s"] % DAY_S <= 16 * 3600 + 1
            for swap in truth["swaps"]:
                clear = bolus["end_s"] < swap["stop_s"] or bolus["start_s"] > swap["stop_s"] + 600
                assert clear
        swaps += len(truth["swaps"])
    assert swaps >= 6


def test_running_time_leaves_out_the_bag_changes(truths):
    for truth in truths.values():
        stopped_s = 180 * len(truth["swaps"])
        assert truth["running_s"] == truth["window_days"] * DAY_S - stopped_s
        rate_ul_s = truth["programmed_rate_ul_h"] / 3600
        assert truth["continuous_ul"] == pytest.approx(rate_ul_s * truth["running_s"], rel=1e-12)
        assert truth["rate_ml_h"] == truth["programmed_rate_ul_h"] / 1000


def test_same_seed_same_bytes_and_another_seed_other_bytes(cohort):
    def bytes_of(seed: int) -> list[bytes]:
        bedside = build_bedside(cohort[0], "baseline", seed, 50)
        arrays = (bedside.counts, bedside.presses, bedside.handset_level, bedside.weights_raw,
                  bedside.reliefs, bedside.temperature, bedside.contents_ul)
        truth = json.dumps(bedside.truth).encode()
        return [*(array.tobytes() for array in arrays), truth]

    first, again, other = bytes_of(1), bytes_of(1), bytes_of(2)
    assert first == again
    assert all(mine != theirs for mine, theirs in zip(first, other, strict=True))


def test_small_bags_are_changed_often_and_never_run_low(cohort):
    options = BedsideOptions(bag_ul=100_000)
    bedside = build_bedside(cohort[9], "followup", 3, 50, 0, options)
    assert len(bedside.swaps) == 4
    hung_ul = bedside.contents_ul[bedside.contents_ul > 0]
    assert hung_ul.min() > 10_000 - 1 and hung_ul.max() == 100_000


def test_a_bag_that_cannot_last_is_refused(cohort):
    with pytest.raises(BenchError, match="larger bags"):
        build_bedside(cohort[9], "followup", 3, 50, 0, BedsideOptions(bag_ul=10_100))


@pytest.mark.parametrize("quantum", [0, -1, "half"])
def test_a_quantum_that_is_none_is_refused(cohort, quantum):
    with pytest.raises(BenchError, match="ul_per_count"):
        build_bedside(cohort[0], "baseline", 1, quantum)


def test_counts_are_the_exact_floor_at_every_tick():
    settings = PumpSettings(rate_ul_h=1260, bolus_ul=0, lockout_ms=0)
    curve = continuous_curve(settings, -60_000, 600_000, [(-60_000, 0), (200_000, 380_000)])
    quantum_ul, phase_ul = Fraction(7, 10), Fraction(1, 3)
    counts = motor_counts(curve, quantum_ul, phase_ul, -60_000, 6600)
    exact = [(curve.at(-60_000 + 100 * k) + phase_ul) // quantum_ul for k in range(6600)]
    assert counts.tolist() == exact


def test_a_count_reached_as_the_pump_stops_falls_before_the_pause():
    curve = VolumeCurve([0, 1000, 5000, 6000], [Fraction(v) for v in (0, 10, 10, 20)])
    assert motor_counts(curve, Fraction(10), Fraction(0), 0, 61)[[9, 10, 49, 60]].tolist() == [
        0, 1, 1, 2,
    ]  # fmt: skip
    assert curve.when(Fraction(10)) == 1000
    assert curve.when(Fraction(21)) is None


# Lockout 900 s, bolus 120 s (see E7 of the reference's worked examples), no start lag.
E7_PRESSES_S = (0, 300, 899, 900, 1200, 1860)


@pytest.mark.parametrize(
    ("lockout_from", "outcomes"),
    [
        ("start", ["delivered", "lockout", "lockout", "delivered", "lockout", "delivered"]),
        ("end", ["delivered", "lockout", "lockout", "lockout", "delivered", "lockout"]),
    ],
)
def test_lockout_counts_from_start_or_from_end(lockout_from, outcomes):
    settings = PumpSettings(100, 1000, 900_000, 30_000, lockout_from)
    assert settings.bolus_ms == 120_000
    presses = [Press(at_s * 1000, 200) for at_s in E7_PRESSES_S]
    demands = respond(settings, presses, [0] * 6, [])
    assert [demand.outcome for demand in demands] == outcomes


def test_a_press_while_stopped_or_during_a_bolus_is_denied_and_a_stop_halts_a_bolus():
    settings = PumpSettings(100, 1000, 60_000)
    presses = [Press(ms, 200) for ms in (1_000, 100_000, 200_000, 900_000)]
    demands = respond(settings, presses, [500] * 4, [(163_400, 300_000), (945_500, 950_000)])
    assert [d.outcome for d in demands] == ["halted", "bolus_running", "stopped", "halted"]
    demands = respond(settings, presses, [500] * 4, [(163_500, 300_000), (945_500, 950_000)])
    assert demands[0].outcome == "delivered" and demands[0].bolus.volume_ul == 900  # nine tenths
    assert demands[3].bolus == Bolus(900_500, 945_500, Fraction(250))


def test_every_bouncing_press_is_latched_once():
    presses = [Press(1000 * i + i % 100, 150 + i % 451) for i in range(500)]
    edges = contact_edges(presses, stream(1, "bounce"))
    times_us = [time_us for time_us, _ in edges]
    assert times_us == sorted(set(times_us))
    assert all(a[1] != b[1] for a, b in zip(edges, edges[1:], strict=False))
    assert len(edges) > 4 * len(presses)

    passed = debounce(edges)
    assert [level for _, level in passed] == [1, 0] * len(presses)
    rises_us = [time_us for time_us, level in passed if level]
    late_us = [rise - press.at_ms * 1000 for rise, press in zip(rises_us, presses, strict=True)]
    assert 8_000 <= min(late_us) and max(late_us) < 20_000

    latched, level = latched_by_tick(passed, 0, 6000)
    assert latched[-1] == len(presses)
    assert set(np.diff(latched)) == {0, 1}
    assert set(level) == {0, 1} and level[-1] == 0


@pytest.mark.parametrize(("timepoint", "low_min", "high_min", "mean_min"),
                         [("baseline", 20, 60, 38.75), ("followup", 5, 12, 8.0)])
def test_relief_is_pressed_when_the_pain_has_eased(timepoint, low_min, high_min, mean_min):
    boluses = [Bolus(7_200_000 * i, 7_200_000 * i + 180_000, Fraction(100)) for i in range(2000)]
    reliefs = plan_reliefs(boluses, timepoint, stream(1, "relief"))
    onset_min = [(relief.at_ms[0] - relief.bolus_ms) / 60_000 for relief in reliefs]
    assert low_min <= min(onset_min) and max(onset_min) <= high_min
    assert np.mean(onset_min) == pytest.approx(mean_min, rel=0.03)
    assert {len(relief.at_ms) for relief in reliefs} == {1, 2}
    assert 0.8 < len(reliefs) / len(boluses) < 0.95
    assert sum(len(relief.at_ms) == 2 for relief in reliefs) < 0.1 * len(reliefs)


def test_relief_comes_after_the_last_bolus_given(cohort):
    bedside = build_bedside(cohort[0], "baseline", 5, 50)
    starts_s = [bolus["start_s"] for bolus in bedside.truth["boluses"]]
    assert len(bedside.truth["reliefs"]) > 10
    for relief in bedside.truth["reliefs"]:
        assert max(s for s in starts_s if s <= relief["at_s"][0]) == relief["bolus_s"]
    pressed = sum(len(relief["at_s"]) for relief in bedside.truth["reliefs"])
    assert pressed - 2 <= bedside.reliefs[-1] <= pressed  # the last may fall past the window
    assert set(np.diff(bedside.reliefs)) == {0, 1}


def test_a_drifting_quantum_changes_the_counts_and_not_the_volume(cohort):
    steady = build_bedside(cohort[0], "followup", 5, 50)
    drifting = build_bedside(
        cohort[0], "followup", 5, 50, 0, BedsideOptions(quantum_drift_per_day=Fraction(1, 100))
    )
    assert drifting.truth["reached_patient_ul"] == steady.truth["reached_patient_ul"]
    assert np.array_equal(drifting.contents_ul, steady.contents_ul)
    # evenly over seven days, the mean quantum is 3.5 % larger
    assert drifting.counts[-1] == pytest.approx(steady.counts[-1] / 1.035, rel=0.003)
    assert drifting.truth["true_ul_per_count_at_end"] == pytest.approx(53.5)


def test_pins_tell_contact_and_temperature_in_one_word(cohort):
    bedside = build_bedside(cohort[0], "baseline", 5, 50)
    packed = bedside.pins.packed
    assert np.array_equal(packed >> 8, bedside.temperature)
    assert np.array_equal(packed & 1, bedside.handset_level[9::10])
    cold = dataclasses.replace(bedside, temperature=bedside.temperature - 200)
    assert np.array_equal(cold.pins.packed >> 8, bedside.temperature - 200)


def test_a_glitch_does_not_pass_the_filter():
    assert debounce([(1_000, 1), (8_000, 0)]) == []
    assert [level for _, level in debounce([(1_000, 1), (21_000, 0)])] == [1, 0]


STILL = LoadCell(noise_g=0, creep_g=0, temperature_g_c=0, walk_g=0, knocks_per_h=0, seatings_per_h=0)
HUNG = np.array([True] * 7200 + [False] * 60 + [True] * 7200)


def _grams(cell: LoadCell, swing_c: float = 0.0, seed: int = 1, **handling) -> np.ndarray:
    """What a full bag seems to weigh second by second, with a change after two hours."""
    temperature_c = 22 + np.linspace(0, swing_c, len(HUNG))
    raw = cell.read(np.where(HUNG, 250_000.0, 0.0), HUNG, temperature_c, -60,
                    lambda name: stream(seed, name), Handling(**handling))
    return (raw.astype(np.int64) - cell.told_tare_raw) / (cell.told_counts_per_kg / 1000)


def test_a_still_cell_weighs_the_bag_and_the_empty_hook():
    grams = _grams(STILL)
    assert grams[HUNG] == pytest.approx(250 * 1.0046, abs=0.002)
    assert grams[~HUNG] == pytest.approx(-15, abs=0.002)


def test_weights_have_the_noise_they_promise():
    steps_g = np.diff(_grams(dataclasses.replace(STILL, noise_g=0.015))[:7200])
    assert np.std(steps_g) / np.sqrt(2) == pytest.approx(0.015, rel=0.05)


def test_weights_creep_after_each_hanging_with_half_an_hour_to_most_of_it():
    signs = set()
    for seed in range(6):
        creep_g = _grams(dataclasses.replace(STILL, creep_g=0.25), seed=seed) - _grams(STILL)
        assert creep_g[0] == creep_g[7260] == 0 and not creep_g[~HUNG].any()
        full_g = creep_g[7199] / (1 - np.exp(-7199 / 1800))
        assert 0.3 * 0.25 - 0.005 <= abs(full_g) <= 0.25 + 0.005
        assert creep_g[1800] == pytest.approx(full_g * (1 - np.exp(-1)), abs=0.005)
        assert creep_g[7260 + 1800] == pytest.approx(creep_g[1800], abs=0.005)
        signs.add(np.sign(full_g))
    assert signs == {-1, 1}


def test_weights_move_25_mg_for_each_degree_and_the_ward_swings_by_one_and_a_half(cohort):
    moved_g = _grams(dataclasses.replace(STILL, temperature_g_c=0.025), 4.0) - _grams(STILL)
    assert abs(moved_g[-1] - moved_g[0]) == pytest.approx(0.1, abs=0.003)
    bedside = build_bedside(cohort[0], "baseline", 5, 50)
    quarters = bedside.temperature[: 86_400]
    assert 22 * 4 == pytest.approx((quarters.max() + quarters.min()) / 2, abs=4)
    assert 2.5 * 4 <= np.ptp(quarters) <= 5 * 4


def test_weights_are_knocked_now_and_then_and_come_back():
    knocked_g = _grams(dataclasses.replace(STILL, knocks_per_h=2.0)) - _grams(STILL)
    touched = abs(knocked_g) > 0.01
    assert 0.2 < abs(knocked_g).max() < 25
    assert 5 < touched.sum() < 400
    assert not touched[-1]


def test_handling_tilts_knocks_drifts_and_silences_the_cell():
    tilted_g = _grams(STILL, tilts=[((100, 200), 10.0)])[160:260]
    load_g = 120 + 15 + 250 * 1.0046
    assert tilted_g == pytest.approx(load_g * np.cos(np.radians(10)) - 135, abs=0.01)
    knock_g = _grams(STILL, knocks=[((100, 110), 50.0)]) - _grams(STILL)
    assert knock_g[160] == pytest.approx(50, abs=0.01) and not knock_g[170:].any()
    drift_g = _grams(STILL, drifts=[((3600, 7140), 1.0)]) - _grams(STILL)
    assert drift_g[3660] == pytest.approx(0, abs=0.01) and drift_g[-1] == pytest.approx(0.983, abs=0.01)
    dead_g = _grams(STILL, dead=[(0, 60)])
    assert (dead_g[60:120] < -1e6).all() and dead_g[120] > 200


def test_flash_program_only_clears_bits_and_erase_sets_them():
    flash = FlashCells(pages=2)
    flash.program(1, 5, b"\xf0\x62")
    flash.program(1, 5, b"\x3c\x0f")
    got = bytearray(3)
    flash.read(1, 5, got)
    assert bytes(got) == b"\x30\x02\xff"
    assert (flash.programs, flash.erases, flash.programmed_bytes) == (2, 0, 4)
    flash.erase(1)
    assert flash.image() == b"\xff" * (2 * PAGE_BYTES)
    assert (flash.erases, flash.erases_by_page) == (1, [0, 1])


def test_flash_cut_leaves_a_torn_prefix_and_no_power():
    flash = FlashCells(pages=1)
    flash.cut_at(2, after_bytes=3)
    flash.program(0, 0, b"abcdef")
    with pytest.raises(PowerCutError):
        flash.program(0, 6, b"ghijkl")
    with pytest.raises(PowerCutError):
        flash.read(0, 0, bytearray(1))
    flash.power_on()
    assert flash.image()[:13] == b"abcdefghi\xff\xff\xff\xff"
    flash.cut_at(1, after_bytes=2)
    with pytest.raises(PowerCutError):
        flash.erase(0)
    assert flash.image()[:5] == b"\xff\xffcde"


def test_flash_opens_an_image_and_refuses_what_does_not_fit():
    image = bytes(range(256)) * 16
    assert FlashCells(1, image).image() == image
    with pytest.raises(BenchError, match="page count"):
        FlashCells(2, image)
    for page, offset in ((1, 0), (-1, 0), (0, PAGE_BYTES - 1), (0, -1)):
        with pytest.raises(BenchError, match="outside"):
            FlashCells(1).program(page, offset, b"ab")


def test_regimen_is_read_in_integers(cohort):
    regimen = cohort[0].regimen("followup")
    assert regimen == Regimen(
        "P01", "followup", 7, 760, 1080, 900, 110_000, 55_000, (17, 20, 17, 13, 17, 16, 14)
    )
    assert regimen.morphine_ug_ml == 440
    assert len(cohort) == 12


GOOD_REGIMENS = (
    "patient,timepoint,window_days,morphine_mg_per_250mL,bupivacaine_mg_per_250mL,rate_mL_h,"
    "bolus_mL,lockout_min\nX1,baseline,2,30,10,0.1,0.1,15\n"
)
GOOD_DAYS = "patient,timepoint,day,pcia_delivered\nX1,baseline,1,3\nX1,baseline,2,4\n"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("rate_mL_h", "rate", r"regimens\.csv, line 1: no column rate_mL_h"),
        ("10,0.1,", "10,-0.1,", r"regimens\.csv, line 2: rate_mL_h '-0.1' is negative"),
        ("10,0.1,", "10,fast,", r"regimens\.csv, line 2: rate_mL_h 'fast' is not a number"),
        ("10,0.1,", "10,nan,", r"regimens\.csv, line 2: rate_mL_h 'nan' is not a number"),
        ("10,0.1,", "10,0.10001,", r"regimens\.csv, line 2: .*finer than 1/1000"),
        ("10,0.1,", "10,,", r"regimens\.csv, line 2: rate_mL_h is empty"),
        ("0.1,15", "0,15", r"regimens\.csv, line 2: bolus_mL is 0"),
        (",15\n", "\n", r"regimens\.csv, line 2: not as many cells"),
        ("baseline,2,30", "later,2,30", r"regimens\.csv, line 2: unknown timepoint 'later'"),
        ("baseline,2,30", "baseline,3,30", r"line 2: .*days 1 to 3.*has 1, 2"),
        ("baseline,2,30", "baseline,0,30", r"line 2: window_days 0"),
        ("baseline,1,3", "soon,1,3", r"daily\.csv, line 2: unknown timepoint 'soon'"),
        ("baseline,2,4", "baseline,1,4", r"daily\.csv, line 3: day 1 appears a second time"),
        ("baseline,1,3", "baseline,1,-3", r"daily\.csv, line 2: pcia_delivered '-3' is negative"),
        ("2,4\n", "2,4\nX2,baseline,1,4\n", r"daily\.csv, line 4: X2 baseline is not in"),
        ("0.1,15\n", "0.1,15\nX1,baseline,2,3,1,1,1,1\n", r"line 3: X1 baseline .*second time"),
    ],
)
def test_bad_input_is_one_sentence_with_file_and_line(tmp_path, old, new, says):
    assert old in GOOD_REGIMENS or old in GOOD_DAYS
    regimens, daily = tmp_path / "regimens.csv", tmp_path / "daily.csv"
    regimens.write_text(GOOD_REGIMENS.replace(old, new))
    daily.write_text(GOOD_DAYS.replace(old, new))
    with pytest.raises(BenchError, match=says) as caught:
        read_cohort(regimens, daily)
    assert "\n" not in str(caught.value)


def test_missing_file_and_missing_timepoint_are_said(tmp_path):
    with pytest.raises(BenchError, match="cannot be read"):
        read_cohort(tmp_path / "none.csv", COHORT / "daily_counts.csv")
    (tmp_path / "regimens.csv").write_text(GOOD_REGIMENS)
    (tmp_path / "daily.csv").write_text(GOOD_DAYS)
    (patient,) = read_cohort(tmp_path / "regimens.csv", tmp_path / "daily.csv")
    with pytest.raises(BenchError, match="has no 'followup' row"):
        build_bedside(patient, "followup", 1, 50)


def test_more_boluses_than_a_day_holds_are_refused(cohort):
    crowded = dataclasses.replace(cohort[0].regimen("baseline"), deliveries=(90, 1, 1))
    with pytest.raises(BenchError, match="day 1: 90 boluses"):
        plan_presses(crowded, 18_000, 0.2, stream(1, "presses"))
