"""Faults at the bedside: what files may say, what each does to pump, bag, sensors and truth."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.paths import ROOT, VECTORS
from pumpbench.bedside import Bedside, BedsideOptions, build_bedside
from pumpbench.bedside.load_cell import NO_READING, LoadCell
from pumpbench.bedside.patient import Press
from pumpbench.bedside.pins import CLOSED, NO_TEMPERATURE, Pins
from pumpbench.bedside.pump import PumpSettings, respond, running_spans
from pumpbench.board import RunningBoard, VirtualBoard
from pumpbench.cohort import Patient, Regimen, read_cohort
from pumpbench.errors import BenchError
from pumpbench.faults import Fault, Outage, make_fault, outages, read_faults, stall_ticks
from pumpbench.faults import docs as fault_docs
from pumpbench.faults.kinds import KINDS
from pumpbench.nurse import Nurse, Visit, scripted_visits
from pumpbench.runs.cohort_run import Plan, _groups, run_cohort
from pumpbench.runs.monte_carlo import draw_spec, records, run_window, run_windows
from pumpbench.runs.serve import _lose_links
from pumplog.cli import build_parser
from pumplog.store import Store
from pumplog.sync.image import pull_image

COHORT = VECTORS / "cohort"  # synthetic patients
SEED = 4
DAY_S = 86_400
HOUR_S = 3600
STILL = LoadCell(noise_g=0, creep_g=0, temperature_g_c=0, walk_g=0, knocks_per_h=0, seatings_per_h=0)
# Four boluses of 1 mL a day at 1 mL/h: 28 mL a day.
REGIMEN = Regimen("P01", "baseline", 2, 1000, 1000, 900, 110_000, 55_000, (4, 4))
PATIENT = Patient("P01", {"baseline": REGIMEN})
CALM = BedsideOptions(load_cell=STILL, denied_share=0.0)


def window(*faults: Fault, options: BedsideOptions = CALM) -> Bedside:
    """Two days of P01 at a quantum of 1 uL, on a load cell that errs in nothing."""
    return build_bedside(PATIENT, "baseline", SEED, 1, 0, options, faults)


@pytest.fixture(scope="module")
def plain() -> Bedside:
    return window()


def counted_ul(bedside: Bedside) -> int:
    return int(bedside.counts[-1] - bedside.counts[bedside.lead_s * 10])


def grams(bedside: Bedside) -> np.ndarray:
    """What the board's calibration makes of the raw readings."""
    return (bedside.weights_raw.astype(np.int64) - bedside.cell_zero) / (bedside.cell_per_kg / 1000)


def parted_ul(bedside: Bedside) -> tuple[float, float, float]:
    truth = bedside.truth
    return truth["mechanism_ul"], truth["left_bag_ul"], truth["reached_patient_ul"]


# ---- no fault


def test_without_faults_the_three_volumes_are_one_and_nothing_is_told(plain):
    moved, left, reached = parted_ul(plain)
    assert moved == left == reached == pytest.approx(56_000, abs=1)
    assert plain.truth["faults"] == []
    assert abs(counted_ul(plain) - plain.truth["delivered_total_ul"]) < 1
    assert plain.contents_ul[-1] == pytest.approx(250_000 - plain.truth["delivered_total_ul"], abs=1)


def test_the_trace_follows_the_volumes(plain):
    trace = plain.truth["trace"]
    assert trace["every_s"] == 3600
    for name in ("mechanism_ul", "left_bag_ul", "reached_patient_ul"):
        assert len(trace[name]) == 49 and trace[name] == trace["mechanism_ul"]
    assert trace["contents_ul"][24] == pytest.approx(250_000 - trace["left_bag_ul"][24], abs=0.2)
    assert trace["counts"][24] == pytest.approx(trace["mechanism_ul"][24], abs=1)


# ---- pump and line


def test_an_occlusion_is_counted_leaves_nothing_and_stops_the_pump_at_its_alarm(plain):
    bedside = window(make_fault("occlusion", 30 * HOUR_S, alarm_ul=900, duration_s=1200))
    (told,) = bedside.truth["faults"]
    assert told["onset_s"] == 30 * HOUR_S
    assert told["false_ul"] == pytest.approx(900, abs=0.01)
    assert told["end_s"] == told["pump_stopped_s"] + 1200
    blocked = slice((bedside.lead_s + 30 * HOUR_S) * 10,
                    int((bedside.lead_s + told["pump_stopped_s"]) * 10))
    assert np.ptp(bedside.counts[blocked]) == pytest.approx(900, abs=1)
    seconds = slice(blocked.start // 10, blocked.stop // 10)
    assert np.ptp(bedside.weights_raw[seconds]) <= 1
    standing = slice(blocked.stop + 10, blocked.stop + 11_990)
    assert np.ptp(bedside.counts[standing]) == 0
    moved, left, reached = parted_ul(bedside)
    assert moved - left == moved - reached == pytest.approx(900, abs=0.01)
    assert bedside.truth["running_s"] == plain.truth["running_s"] - 1200


def test_a_bolus_into_an_occlusion_is_false_volume_and_its_alarm_halts_it(plain):
    bolus_s = plain.truth["boluses"][2]["start_s"]
    bedside = window(make_fault("occlusion", int(bolus_s) - 60, alarm_ul=500))
    (told,) = bedside.truth["faults"]
    assert bolus_s < told["pump_stopped_s"] < bolus_s + 180
    halted = bedside.truth["boluses"][2]
    assert 400 < halted["volume_ul"] < 500 and halted["reached_ul"] == 0
    assert bedside.truth["demand_list"][2]["outcome"] == "halted"
    assert bedside.truth["boluses"][1]["reached_ul"] == bedside.truth["boluses"][1]["volume_ul"] == 1000


def test_an_occlusion_too_small_for_its_alarm_lasts_to_the_end():
    bedside = window(make_fault("occlusion", 47 * HOUR_S, alarm_ul=50_000))
    (told,) = bedside.truth["faults"]
    assert told["pump_stopped_s"] is None
    assert told["end_s"] == 2 * DAY_S + bedside.tail_s
    assert told["false_ul"] == pytest.approx(1050, abs=1)  # an hour and the 180 s after the window


def test_two_occlusions_and_a_bag_change_between_them_agree():
    options = dataclasses.replace(CALM, bag_ul=40_000)
    bedside = window(make_fault("occlusion", 10 * HOUR_S, alarm_ul=800),
                   make_fault("occlusion", 40 * HOUR_S, alarm_ul=1000), options=options)
    first, second = bedside.truth["faults"]
    assert first["false_ul"] == pytest.approx(800, abs=0.01)
    assert second["false_ul"] == pytest.approx(1000, abs=0.01)
    assert len(bedside.swaps) == 1
    moved, left, _ = parted_ul(bedside)
    assert moved - left == pytest.approx(1800, abs=0.02)
    assert bedside.contents_ul[bedside.contents_ul > 0].min() > 10_000 - 1


def test_free_flow_lightens_the_bag_and_reaches_the_patient_without_a_count(plain):
    bedside = window(make_fault("free_flow", 30 * HOUR_S, rate_ml_h=15, duration_s=1200))
    assert np.array_equal(bedside.counts, plain.counts)
    lost_ul = plain.contents_ul - bedside.contents_ul
    at = bedside.lead_s + 30 * HOUR_S
    assert abs(lost_ul[at]) < 0.001
    assert (lost_ul[at + 1200], lost_ul[-1]) == pytest.approx((5000, 5000))
    moved, left, reached = parted_ul(bedside)
    assert left - moved == reached - moved == pytest.approx(5000)
    assert bedside.truth["gravity_ul"] == bedside.truth["faults"][0]["volume_ul"] == pytest.approx(5000)
    assert bedside.truth["morphine_mg_day"] > plain.truth["morphine_mg_day"]


def test_a_bag_change_clamps_free_flow():
    bedside = window(make_fault("free_flow", 30 * HOUR_S, rate_ml_h=36, duration_s=600),
                   make_fault("bag_change", 30 * HOUR_S + 300))
    assert bedside.truth["gravity_ul"] == pytest.approx(10 * (600 - 180))


def test_a_runaway_is_counted_and_reaches_the_patient(plain):
    bedside = window(make_fault("runaway", 30 * HOUR_S, factor=3, duration_s=3600))
    assert counted_ul(bedside) - counted_ul(plain) == pytest.approx(2000, abs=1)
    assert parted_ul(bedside) == pytest.approx((58_000,) * 3, abs=1)
    assert bedside.truth["faults"][0]["extra_ul"] == pytest.approx(2000)


def test_a_stopped_pump_counts_nothing_and_denies(plain):
    at_s = int(plain.truth["boluses"][2]["start_s"]) - 30
    bedside = window(make_fault("pump_stop", at_s, duration_s=1800))
    still = slice((bedside.lead_s + at_s) * 10 + 1, (bedside.lead_s + at_s + 1800) * 10)
    assert np.ptp(bedside.counts[still]) == 0
    assert bedside.truth["demand_list"][2]["outcome"] == "stopped"
    assert bedside.truth["deliveries"] == plain.truth["deliveries"] - 1


def test_a_prime_leaves_the_bag_and_is_in_no_dose(plain):
    bedside = window(make_fault("prime", 30 * HOUR_S, volume_ml=3, rate_ml_h=60))
    moved, left, reached = parted_ul(bedside)
    assert moved == left and left - reached == pytest.approx(3000, abs=0.1)
    assert bedside.truth["primed_ul"] == pytest.approx(3000, abs=0.1)
    stood_s = 60 + 180 + 60
    assert bedside.truth["running_s"] == plain.truth["running_s"] - stood_s
    assert reached == pytest.approx(56_000 - 1000 * stood_s / 3600)
    assert bedside.truth["pcia_per_day"] == plain.truth["pcia_per_day"]


def test_a_clinician_bolus_has_no_demand_and_counts_in_no_frequency(plain):
    bedside = window(make_fault("clinician_bolus", 30 * HOUR_S, volume_ml=0.5))
    assert counted_ul(bedside) - counted_ul(plain) == pytest.approx(500, abs=1)
    assert np.array_equal(bedside.presses, plain.presses)
    assert bedside.truth["clinician_boluses"] == [
        {"start_s": 108_000, "end_s": 108_090, "volume_ul": 500, "reached_ul": 500}]
    assert bedside.truth["clinician_ul"] == 500
    assert bedside.truth["deliveries"] == plain.truth["deliveries"]
    assert bedside.truth["pcia_ul"] == plain.truth["pcia_ul"]
    assert bedside.truth["reached_patient_ul"] == pytest.approx(56_500, abs=1)


def test_a_clinician_bolus_is_the_patients_one_unless_told_and_halts_the_patients():
    plain_bolus_s = window().truth["boluses"][2]["start_s"]
    bedside = window(make_fault("clinician_bolus", int(plain_bolus_s) + 60))
    assert bedside.truth["clinician_boluses"][0]["volume_ul"] == 1000
    assert bedside.truth["demand_list"][2]["outcome"] == "halted"
    assert 0 < bedside.truth["boluses"][2]["volume_ul"] < 1000


def test_a_press_during_a_clinician_bolus_is_denied_and_the_lockout_is_untouched():
    settings = PumpSettings(100, 1000, 900_000)
    demands = respond(settings, [Press(50_000, 200), Press(200_000, 200)], [500, 500], [],
                      busy=[(0, 180_000)])
    assert [demand.outcome for demand in demands] == ["bolus_running", "delivered"]


def test_a_count_glitch_adds_counts_and_no_volume(plain):
    bedside = window(make_fault("count_glitch", 30 * HOUR_S, counts=7))
    at = (bedside.lead_s + 30 * HOUR_S) * 10
    assert np.array_equal(bedside.counts[:at], plain.counts[:at])
    assert np.array_equal(bedside.counts[at:], plain.counts[at:] + 7)
    assert parted_ul(bedside) == parted_ul(plain)


# ---- bag and load cell


def test_a_bag_change_of_a_fault_hangs_a_bag_of_its_volume(plain):
    bedside = window(make_fault("bag_change", 30 * HOUR_S, volume_ml=100))
    (swap,) = bedside.swaps
    assert (swap.stop_s, swap.forced) == (30 * HOUR_S, True)
    assert bedside.contents_ul[bedside.lead_s + swap.on_s] == pytest.approx(100_000)
    assert bedside.contents_ul[bedside.lead_s + swap.off_s] == 0
    assert bedside.swap_times_s == (swap.entry_s,)
    assert bedside.truth["running_s"] == plain.truth["running_s"] - 180


def test_a_forced_change_comes_before_the_bag_is_low_and_later_ones_count_from_it():
    options = dataclasses.replace(CALM, bag_ul=40_000)
    unforced, = window(options=options).swaps
    forced, later = window(make_fault("bag_change", 5 * HOUR_S, volume_ml=40), options=options).swaps
    assert forced.forced and not later.forced
    assert later.stop_s > unforced.stop_s + 4 * HOUR_S


def test_overlapping_bag_changes_are_refused():
    with pytest.raises(BenchError, match="overlap"):
        window(make_fault("bag_change", 1000), make_fault("bag_change", 1100))


def test_a_refill_fills_the_hanging_bag_and_spares_a_change(plain):
    bedside = window(make_fault("refill", 30 * HOUR_S, volume_ml=100, duration_s=120))
    gained_ul = bedside.contents_ul - plain.contents_ul
    at = bedside.lead_s + 30 * HOUR_S
    assert gained_ul[at] == 0 and gained_ul[at + 60] == pytest.approx(50_000)
    assert (gained_ul[at + 120], gained_ul[-1]) == pytest.approx((100_000, 100_000))
    assert np.array_equal(bedside.counts, plain.counts)
    small = dataclasses.replace(CALM, bag_ul=40_000)
    assert len(window(options=small).swaps) == 1
    assert window(make_fault("refill", 10 * HOUR_S, volume_ml=30), options=small).swaps == ()


def test_a_knock_swings_and_is_back(plain):
    bedside = window(make_fault("knock", 30 * HOUR_S, grams=50, duration_s=10))
    moved = bedside.weights_raw - plain.weights_raw
    at = bedside.lead_s + 30 * HOUR_S
    assert moved[at] == 50 * 420 and not moved[:at].any() and not moved[at + 10 :].any()


def test_a_tilt_of_ten_degrees_reads_one_and_a_half_percent_less(plain):
    bedside = window(make_fault("tilt", 30 * HOUR_S, degrees=10, duration_s=600))
    inside = slice(bedside.lead_s + 30 * HOUR_S, bedside.lead_s + 30 * HOUR_S + 600)
    load_raw = plain.weights_raw[inside] - STILL.zero_raw
    tilted_raw = bedside.weights_raw[inside] - STILL.zero_raw
    assert tilted_raw == pytest.approx(load_raw * 0.98481, abs=2)
    assert np.array_equal(bedside.weights_raw[inside.stop :], plain.weights_raw[inside.stop :])


def test_a_dead_cell_reads_nothing_and_a_drifting_one_stays_off(plain):
    dead = window(make_fault("load_cell_dead", 30 * HOUR_S))
    at = dead.lead_s + 30 * HOUR_S
    assert (dead.weights_raw[at : dead.lead_s + 2 * DAY_S] == NO_READING).all()
    assert (dead.weights_raw[:at] != NO_READING).all()
    drift = window(make_fault("load_cell_drift", 30 * HOUR_S, g_per_h=2, duration_s=2 * HOUR_S))
    moved_g = grams(drift) - grams(plain)
    assert moved_g[at] == 0 and moved_g[at + HOUR_S] == pytest.approx(2, abs=0.01)
    assert moved_g[-1] == pytest.approx(4, abs=0.01)


def test_garbage_comes_in_its_share_within_its_span_and_limits(plain):
    bedside = window(make_fault("load_cell_garbage", 30 * HOUR_S, share_percent=2, least_raw=-5000,
                                most_raw=-1000, duration_s=10 * HOUR_S))
    hit = np.flatnonzero(bedside.weights_raw != plain.weights_raw) - bedside.lead_s
    assert hit.min() >= 30 * HOUR_S and hit.max() < 40 * HOUR_S
    assert len(hit) == pytest.approx(720, abs=4 * 27)
    made_up = bedside.weights_raw[hit + bedside.lead_s]
    assert -5000 <= made_up.min() < -4950 and -1050 < made_up.max() <= -1000
    assert np.array_equal(bedside.counts, plain.counts)
    assert bedside.truth["swaps"] == plain.truth["swaps"]
    with pytest.raises(BenchError, match="least_raw 1 of load_cell_garbage is above its most_raw"):
        make_fault("load_cell_garbage", least_raw=1, most_raw=0)


# ---- handset and buttons


def test_a_worn_contact_latches_more_than_once_though_the_pump_hears_one_press(plain):
    bedside = window(make_fault("handset_bounce", 0, bounce_ms=80))
    first_day = bedside.presses[(bedside.lead_s + DAY_S) * 10 - 1]
    presses = sum(d["at_s"] < DAY_S for d in plain.truth["demand_list"])
    assert first_day >= 2 * presses
    assert bedside.truth["demand_list"] == plain.truth["demand_list"]
    assert bedside.truth["presses_latched"] == first_day + len(plain.truth["demand_list"]) - presses
    times_us = [us for us, _ in bedside.contact]
    assert times_us == sorted(set(times_us))


def test_a_stuck_handset_is_one_demand_and_swallows_the_next(plain):
    at_s = int(plain.truth["demand_list"][2]["at_s"]) - 300
    bedside = window(make_fault("handset_stuck", at_s, duration_s=600))
    inside = slice((bedside.lead_s + at_s) * 10 + 2, (bedside.lead_s + at_s + 600) * 10)
    assert bedside.handset_level[inside].all()
    assert bedside.handset_level[inside.stop + 5] == 0
    assert bedside.presses[-1] == plain.presses[-1]
    assert bedside.truth["demand_list"][2] == {"at_s": at_s, "hold_s": 600, "outcome": "delivered"}


def test_the_wrong_button_asks_for_nothing_and_shows_on_the_relief_counter(plain):
    at_s = int(plain.truth["demand_list"][2]["at_s"]) - 10
    bedside = window(make_fault("wrong_button", at_s, presses=2))
    mistaken_s = [demand["at_s"] for demand in plain.truth["demand_list"][2:4]]
    assert bedside.truth["stray_relief_s"] == mistaken_s
    assert bedside.truth["demands"] == plain.truth["demands"] - 2
    assert bedside.truth["deliveries"] == plain.truth["deliveries"] - 2
    at = bedside.lead_s + int(mistaken_s[0])
    assert bedside.reliefs[at + 1] == bedside.reliefs[at] + 1


# ---- the board


def test_outages_that_meet_become_one():
    cut = make_fault("power_cut", 100, off_s=60)
    assert outages([cut]) == (Outage(100, 160, "power_on", True),)
    assert outages([make_fault("watchdog_reset", 500), cut]) == (
        Outage(100, 160, "power_on", True), Outage(500, 508, "watchdog", False))
    assert outages([cut, make_fault("watchdog_reset", 155, off_s=8)]) == (
        Outage(100, 163, "power_on", True),)
    assert outages([make_fault("brownout", 5)])[0].reason == "brownout"


def test_stalls_are_ticks_unseen_in_order_and_overlaps_merge():
    stall = make_fault("flash_stall", 10, duration_s=2)
    assert stall_ticks([stall], 3600) == [(100, 4), (110, 4)]
    other = make_fault("flash_stall", 10, duration_s=1, stall_ms=700)
    assert stall_ticks([stall, other], 3600) == [(100, 7), (110, 4)]
    assert window(stall).truth["faults"][0]["ticks_unseen"] == 8


def test_what_a_board_that_is_off_does_not_see_is_told(plain):
    bedside = window(make_fault("power_cut", 30 * HOUR_S, off_s=HOUR_S))
    (told,) = bedside.truth["faults"]
    assert (told["onset_s"], told["end_s"]) == (30 * HOUR_S, 31 * HOUR_S)
    first, last = ((bedside.lead_s + s) * 10 - 1 for s in (told["onset_s"], told["end_s"]))
    assert told["counts_unseen"] == plain.counts[last] - plain.counts[first] >= 1000
    assert np.array_equal(bedside.counts, plain.counts)


# ---- people


NURSE = Nurse(Path("nurse.db"), "P01", "B01", "seed", Path("folder"))
CHANGE = make_fault("bag_change", 30 * HOUR_S)
ENTRY_S = 30 * HOUR_S + 150


def visits(*faults: Fault, **options: Any) -> tuple[dict[tuple[int, str], Visit], list[dict]]:
    """The visits by (time, kind of command), and what was entered of each bag."""
    bedside = window(CHANGE, *faults)
    found, bags = scripted_visits(NURSE, REGIMEN, bedside, [], "start", **options)
    return {(visit.at_s, command[0]): visit for visit in found for command in visit.commands}, bags


def masses(visit: Visit) -> list[str]:
    (bag,) = [command for command in visit.commands if command[0] == "bag"]
    return [bag[bag.index("--morphine") + 1], bag[bag.index("--volume") + 1]]


def test_the_nurse_enters_regimen_and_every_bag_as_it_hangs():
    found, bags = visits()
    assert set(found) == {(0, "regimen"), (0, "bag"), (ENTRY_S, "bag")}
    assert masses(found[ENTRY_S, "bag"]) == ["110 mg", "250 mL"]
    assert [(bag["hung_s"], bag["entered_s"], bag["entered_for"]) for bag in bags] == [
        (0, 0, "P01"), (ENTRY_S, ENTRY_S, "P01")]
    once, _ = visits(all_visits=False)
    assert set(once) == {(0, "regimen"), (0, "bag")}


def test_bags_are_entered_late_never_or_wrongly():
    late, told = visits(make_fault("bag_late", 1, late_s=7200))
    assert (ENTRY_S + 7200, "bag") in late and (ENTRY_S, "bag") not in late
    assert told[1]["hung_s"] == ENTRY_S and told[1]["entered_s"] == ENTRY_S + 7200
    assert "--ago" not in late[ENTRY_S + 7200, "bag"].commands[0]
    said, _ = visits(make_fault("bag_late", 1, late_s=7200, said_ago_s=7000))
    (command,) = said[ENTRY_S + 7200, "bag"].commands
    assert command[command.index("--ago") + 1] == "7000 s"
    typed = [argument.format(check_code="123456") for argument in command]
    assert build_parser().parse_args(typed).ago == "7000 s"
    never, told = visits(make_fault("bag_unentered", 1))
    assert set(never) == {(0, "regimen"), (0, "bag")} and told[1]["entered_s"] is None
    first, told = visits(make_fault("bag_unentered", 0))
    assert set(first) == {(0, "regimen"), (ENTRY_S, "bag")} and told[0]["entered_s"] is None
    wrong, told = visits(make_fault("bag_wrong_strength", 1, factor=0.5))
    assert masses(wrong[0, "bag"])[0] == "110 mg" and masses(wrong[ENTRY_S, "bag"])[0] == "55 mg"
    assert told[1]["strength_factor"] == 0.5
    both, _ = visits(make_fault("bag_wrong_strength", 1), make_fault("bag_late", 1))
    assert masses(both[ENTRY_S + 3600, "bag"])[0] == "220 mg"


def test_a_bag_for_the_wrong_patient_waits_on_the_laptop():
    found, told = visits(make_fault("wrong_patient", 1, named="P02"))
    visit = found[ENTRY_S, "bag"]
    assert not visit.linked and visit.commands[0][2] == "P02"
    assert told[1]["entered_for"] == "P02"
    assert found[0, "bag"].linked


def test_a_regimen_unentered_and_a_clock_that_is_wrong():
    assert (0, "regimen") not in visits(make_fault("regimen_unentered"))[0]
    found, _ = visits(make_fault("laptop_clock_wrong", 9000, offset_s=-600))
    assert found[9000, "pull"].clock_offset_s == -600
    assert found[ENTRY_S, "bag"].clock_offset_s == -600 and found[0, "bag"].clock_offset_s == 0
    short, _ = visits(make_fault("laptop_clock_wrong", 9000, offset_s=-600, duration_s=60))
    assert short[ENTRY_S, "bag"].clock_offset_s == 0


def test_a_fault_of_a_bag_that_is_never_due_is_refused():
    with pytest.raises(BenchError, match="no bag is due at or after 150000 s"):
        visits(make_fault("bag_unentered", 150_000))
    with pytest.raises(BenchError, match="past the window's end"):
        visits(make_fault("bag_late", 1, late_s=DAY_S))


def test_patients_whose_boards_are_swapped_run_together():
    patients = [(i, Patient(f"P0{i}", {"baseline": REGIMEN})) for i in range(1, 5)]
    swap = make_fault("board_swapped", patient="P02", named="P04")
    groups = [tuple(patient.code for _, patient in group) for group in _groups(patients, [swap])]
    assert groups == [("P02", "P04"), ("P01",), ("P03",)]


# ---- all of them


EVERY = [make_fault(name, 0 if kind.at_start else 6 * HOUR_S, **(
    {"named": "P02"} if "named" in kind.parameters else {})) for name, kind in KINDS.items()]


def test_every_fault_at_once_is_deterministic_and_keeps_the_books():
    def whole() -> tuple[bytes, ...]:
        bedside = window(*EVERY, options=BedsideOptions())
        arrays = (bedside.counts, bedside.presses, bedside.weights_raw, bedside.reliefs,
                  bedside.contents_ul)
        return *(array.tobytes() for array in arrays), json.dumps(bedside.truth).encode()

    first, again = whole(), whole()
    assert first == again
    truth = json.loads(first[-1])
    assert {told["kind"] for told in truth["faults"]} == set(KINDS)
    assert truth["reached_patient_ul"] == pytest.approx(
        truth["continuous_ul"] + truth["pcia_ul"] + truth["clinician_ul"] + truth["gravity_ul"])
    false_ul = sum(told.get("false_ul", 0) for told in truth["faults"])
    assert truth["mechanism_ul"] - false_ul + truth["gravity_ul"] == pytest.approx(
        truth["left_bag_ul"])


def test_stops_past_the_end_shorten_nothing():
    stops = [(10, 20), (110, 120), (130, 140)]
    assert list(running_spans(0, 100, stops)) == [(0, 10), (20, 100)]
    assert list(running_spans(0, 115, stops)) == [(0, 10), (20, 110)]


@pytest.mark.parametrize("seed", range(12))
def test_faults_of_any_mixture_keep_the_books(seed):
    dice = random.Random(seed)
    kinds = [dice.choice(list(KINDS)) for _ in range(8)]
    faults = [make_fault(name, 0 if KINDS[name].at_start else dice.randrange(2 * DAY_S), **(
        {"named": "P02"} if "named" in KINDS[name].parameters else {})) for name in kinds]
    bedside = window(*faults)
    truth = bedside.truth
    assert len(truth["faults"]) == 8
    moved_ul = (truth["continuous_ul"] + truth["pcia_ul"] + truth["clinician_ul"])
    assert truth["reached_patient_ul"] == pytest.approx(moved_ul + truth["gravity_ul"])
    assert truth["left_bag_ul"] <= truth["mechanism_ul"] + truth["gravity_ul"] + 1e-6
    assert truth["reached_patient_ul"] <= truth["left_bag_ul"] + 1e-6
    glitches = sum(5 for name in kinds if name == "count_glitch")
    assert abs(bedside.counts[-1] - glitches - truth["delivered_total_ul"]) < 1
    assert 0 < truth["running_s"] <= 2 * DAY_S
    assert bedside.contents_ul[bedside.contents_ul > 0].min() > 10_000 - 1
    outcomes = [demand["outcome"] for demand in truth["demand_list"]]
    assert truth["deliveries"] == outcomes.count("delivered")


@pytest.mark.parametrize("name", KINDS)
def test_every_fault_alone_gives_a_window_with_its_truth(name, plain):
    (fault,) = [fault for fault in EVERY if fault.kind == name]
    bedside = window(fault)
    (told,) = bedside.truth["faults"]
    assert told["kind"] == name and set(told["parameters"]) == set(KINDS[name].parameters)
    if KINDS[name].place in ("board", "people"):
        assert np.array_equal(bedside.counts, plain.counts)
        assert np.array_equal(bedside.weights_raw, plain.weights_raw)


# ---- files


GOOD = """\
[[fault]]
patient = "P01"
timepoint = "followup"
at_s = 7200
kind = "occlusion"
alarm_ul = 900

[[fault]]
patient = "P12"
kind = "wrong_patient"
at_s = 0
"""


def test_a_file_gives_its_faults_with_every_parameter(tmp_path):
    path = tmp_path / "faults.toml"
    path.write_text(GOOD)
    cohort = read_cohort(COHORT / "regimens.csv", COHORT / "daily_counts.csv")
    first, second = read_faults(path, cohort)
    assert first == Fault("occlusion", 7200, "P01", "followup",
                          {"alarm_ul": Fraction(900), "duration_s": Fraction(1800)})
    assert (second.timepoint, second.text("named")) == ("baseline", "P01")  # the next after the last


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"occlusion"', '"occlusoin"', r"fault 1: unknown kind 'occlusoin': choose from occlusion"),
        ("alarm_ul = 900", "alarm_ml = 9", r"fault 1: occlusion has no parameter 'alarm_ml'"),
        ("alarm_ul = 900", "alarm_ul = 0", r"fault 1: alarm_ul 0 of occlusion is not in 1 to 100000"),
        ("alarm_ul = 900", "alarm_ul = nan", r"alarm_ul nan of occlusion is not in"),
        ("alarm_ul = 900", "alarm_ul = 1.5", r"alarm_ul 1.5 of occlusion is not a whole number"),
        ("alarm_ul = 900", 'alarm_ul = "9"', r"alarm_ul '9' of occlusion: write a number"),
        ("alarm_ul = 900", "alarm_ul = true", r"alarm_ul True of occlusion: write a number"),
        ("at_s = 7200", "at_s = 7200.5", r"at_s 7200.5 of occlusion: write whole seconds"),
        ("at_s = 7200\n", "", r"fault 1: at_s None of occlusion: write whole seconds"),
        ("at_s = 7200", "at_s = 700000", r"fault 1: at_s 700000 is past the window of 604800 s"),
        ('"P01"', '"P99"', r"fault 1: no patient 'P99': choose from P01"),
        ('"P01"', "1", r"fault 1: patient 1: write it in quotation marks"),
        ('"followup"', '"later"', r"fault 1: unknown timepoint 'later'"),
        ("at_s = 0\n", 'at_s = 0\nnamed = "P12"\n', r"fault 2: wrong_patient needs another patient"),
        ("[[fault]]", "[[fualt]]", r"only \[\[fault\]\] tables belong here"),
        ("at_s = 7200", "at_s 7200", r"not a TOML file"),
        ('kind = "wrong_patient"\nat_s = 0', 'kind = "board_swapped"\nat_s = 5',
         r"fault 2: board_swapped holds for the whole window: leave at_s out"),
        ('"occlusion"\nalarm_ul = 900', '"flash_stall"\nstall_ms = 450', r"whole ticks of 100 ms"),
        ('"occlusion"\nalarm_ul = 900', '"flash_stall"\nstall_ms = 1000', r"leaves nothing"),
    ],
)
def test_a_bad_file_is_one_sentence_that_says_where(tmp_path, old, new, says):
    assert old in GOOD
    path = tmp_path / "faults.toml"
    path.write_text(GOOD.replace(old, new))
    cohort = read_cohort(COHORT / "regimens.csv", COHORT / "daily_counts.csv")
    with pytest.raises(BenchError, match=says) as caught:
        read_faults(path, cohort)
    assert "\n" not in str(caught.value) and str(caught.value).startswith(str(path))


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(BenchError, match="cannot be read"):
        read_faults(tmp_path / "none.toml", ())


def test_the_page_of_faults_is_made_from_the_table():
    assert (ROOT / "docs" / "FAULTS.md").read_text() == fault_docs.document()
    assert all(kind.does and kind.leads_to for kind in KINDS.values())


# ---- the virtual board's ports, with a probe in the firmware's place


PROBE = """\
import json, os
from board import Board

board = Board()
kept = bytearray(4)
seen = {"had": board.retained.load(kept), "kept": kept.hex(), "reason": board.reset_reason(),
        "identity": board.identity.hex(), "rtc": board.rtc.read(), "ticks": []}
board.retained.save(b"keep")
failing = []


def service():
    if board.supply.failing():
        failing.append(True)


for now_ms in board.ticks(service):
    board.watchdog.feed()
    seen["ticks"].append((
        now_ms, board.counter.value(), board.handset.value(), board.handset.closed(),
        board.relief.value(), board.load_cell.read(), board.temperature.read(), board.rtc.read(),
        board.skipped, board.late_ms, board.clock_ms(),
    ))
seen["failing"] = len(failing)
seen["fed"] = board.watchdog.fed
seen["pressed"] = board.service.pressed()
with open(os.getenv("PROBE_OUT"), "w") as file:
    json.dump(seen, file)
"""
FIELDS = ("now_ms", "counts", "presses", "closed", "reliefs", "raw", "quarters", "rtc", "skipped",
          "late_ms", "clock_ms")


class Probe(VirtualBoard):
    """A virtual board whose firmware only writes down what the ports say."""

    def __init__(self, folder: Path) -> None:
        firmware = folder / "firmware"
        firmware.mkdir(parents=True)
        boards = ROOT / "firmware" / "boards"
        for source in [*(boards / "virtual").glob("*.py"), boards / "memory.py"]:
            shutil.copy(source, firmware)
        shutil.copytree(ROOT / "firmware" / "pumpwire", firmware / "pumpwire")
        (firmware / "main.py").write_text(PROBE)
        super().__init__(folder, "probe", firmware)

    def spawn(self, settings, env, fds=()):
        return super().spawn(settings, {**env, "PROBE_OUT": str(self.folder / "seen.json")}, fds)

    def seen(self) -> tuple[dict[str, Any], dict[str, list[Any]]]:
        """What it wrote: of the boot, and each port's values tick by tick."""
        told = json.loads((self.folder / "seen.json").read_text())
        return told, dict(zip(FIELDS, map(list, zip(*told["ticks"], strict=True)), strict=True))


def pins(seconds: int) -> Pins:
    ticks, second = np.arange(10 * seconds, dtype=np.int32), np.arange(seconds, dtype=np.int32)
    weights = np.where(second == 3, NO_READING, -7 - second).astype(np.int32)
    packed = (-second << 8 | np.where(second == 2, CLOSED, 0)
              | np.where(second == 4, NO_TEMPERATURE, 0)).astype(np.int32)
    return Pins(ticks, ticks // 7, weights, second, packed)


def test_every_port_shows_what_the_bench_sent(tmp_path):
    board = Probe(tmp_path)
    running = RunningBoard(board, "boot", pins(60), rtc_s=1000)
    running.pass_ticks(595)  # across the bench's blocks
    running.power_off()
    told, ports = board.seen()
    ticks = list(range(595))
    assert ports["now_ms"] == [100 * k for k in ticks]
    assert ports["counts"] == ticks
    assert ports["presses"] == [k // 7 for k in ticks]
    assert ports["closed"] == [k // 10 == 2 for k in ticks]
    assert ports["reliefs"] == [k // 10 for k in ticks]
    assert ports["raw"] == [None if k // 10 == 3 else -7 - k // 10 for k in ticks]
    assert ports["quarters"] == [None if k // 10 == 4 else -(k // 10) for k in ticks]
    assert ports["rtc"] == [1000 + k // 10 for k in ticks]
    assert told["fed"] == 595 and told["reason"] == 1 and told["pressed"] is False
    assert told["had"] is False and told["failing"] == 0
    assert len(bytes.fromhex(told["identity"])) == 6


def test_ticks_that_pass_unseen_are_counted_and_the_counters_go_on(tmp_path):
    board = Probe(tmp_path)
    running = RunningBoard(board, "boot", pins(10))
    running.pass_ticks(6)
    running.skip_ticks(4)
    running.pass_ticks(17)
    running.skip_ticks(25)
    running.pass_ticks(48)
    running.power_off()
    _, ports = board.seen()
    ticks = [*range(6), *range(10, 27), *range(52, 100)]
    assert ports["now_ms"] == [100 * k for k in ticks]
    assert ports["counts"] == ticks
    assert ports["reliefs"] == [k // 10 for k in ticks]
    assert ports["raw"] == [None if k // 10 == 3 else -7 - k // 10 for k in ticks]
    assert ports["skipped"] == [0] * 6 + [4] * 17 + [29] * 48
    assert ports["late_ms"] == [0] * 6 + [400] * 17 + [2500] * 48
    assert ports["clock_ms"] == ports["now_ms"]
    assert ports["rtc"] == [None] * len(ticks)


def test_counters_wrap_where_the_hardware_ones_would(tmp_path):
    board = Probe(tmp_path)
    begin = (1 << 30) - 8
    running = RunningBoard(board, "boot", pins(10), counters_from=begin)
    running.pass_ticks(100)
    running.power_off()
    _, ports = board.seen()
    for name, step in (("counts", 1), ("presses", 7), ("reliefs", 10)):
        assert ports[name] == [(begin + k // step) % (1 << 30) for k in range(100)]
    assert ports["counts"][7:9] == [(1 << 30) - 1, 0]


def test_a_failing_supply_is_seen_once_before_the_power_goes(tmp_path):
    board = Probe(tmp_path)
    running = RunningBoard(board, "boot", pins(1))
    running.pass_ticks(5)
    running.supply_fails()
    running.power_off()
    told, _ = board.seen()
    assert told["failing"] == 1


@pytest.mark.parametrize(("reason", "number", "kept"),
                         [("watchdog", 3, True), ("brownout", 1, False), ("power_on", 1, False)])
def test_a_reset_begins_the_counters_at_zero_and_only_a_watchdog_keeps_memory(
    tmp_path, reason, number, kept
):
    board = Probe(tmp_path)
    first = RunningBoard(board, "boot", pins(10))
    first.pass_ticks(30)
    first.power_off()
    identity = board.seen()[0]["identity"]
    second = RunningBoard(board, "boot/1", pins(10), 50, reason)
    second.pass_ticks(50)
    second.power_off()
    told, ports = board.seen()
    assert (told["reason"], told["had"]) == (number, kept)
    assert told["kept"] == (b"keep".hex() if kept else "00000000")
    assert told["identity"] == identity
    assert ports["now_ms"] == [100 * k for k in range(50)]
    assert ports["counts"] == [k - 49 for k in range(50, 100)]
    assert ports["presses"] == [k // 7 - 7 for k in range(50, 100)]
    assert ports["reliefs"] == [k // 10 - 4 for k in range(50, 100)]


# ---- the whole bench: real firmware, the nurse's visits, a file of faults


COLUMNS = ("patient,timepoint,window_days,morphine_mg_per_250mL,bupivacaine_mg_per_250mL,"
           "rate_mL_h,bolus_mL,lockout_min\n")
RUN_FAULTS = "".join(f'[[fault]]\npatient = "{patient}"\n{rest}\n' for patient, rest in (
    ("P01", 'kind = "power_cut"\nat_s = 20000\noff_s = 1800'),
    ("P01", 'kind = "watchdog_reset"\nat_s = 30000'),
    ("P01", 'kind = "flash_stall"\nat_s = 40000'),
    ("P01", 'kind = "bag_change"\nat_s = 50000'),
    ("P01", 'kind = "power_cut"\nat_s = 50100'),
    ("P01", 'kind = "laptop_clock_wrong"\nat_s = 60000\noffset_s = 3600'),
    ("P01", 'kind = "bag_late"\nat_s = 0\nlate_s = 60\nsaid_ago_s = 60'),
    ("P02", 'kind = "bag_change"\nat_s = 100'),
    ("P02", 'kind = "wrong_patient"\nat_s = 100'),
    ("P02", 'kind = "radio_loss"\ndrops = 2'),
    ("P01", 'kind = "board_swapped"\ntimepoint = "followup"'),
))


@pytest.fixture(scope="module")
def faulty(tmp_path_factory) -> list[tuple[Path, dict[str, Any]]]:
    """Two runs of two patients with RUN_FAULTS: folder and truth of each."""
    folder = tmp_path_factory.mktemp("faulty")
    (folder / "regimens.csv").write_text(COLUMNS + "".join(
        f"{patient},{timepoint},1,80,55,1.0,0.5,15\n"
        for patient in ("P01", "P02") for timepoint in ("baseline", "followup")))
    (folder / "counts.csv").write_text("patient,timepoint,day,pcia_delivered\n" + "".join(
        f"{patient},{timepoint},1,9\n"
        for patient in ("P01", "P02") for timepoint in ("baseline", "followup")))
    (folder / "faults.toml").write_text(RUN_FAULTS)
    runs = []
    for name in ("one", "two"):
        out = folder / name
        plan = Plan(folder / "regimens.csv", folder / "counts.csv", out, out / "nurse.db", seed=3,
                    faults=folder / "faults.toml")
        runs.append((out, run_cohort(plan, print)["patients"]))
    return runs


def test_a_run_with_faults_gives_the_same_bytes_again(faulty):
    (one, told), (two, again) = faulty
    assert told == again
    for board in ("B01", "B02"):
        assert (one / board / "log.flash").read_bytes() == (two / board / "log.flash").read_bytes()


def test_outages_boot_the_board_for_their_reason_and_the_stall_is_counted(faulty):
    out, truth = faulty[0]
    shutil.copy(out / "nurse.db", out / "copy.db")  # it has the boards' keys
    with Store.open(out / "copy.db") as store:
        pull_image(store, str(out / "B01" / "log.flash"), "B01")
        ((log_id, _),) = store.logs.of("B01")
        boots = [record.fields["reason"] for record in store.records.of(log_id, "boot")]
        skipped = sum(record.fields["count"] for record in store.records.of(log_id, "gap")
                      if record.fields["cause"] == 1)
    assert boots == [1, 1, 3, 1, 1]  # arrival, power cut, watchdog, power cut, P02's follow-up
    assert skipped == 240
    cut, reset = truth["P01"]["baseline"]["faults"][1:3]
    assert cut["counts_unseen"] >= 499 and reset["counts_unseen"] in (2, 3)


def test_visits_are_told_with_board_clock_and_refusals(faulty):
    truth = faulty[0][1]
    at = {visit["at_s"]: visit for visit in truth["P01"]["baseline"]["visits"]}
    assert at[0]["exit_codes"] == [0, 0, 0] and at[60]["exit_codes"] == [0]
    assert not at[50150]["board_on"] and at[50150]["commands"] == ["bag hang"]
    assert at[60000]["clock_offset_s"] == 3600 and at[60000]["commands"] == ["pull P01"]
    for patient, board in (("P01", "B02"), ("P02", "B01")):
        assert truth[patient]["followup"]["board"] == board
        assert truth[patient]["followup"]["visits"][0]["exit_codes"] == [4, 4]


def test_a_bag_of_the_wrong_patient_is_kept_and_not_on_board(faulty):
    with Store.open(faulty[0][0] / "nurse.db") as store:
        bags = [entry for entry in store.entries.of("P01") if entry.kind == "bag"]
    p02_begins_ms = 1_767_600_000_000 + DAY_S * 1000
    (mistaken,) = [bag for bag in bags if bag.effective_at_ms == p02_begins_ms + 250_000]
    assert mistaken.seq is None and mistaken.board == "B01"


def test_what_befalls_the_air_is_noted_for_serving(faulty):
    notes = [json.loads((faulty[0][0] / board / "pins.json").read_text())["radio_loss"]
             for board in ("B01", "B02")]
    assert notes == [[], [[2, 2.0]]]


def test_serving_breaks_the_links_as_often_as_noted(tmp_path):
    drops = []

    class Air:
        def drop_links(self) -> None:
            drops.append(len(drops))

    for board, noted in (("B01", [[3, 0.001]]), ("B02", [])):
        (tmp_path / board).mkdir()
        (tmp_path / board / "pins.json").write_text(json.dumps({"radio_loss": noted}))
    asyncio.run(_lose_links(Air(), tmp_path))
    assert drops == [0, 1, 2]


def test_many_windows_run_side_by_side_with_one_visit_each(tmp_path):
    specs = [
        dataclasses.replace(
            draw_spec(seed, days=1), ul_per_count=Fraction(5), faults=(make_fault("bag_change", 7200),)
        ) for seed in (1, 2)
    ]
    results = list(run_windows(specs, tmp_path, jobs=2))
    for spec, result in zip(specs, results, strict=True):
        assert result.spec == spec
        assert len(result.truth["visits"]) == 1 and len(result.truth["swaps"]) == 1
        logged = records(result)
        counts = sum(record.fields["counts"] for record in logged if record.kind == "minute")
        in_last_minute = 60 * (2000 + 20_000) / 3600 / 5
        assert result.truth["counts_total"] - in_last_minute <= counts <= result.truth["counts_total"]
        assert [record.kind for record in logged].count("boot") == 1
    again = run_window(dataclasses.replace(specs[0]), tmp_path / "again")
    assert again.image.read_bytes() == results[0].image.read_bytes()
    with pytest.raises(BenchError, match="is there already"):
        next(iter(run_windows(specs, tmp_path)))


def test_drawn_windows_keep_to_their_ranges():
    specs = [draw_spec(seed, days=2) for seed in range(400)]
    assert min(s.rate_ul_h for s in specs) < 60 and max(s.rate_ul_h for s in specs) > 1800
    assert all(50 <= s.rate_ul_h <= 2000 and 50 <= s.bolus_ul <= 2000 for s in specs)
    assert {int(s.ul_per_count) for s in specs} == {1, 2, 5, 10, 20, 50}
    assert {s.lockout_s for s in specs} == {600, 660, 720, 780, 840, 900}
    errors = [float(s.calibration_error) for s in specs]
    assert np.std(errors) == pytest.approx(0.025, rel=0.1) and abs(np.mean(errors)) < 0.004
    assert draw_spec(1, 2) == specs[1] != draw_spec(1, 2, rate_ul_h=70)


@pytest.mark.parametrize(("option", "value"), [("--jobs", "0"), ("--jobs", "two"), ("--seed", "-1")])
def test_numbers_that_cannot_be_are_usage_errors(option, value, capsys):
    from pumpbench.cli import main

    with pytest.raises(SystemExit) as stopped:
        main(["run", "--regimens", "a", "--daily-counts", "b", "--out", "c", option, value])
    assert stopped.value.code == 2 and "is not a whole number" in capsys.readouterr().err
