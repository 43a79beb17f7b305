"""Each fault of docs/FAULTS.md leads, on the host, to what that page promises.

Real firmware, real pumplog. Short windows on the bench, some faults in each where they do not disturb
each other; what is asserted is what pumplog prints: doses, table, events, status.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from helpers.air.ward import by_name
from helpers.docs.recompute import DAY_MS, Recomputed
from helpers.folded import unfolded
from pumpbench.faults import make_fault as fault
from pumpbench.faults.kinds import KINDS
from pumpbench.runs import FIRST_START, Plan, run_cohort
from pumpbench.runs.monte_carlo import WindowSpec, run_window
from pumplog.cli import main
from pumplog.store import Entry, Store

H = 3600
SEED = 7
# name: (faults, a clock with a battery is fitted); 1 mL/h at 1 uL a count, boluses of 1 mL
WINDOWS: dict[str, tuple[tuple[Any, ...], bool]] = {
    "RESET": ((fault("watchdog_reset", at_s=3 * H), fault("flash_stall", at_s=12 * H),
               fault("handset_stuck", at_s=14 * H), fault("knock", at_s=15 * H + 7),
               fault("pump_stop", at_s=20 * H, duration_s=2 * H)), False),
    "POWER": ((fault("power_cut", at_s=6 * H, off_s=1200), fault("brownout", at_s=37_876)), True),
    "LINE": ((fault("occlusion", at_s=3 * H), fault("tilt", at_s=16 * H)), False),
    "FLOW": ((fault("free_flow", at_s=4 * H), fault("runaway", at_s=12 * H, duration_s=3 * H)), False),
    "BOLUS": ((fault("prime", at_s=3 * H), fault("clinician_bolus", at_s=7 * H),
               fault("count_glitch", at_s=11 * H, counts=3)), False),
    "CELL": ((fault("load_cell_dead", at_s=3 * H, duration_s=5 * H),
              fault("load_cell_drift", at_s=12 * H, g_per_h=3)), False),
    "GARBAGE": ((fault("load_cell_garbage", at_s=0, share_percent=2, most_raw=0),
                 fault("clinician_bolus", at_s=6 * H), fault("clinician_bolus", at_s=16 * H)), False),
    "HAND": ((fault("handset_bounce", at_s=0), fault("wrong_button", at_s=2 * H, presses=3)), False),
    "UNTOLD": ((fault("regimen_unentered"), fault("radio_loss"),
                fault("refill", at_s=15 * H)), False),
    "CLOCK": ((fault("laptop_clock_wrong", at_s=6 * H),), False),
}
REGIMENS = """\
patient,timepoint,window_days,morphine_mg_per_250mL,bupivacaine_mg_per_250mL,rate_mL_h,bolus_mL,lockout_min
P01,baseline,2,100,50,1.0,1.0,15
P01,followup,1,100,50,1.0,1.0,15
P02,baseline,1,200,50,0.4,0.5,15
P02,followup,1,200,50,0.4,0.5,15
P03,baseline,1,100,50,0.3,0.5,15
P03,followup,1,100,50,0.3,0.5,15
"""
COUNTS = "patient,timepoint,day,pcia_delivered\nP01,baseline,2,10\n" + "".join(
    f"P0{n},{timepoint},1,10\n" for n in (1, 2, 3) for timepoint in ("baseline", "followup"))
# a ward for each human fault of which the bags or boards of others are part
WARDS = {
    "bags": """
[[fault]]
patient = "P01"
at_s = 21600
kind = "bag_change"
[[fault]]
patient = "P01"
at_s = 21600
kind = "bag_late"
[[fault]]
patient = "P02"
at_s = 21600
kind = "bag_change"
[[fault]]
patient = "P02"
at_s = 21600
kind = "bag_unentered"
[[fault]]
patient = "P03"
at_s = 21600
kind = "bag_change"
[[fault]]
patient = "P03"
at_s = 21600
kind = "bag_wrong_strength"
""",
    "wrong": """
[[fault]]
patient = "P02"
at_s = 21600
kind = "bag_change"
[[fault]]
patient = "P02"
at_s = 21600
kind = "wrong_patient"
named = "P01"
""",
    "swap": """
[[fault]]
patient = "P01"
timepoint = "followup"
kind = "board_swapped"
named = "P02"
""",
}


@dataclass(frozen=True)
class Seen:
    """A window or a ward that was run: its store, and what really happened."""

    db: Path
    truth: dict[str, Any]

    def pumplog(self, *command: str, named: bool = True) -> list[dict[str, Any]]:
        """Returns what pumplog prints with --json, an object a line."""
        return [json.loads(line) for line in self.text(*command, "--json", named=named).splitlines()]

    def text(self, *command: str, named: bool = True) -> str:
        """Returns what pumplog prints; named: what only the image says is asked for by name."""
        said = io.StringIO()
        named = by_name(self.db) if named and command[0] in ("doses", "table") else []
        with contextlib.redirect_stdout(said):
            assert main([*command, *named, "--db", str(self.db)]) == 0
        return unfolded(said.getvalue())

    def doses(self, patient: str, window: str = "0+1", named: bool = True) -> dict[str, Any]:
        """Returns a patient's doses."""
        (line,) = self.pumplog("doses", patient, "--window", window, named=named)
        return line

    def events(self, patient: str, *kinds: str) -> list[dict[str, Any]]:
        """Returns a patient's records of these kinds."""
        return [line for line in self.pumplog("events", patient) if line["kind"] in kinds]

    def signatures(self, patient: str) -> list[str]:
        """Returns the possibilities of a patient's window, in order."""
        return [one["signature"] for one in self.doses(patient)["signatures"]]


def _run_window(name: str, out: Path) -> dict[str, Any]:
    faults, rtc = WINDOWS[name]
    spec = WindowSpec(name, SEED, 1000, 1000, 900, (14,), faults=faults, rtc=rtc)
    return run_window(spec, out).truth


def _run_ward(name: str, out: Path) -> dict[str, Any]:
    folder = out / name
    folder.mkdir()
    for file, text in (("regimens.csv", REGIMENS), ("counts.csv", COUNTS), ("faults.toml", WARDS[name])):
        (folder / file).write_text(text)
    patients = ("P01", "P02", "P03") if name == "bags" else ("P01", "P02")
    plan = Plan(folder / "regimens.csv", folder / "counts.csv", folder, folder / "nurse.db", seed=SEED,
                jobs=1, patients=patients, faults=folder / "faults.toml",
                timepoints=("baseline", "followup") if name == "swap" else ("baseline",))
    return run_cohort(plan, lambda _: None)["patients"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    """Runs everything, side by side, and pulls each board from its flash image."""
    out = tmp_path_factory.mktemp("faults")
    seen = {}
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        wards = {name: pool.submit(_run_ward, name, out) for name in WARDS}
        windows = {name: pool.submit(_run_window, name, out) for name in WINDOWS}
        for name, done in {**wards, **windows}.items():
            seen[name] = Seen(out / name / "nurse.db", done.result())
    for name in WINDOWS:
        seen[name].text("pull", name, "--link", f"file:{out / name / 'log.flash'}")
    for name in WARDS:
        for patient in seen[name].truth:
            board = f"B{patient[1:]}"
            seen[name].text("pull", patient, "--link", f"file:{out / name / board / 'log.flash'}")
    return seen


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def begin_ms(patient: int = 1) -> int:
    return round(FIRST_START.timestamp() * 1000) + (patient - 1) * 86_400_000


def at_s(utc: str, patient: int = 1) -> float:
    """Seconds from the window's start."""
    return (ms(utc) - begin_ms(patient)) / 1000


def holds(figure: dict[str, str], truth: float) -> bool:
    return float(figure["low"]) <= truth <= float(figure["high"])


def happened(seen: Seen, kind: str) -> dict[str, Any]:
    return next(entry for entry in seen.truth["faults"] if entry["kind"] == kind)


def bounds_hold(seen: Seen, patient: str, *but: str) -> None:
    """Volumes and deliveries of a window lie within the stated bounds."""
    doses = seen.doses(patient)
    truth = seen.truth
    for key, true in (("continuous_ml", truth["continuous_ul"] / 1000),
                      ("pcia_ml", truth["pcia_ul"] / 1000), ("deliveries", truth["deliveries"])):
        if key not in but:
            assert holds(doses[key], true), (key, doses[key], true)


# ---- the board


def test_watchdog_reset_is_bracketed_and_nothing_counted_is_lost(runs: dict[str, Seen]) -> None:
    seen, doses = runs["RESET"], runs["RESET"].doses("RESET")
    (boot,) = [one for one in seen.events("RESET", "boot") if one["reason_means"] == "watchdog"]
    (resumed,) = seen.events("RESET", "resumed")
    assert boot["utc"] and boot["utc_uncertainty_ms"] <= 15_000, "placed by the boot before it"
    assert abs(at_s(boot["utc"]) - happened(seen, "watchdog_reset")["end_s"]) * 1000 <= (
        boot["utc_uncertainty_ms"])
    (bracket,) = doses["brackets"]
    assert bracket["by"] == "reset" and float(bracket["at_most_s"]) == 25
    assert doses["unknown_s"] == "0" and 0 < int(doses["bracketed_s"]) <= 25
    minutes = sum(one["counts"] for one in seen.events("RESET", "minute"))
    unseen = happened(seen, "watchdog_reset")["counts_unseen"]
    snapshot_lost = seen.truth["counts_total"] - unseen - minutes - resumed["counts"]
    assert 0 <= snapshot_lost <= 25, "what the snapshot had not yet, and the last open minute"
    assert 0 <= unseen <= float(bracket["ml"]["high"]) * 1000
    bounds_hold(seen, "RESET")
    text = seen.text("doses", "RESET", "--window", "0+1")
    assert "bracketed 12 s (at most 25 s), unknown 0" in text
    assert "bracketed, at most 25 s: the board restarted" in text


def test_flash_stalls_lose_no_count_and_are_recorded(runs: dict[str, Seen]) -> None:
    seen = runs["RESET"]
    gaps = seen.events("RESET", "gap")
    assert {one["cause_means"] for one in gaps} == {"ticks_skipped"}
    assert sum(one["count"] for one in gaps) == happened(seen, "flash_stall")["ticks_unseen"]
    assert "ticks skipped" in seen.text("events", "RESET")


def test_pump_stop_is_a_stop_with_its_uncertainty(runs: dict[str, Seen]) -> None:
    seen, true = runs["RESET"], happened(runs["RESET"], "pump_stop")
    changes = [(one["state_means"], at_s(one["utc"]) - one["ago_ms"] / 1000,
                (one["uncertainty_ms"] + one["utc_uncertainty_ms"]) / 1000 + 1)
               for one in seen.events("RESET", "pump")]
    (stopped,) = [one for one in changes if one[0] == "stopped"]
    resumed = next(one for one in changes if one[0] == "running" and one[1] > stopped[1])
    assert abs(stopped[1] - true["onset_s"]) <= stopped[2]
    assert abs(resumed[1] - true["end_s"]) <= resumed[2]
    assert 21.98 * H < float(seen.doses("RESET")["running_s"]) < 22.02 * H


def test_handset_stuck_is_one_demand_with_begin_and_end(runs: dict[str, Seen]) -> None:
    seen, true = runs["RESET"], happened(runs["RESET"], "handset_stuck")
    (one,) = [s for s in seen.doses("RESET")["signatures"] if s["signature"] == "handset_stuck"]
    assert abs(at_s(one["since_utc"]) - true["onset_s"]) < 20
    assert abs(at_s(one["over_utc"]) - true["end_s"]) < 20
    assert "handset possibly stuck" in one["words"] and "not an alarm" in one["words"]
    demands = [d for d in seen.events("RESET", "demand")
               if true["onset_s"] - 20 < at_s(d["utc"]) < true["end_s"] + 20]
    assert len(demands) == 1


def test_a_knock_is_nothing(runs: dict[str, Seen]) -> None:
    seen = runs["RESET"]
    assert seen.events("RESET", "bag") == []
    assert seen.signatures("RESET") == ["handset_stuck"]


def test_power_cut_and_brownout_are_bracketed_by_weight(runs: dict[str, Seen]) -> None:
    seen, doses = runs["POWER"], runs["POWER"].doses("POWER")
    (gasp,) = seen.events("POWER", "power")
    minutes = [one for one in seen.events("POWER", "minute") if one["boot"] == gasp["boot"]]
    assert gasp["state_means"] == "failing" and minutes[-1]["seq"] > gasp["seq"]
    boots = [one["reason_means"] for one in seen.events("POWER", "boot")]
    assert len(boots) == 3 and boots[0] == boots[1] == "power_on"
    assert "5 V failing" in seen.text("events", "POWER")
    for bracket, kind in zip(doses["brackets"], ("power_cut", "brownout"), strict=True):
        true = happened(seen, kind)
        assert bracket["by"] == "weight" and holds(bracket["ml"], true["counts_unseen"] / 1000), kind
        assert at_s(bracket["begin_utc"]) <= true["onset_s"] + 6 and (
            at_s(bracket["end_utc"]) >= true["end_s"] - 6)
    assert doses["unknown_s"] == "0" and 1200 <= int(doses["bracketed_s"]) <= 1300
    assert int(doses["observed_s"]) + int(doses["bracketed_s"]) in (86_399, 86_400)
    bounds_hold(seen, "POWER")
    windows = ("--baseline", "0+1", "--followup", "28+1")
    (table,) = seen.pumplog("table", *windows)
    cover = table["coverage"]["baseline"]
    assert 0.013 < float(cover["bracketed_days"]) < 0.016 and cover["unknown_days"] == "0"
    assert ", bracketed 20 min (at most 20 min)" in seen.text("table", *windows)


def test_a_bolus_that_a_brownout_cuts_in_two_stays_one_delivery(runs: dict[str, Seen]) -> None:
    seen, doses = runs["POWER"], runs["POWER"].doses("POWER")
    down = happened(seen, "brownout")["onset_s"]
    running = [b for b in seen.truth["boluses"] if b["start_s"] < down < b["end_s"]]
    assert len(running) == 1, "the seed puts a bolus there"
    assert doses["deliveries"]["value"] == str(seen.truth["deliveries"])
    assert any("whose end was not recorded: 1" in note for note in doses["notes"])


def test_radio_loss_does_nothing_in_the_window(runs: dict[str, Seen]) -> None:
    bounds_hold(runs["UNTOLD"], "UNTOLD")


# ---- pump and line


def test_occlusion_is_a_possibility_before_much_is_false(runs: dict[str, Seen]) -> None:
    seen, true = runs["LINE"], happened(runs["LINE"], "occlusion")
    (one,) = seen.doses("LINE")["signatures"]
    assert one["signature"] == "occlusion"
    assert true["onset_s"] < at_s(one["noticed_utc"]) < true["pump_stopped_s"], "before the pump's alarm"
    assert float(one["by_counts_ul"]) - float(one["by_weight_ul"]) <= 1500
    assert at_s(one["over_utc"]) > true["end_s"] - 10
    assert one["words"].startswith("possible occlusion since ") and (
        one["words"].endswith("found on pull, not an alarm"))
    (note,) = [note for note in seen.doses("LINE")["notes"] if "occlusion" in note]
    assert "doubtful" in note and float(note.split()[2]) >= true["false_ul"] / 1000
    assert [p["state_means"] for p in seen.events("LINE", "pump")] == ["running", "stopped", "running"]


def test_a_tilt_is_no_bag_change_and_no_free_flow(runs: dict[str, Seen]) -> None:
    assert runs["LINE"].events("LINE", "bag") == []
    assert "free_flow" not in runs["LINE"].signatures("LINE")


def test_free_flow_and_runaway_are_possibilities(runs: dict[str, Seen]) -> None:
    seen = runs["FLOW"]
    found = {one["signature"]: one for one in seen.doses("FLOW")["signatures"]}
    assert set(found) <= {"free_flow", "runaway", "regimen_mismatch"}
    flow, run = happened(seen, "free_flow"), happened(seen, "runaway")
    late_s = at_s(found["free_flow"]["noticed_utc"]) - flow["onset_s"]
    assert 0 < late_s * 15_000 / H <= 1500, "within 1.5 mL"
    assert any("milligrams from counts are too low" in note for note in seen.doses("FLOW")["notes"])
    assert run["onset_s"] < at_s(found["runaway"]["noticed_utc"]) < run["end_s"]
    bounds_hold(seen, "FLOW")  # what runs away is counted; what flows by gravity is neither


def test_a_clinicians_bolus_is_in_the_dose_and_not_in_the_frequency(runs: dict[str, Seen]) -> None:
    seen = runs["BOLUS"]
    by_clinician = [b for b in seen.events("BOLUS", "bolus") if b["source_means"] == "clinician"
                    and abs(at_s(b["utc"]) - b["ago_ms"] / 1000 - 7 * H) < 10]
    assert len(by_clinician) == 1
    assert seen.doses("BOLUS")["deliveries"]["value"] == str(seen.truth["deliveries"])
    assert float(seen.doses("BOLUS")["other_ml"]["value"]) >= seen.truth["clinician_ul"] / 1000 - 0.01


def test_a_prime_is_in_no_dose(runs: dict[str, Seen]) -> None:
    doses = runs["BOLUS"].doses("BOLUS")
    assert holds(doses["prime_ml"], runs["BOLUS"].truth["primed_ul"] / 1000), doses["prime_ml"]
    assert holds(doses["other_ml"], runs["BOLUS"].truth["clinician_ul"] / 1000), doses["other_ml"]


def test_a_count_glitch_is_booked_as_counted(runs: dict[str, Seen]) -> None:
    seen = runs["BOLUS"]
    counts = sum(one["counts"] for one in seen.events("BOLUS", "minute"))
    assert 0 <= seen.truth["counts_total"] - counts <= 25, "the last open minute"
    bounds_hold(seen, "BOLUS")


# ---- bag and load cell


def test_a_dead_cell_leaves_doses_and_goes_on_by_counts(runs: dict[str, Seen]) -> None:
    seen, true = runs["CELL"], happened(runs["CELL"], "load_cell_dead")
    dead = [one for one in seen.doses("CELL")["signatures"] if one["signature"] == "load_cell_dead"]
    assert len(dead) == 1 and 0 < at_s(dead[0]["noticed_utc"]) - true["onset_s"] < 300
    assert abs(at_s(dead[0]["over_utc"]) - true["end_s"]) < 300
    blind = [one for one in seen.events("CELL", "reservoir")
             if true["onset_s"] + 300 < at_s(one["utc"]) < true["end_s"]]
    assert all(one["level_ul"] is not None for one in blind)
    unweighed = [one for one in seen.events("CELL", "weight")
                 if true["onset_s"] + 300 < at_s(one["utc"]) < true["end_s"]]
    assert all(one["weight_mg"] is None for one in unweighed)
    assert blind[-1]["se_ul"] > blind[0]["se_ul"] and blind[-1]["level_ul"] < blind[0]["level_ul"]
    bounds_hold(seen, "CELL")


def test_garbage_readings_are_nothing(runs: dict[str, Seen]) -> None:
    seen = runs["GARBAGE"]
    sources = [one["source_means"] for one in seen.events("GARBAGE", "bolus")]
    assert sources.count("clinician") == 2 and set(sources) == {"clinician", "patient"}
    assert not seen.events("GARBAGE", "bag") and not seen.signatures("GARBAGE")
    doses = seen.doses("GARBAGE")
    assert doses["deliveries"]["value"] == str(seen.truth["deliveries"])
    assert holds(doses["other_ml"], seen.truth["clinician_ul"] / 1000)
    assert holds(doses["morphine_mg"], seen.truth["reached_patient_ul"] / 250_000 * 100)
    bounds_hold(seen, "GARBAGE")


def test_a_drifting_cell_is_a_disagreement_and_never_a_dose(runs: dict[str, Seen]) -> None:
    seen = runs["CELL"]
    after = [one["signature"] for one in seen.doses("CELL")["signatures"]
             if at_s(one["noticed_utc"]) > happened(seen, "load_cell_drift")["onset_s"]]
    assert after and set(after) <= {"load_cell_drift", "occlusion"}
    check = seen.doses("CELL")["check"]
    assert check is None or check["applied"] is False


def test_a_refill_leaves_milligrams_unknown_from_there(runs: dict[str, Seen]) -> None:
    seen, true = runs["UNTOLD"], happened(runs["UNTOLD"], "refill")
    (bag,) = seen.events("UNTOLD", "bag")
    assert bag["refill"] == 1 and "refilled" in seen.text("events", "UNTOLD")
    middle_s = at_s(bag["utc"]) - bag["ago_ms"] / 1000
    assert true["onset_s"] - 15 <= middle_s + bag["uncertainty_ms"] / 1000
    assert middle_s - bag["uncertainty_ms"] / 1000 <= true["end_s"] + 15
    levels = [one["level_ul"] for one in seen.events("UNTOLD", "reservoir")]
    jump = max(b - a for a, b in zip(levels, levels[1:], strict=False))
    assert 97_000 < jump < 102_000
    doses = seen.doses("UNTOLD")
    assert doses["morphine_mg"]["value"] is None and doses["continuous_ml"]["value"]
    assert any("refilled and nobody entered" in note for note in doses["notes"])


# ---- handset and buttons


def test_every_press_of_a_worn_contact_is_logged_once(runs: dict[str, Seen]) -> None:
    seen = runs["HAND"]
    demands = [one for one in seen.events("HAND", "demand")
               if 0 <= at_s(one["utc"]) - one["ago_ms"] / 1000 < 86_400]
    assert len(demands) == len([d for d in seen.truth["demand_list"] if 0 <= d["at_s"] < 86_400])
    assert seen.doses("HAND")["without_outcome"] == 0


def test_the_wrong_button_is_no_demand_and_no_onset(runs: dict[str, Seen]) -> None:
    seen, relief = runs["HAND"], runs["HAND"].doses("HAND")["relief"]
    wrong = seen.truth["stray_relief_s"]
    assert len(wrong) == 3
    onsets = [at_s(one["relief_utc"]) for one in relief["onsets"]]
    strays = [at_s(one["relief_utc"]) for one in relief["strays"]]
    starts = [b["start_s"] for b in seen.truth["boluses"]]
    for pressed_s in wrong:
        if all(not 0 <= pressed_s - start_s < 3590 for start_s in starts):
            assert any(abs(pressed_s - stray) < 2 for stray in strays), pressed_s
    right = [one["at_s"][0] for one in seen.truth["reliefs"]]
    mistaken = [onset for onset in onsets if all(abs(onset - pressed) > 2 for pressed in right)]
    # within the hour after a bolus whose relief was not pressed, nothing tells it from relief
    forgotten = [start for start in starts if start not in [r["bolus_s"] for r in seen.truth["reliefs"]]]
    assert all(any(0 < onset - start < H for start in forgotten) for onset in mistaken)
    if strays:
        assert "handset mistaken?" in seen.text("doses", "HAND", "--window", "0+1")


# ---- people


def test_without_a_regimen_volumes_stand_and_reasons_are_unknown(runs: dict[str, Seen]) -> None:
    doses = runs["UNTOLD"].doses("UNTOLD")
    assert doses["denied_lockout"] == 0 and doses["denied_other"] == doses["denied"]
    assert not {"regimen_mismatch", "runaway"} & set(runs["UNTOLD"].signatures("UNTOLD"))


def test_a_wrong_laptop_clock_widens_and_steps_nothing(runs: dict[str, Seen]) -> None:
    seen = runs["CLOCK"]
    anchors = seen.events("CLOCK", "anchor")
    assert len(anchors) == 2, "both are kept"
    assert all(one["utc_uncertainty_ms"] >= 3_600_000 for one in seen.events("CLOCK", "minute"))
    utc = [one["utc"] for one in seen.events("CLOCK", "minute")]
    assert utc == sorted(utc) and len(set(utc)) == len(utc)
    assert seen.doses("CLOCK")["clock_uncertainty_ms"] >= 3_600_000
    bounds_hold(seen, "CLOCK")
    (status,) = seen.pumplog("status", "CLOCK")
    assert status["reservoir_se_ul"] and status["signatures"] == []
    assert ", give or take " in seen.text("status", "CLOCK")


def bag_factor(seen: Seen, patient: str) -> float:
    """Milligrams of morphine over what really reached the patient, in the whole window."""
    truth = seen.truth[patient]["baseline"]
    days = truth["window_days"]
    found = seen.doses(patient, f"0+{days}")["morphine_mg"]["value"]
    return float(found) / (truth["morphine_mg_day"] * days)


def test_a_late_bag_is_dated_by_the_weight(runs: dict[str, Seen]) -> None:
    seen = runs["bags"]
    assert bag_factor(seen, "P01") == pytest.approx(1, abs=0.01)
    assert any("dated by weight, 60 min from its entry" in note or "dated by weight, 59 min" in note
               for note in seen.doses("P01")["notes"])
    (bag,) = seen.events("P01", "bag")
    assert abs(at_s(bag["utc"]) - bag["ago_ms"] / 1000 - 21_690) <= bag["uncertainty_ms"] / 1000 + 10


def test_an_unentered_bag_leaves_milligrams_unknown(runs: dict[str, Seen]) -> None:
    doses = runs["bags"].doses("P02")
    assert doses["morphine_mg"]["value"] is None
    true = runs["bags"].truth["P02"]["baseline"]["continuous_ul"] / 1000
    assert holds(doses["continuous_ml"], true)
    assert any("the bag was changed and nobody entered it" in note for note in doses["notes"])


def correct(seen: Seen, wrong: Entry, number: int) -> None:
    """Supersedes a bag's entry by one with what it really held, for the patient and board given."""
    words = {f"uuid_{k}": int.from_bytes(wrong.uuid.bytes[4 * k : 4 * k + 4], "little")
             for k in range(4)}
    with Store.open(seen.db) as store:
        first = next(e for e in store.entries.of(wrong.patient) if e.kind == "patient_start")
        store.entries.add(Entry(
            type(wrong.uuid)(int=number), "correction", wrong.patient, wrong.board, first.assignment,
            "AB", wrong.entered_at_ms + 60_000, wrong.effective_at_ms, {**words, "reason": 1}))
        store.commit()


def test_a_wrong_strength_is_wrong_until_corrected(runs: dict[str, Seen]) -> None:
    seen = runs["bags"]
    assert 1.2 < bag_factor(seen, "P03") < 2.01
    with Store.open(seen.db) as store:
        wrong = [e for e in store.entries.of("P03") if e.kind == "bag"][-1]
        right = {**wrong.fields, "morphine_ug": wrong.fields["morphine_ug"] // 2,
                 "bupivacaine_ug": wrong.fields["bupivacaine_ug"] // 2}
        store.entries.add(Entry(type(wrong.uuid)(int=1), "bag", "P03", wrong.board, wrong.assignment,
                                "AB", wrong.entered_at_ms + 60_000, wrong.effective_at_ms, right))
        store.commit()
    correct(seen, wrong, 2)
    assert bag_factor(seen, "P03") == pytest.approx(1, abs=0.01)


def test_a_bag_of_the_wrong_patient_is_confirmed_by_no_weight(runs: dict[str, Seen]) -> None:
    seen = runs["wrong"]
    assert seen.doses("P02")["morphine_mg"]["value"] is None
    assert any("nobody entered it" in note for note in seen.doses("P02")["notes"])
    assert any("no weight confirms" in note for note in seen.doses("P01", "0+2")["notes"])
    assert bag_factor(seen, "P01") > 1.1, "the other's stronger bag, until corrected"
    with Store.open(seen.db) as store:
        wrong = [e for e in store.entries.of("P01") if e.kind == "bag"][-1]
    correct(seen, wrong, 3)
    assert bag_factor(seen, "P01") == pytest.approx(1, abs=0.01)
    assert not any("no weight confirms" in note for note in seen.doses("P01", "0+2")["notes"])


def test_swapped_boards_are_contradicted_and_nothing_is_written_to_them(runs: dict[str, Seen]) -> None:
    seen = runs["swap"]
    for patient, number in (("P01", 1), ("P02", 2)):
        codes = seen.truth[patient]["followup"]["visits"][0]["exit_codes"]
        assert codes and all(code != 0 for code in codes), "the laptop refuses the wrong board"
        of_followup = [one for one in seen.events(patient, "entry")
                       if at_s(one["utc"], number) > 20 * 86_400]
        assert of_followup == [], "nothing was written to the wrong board"
        doses = seen.doses(patient, "28+1")
        assert doses["observed_s"] == "0"
        assert any("at times that nobody can tell" in note for note in doses["notes"])
        told = {one["signature_means"] for one in seen.events(patient, "signature") if one["boot"] == 2}
        assert told & {"regimen_mismatch", "runaway"}, "the other's pump contradicts the regimen"
    (table,) = seen.pumplog("table", "--baseline", "0+1", "--followup", "28+1")
    assert {(one["patient"], one["timepoint"]) for one in table["excluded"]} == {
        ("P01", "followup"), ("P02", "followup")}


# ---- the page


PROMISES: dict[str, Callable[..., None]] = {
    "occlusion": test_occlusion_is_a_possibility_before_much_is_false,
    "free_flow": test_free_flow_and_runaway_are_possibilities,
    "runaway": test_free_flow_and_runaway_are_possibilities,
    "pump_stop": test_pump_stop_is_a_stop_with_its_uncertainty,
    "prime": test_a_prime_is_in_no_dose,
    "clinician_bolus": test_a_clinicians_bolus_is_in_the_dose_and_not_in_the_frequency,
    "count_glitch": test_a_count_glitch_is_booked_as_counted,
    "knock": test_a_knock_is_nothing,
    "tilt": test_a_tilt_is_no_bag_change_and_no_free_flow,
    "bag_change": test_a_late_bag_is_dated_by_the_weight,
    "refill": test_a_refill_leaves_milligrams_unknown_from_there,
    "load_cell_dead": test_a_dead_cell_leaves_doses_and_goes_on_by_counts,
    "load_cell_garbage": test_garbage_readings_are_nothing,
    "load_cell_drift": test_a_drifting_cell_is_a_disagreement_and_never_a_dose,
    "handset_bounce": test_every_press_of_a_worn_contact_is_logged_once,
    "handset_stuck": test_handset_stuck_is_one_demand_with_begin_and_end,
    "wrong_button": test_the_wrong_button_is_no_demand_and_no_onset,
    "power_cut": test_power_cut_and_brownout_are_bracketed_by_weight,
    "brownout": test_a_bolus_that_a_brownout_cuts_in_two_stays_one_delivery,
    "watchdog_reset": test_watchdog_reset_is_bracketed_and_nothing_counted_is_lost,
    "flash_stall": test_flash_stalls_lose_no_count_and_are_recorded,
    "radio_loss": test_radio_loss_does_nothing_in_the_window,
    "bag_late": test_a_late_bag_is_dated_by_the_weight,
    "bag_unentered": test_an_unentered_bag_leaves_milligrams_unknown,
    "bag_wrong_strength": test_a_wrong_strength_is_wrong_until_corrected,
    "regimen_unentered": test_without_a_regimen_volumes_stand_and_reasons_are_unknown,
    "wrong_patient": test_a_bag_of_the_wrong_patient_is_confirmed_by_no_weight,
    "board_swapped": test_swapped_boards_are_contradicted_and_nothing_is_written_to_them,
    "laptop_clock_wrong": test_a_wrong_laptop_clock_widens_and_steps_nothing,
}


def test_each_kind_of_the_page_has_its_test() -> None:
    assert set(PROMISES) == set(KINDS)


def test_every_value_is_computed_again_by_the_researchers_page_alone(runs: dict[str, Seen]) -> None:
    held = 0
    for name, seen in runs.items():
        for line in seen.pumplog("patient", "list"):
            patient = Recomputed(seen.pumplog("events", line["patient"]),
                                 seen.pumplog("bag", "list", line["patient"]), line["patient"])
            for first, length in ((0, 1), (0, 2)):
                want = seen.doses(line["patient"], f"{first}+{length}", named=False)
                begin_ms = patient.start + first * DAY_MS
                for key, value in patient.figures(begin_ms, begin_ms + length * DAY_MS).items():
                    told = want[key]["value"] if isinstance(want[key], dict) else want[key]
                    assert (value is None) == (told is None), (name, key, value, told)
                    if value is not None:
                        assert abs(value - Fraction(told)) <= Fraction(1, 10**9), (name, key, told)
                    held += 1
    assert held > 500
