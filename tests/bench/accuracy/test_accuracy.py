"""The accuracy report's own judging: it sees what is wrong, and lets nothing else pass for it."""

from __future__ import annotations

import copy
import json
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from helpers.paths import ROOT
from pumpbench.accuracy import (
    judge_bags,
    judge_garbage,
    judge_presses,
    judge_suspicions,
    judge_volumes,
    tables,
)
from pumpbench.accuracy.evidence import START_MS, Event, read
from pumpbench.accuracy.judge import judge_evidence
from pumpbench.accuracy.plan import plan, planned
from pumpbench.accuracy.pool import Criterion, criteria, share
from pumpbench.accuracy.report import report
from pumpbench.bedside.handset import debounce
from pumpbench.runs.monte_carlo import run_window
from pumplog.log import Bolus, Demand

Judged = dict[str, Any]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """A day with the true calibration, in which nothing was missed, as a group of its own."""
    window = planned("T", 3, 10)
    result = run_window(window.spec, tmp_path_factory.mktemp("accuracy"))
    return {"group": "T", **json.loads(json.dumps(judge_evidence(read(result))))}


def by_key(windows: list[Judged]) -> dict[str, Criterion]:
    return {criterion.key: criterion for criterion in criteria(windows)}


def test_a_day_that_was_logged_right_meets_what_it_can_show(good: Judged) -> None:
    found = by_key([good])
    assert good["quantum_ul"] * 5 <= good["bolus_ul"] and good["presses"] and good["levels"]
    for key in ("counting", "found", "invented", "bolus_volume", "given_denied", "once",
                "bags_invented", "false_signatures", "false_pump"):
        assert found[key].met, found[key]


def test_every_kind_of_fault_in_a_log_is_seen(good: Judged) -> None:
    def spoilt(change: Any) -> dict[str, Criterion]:
        window = copy.deepcopy(good)
        change(window)
        return by_key([window])

    assert not spoilt(lambda w: w["counting"]["wrong"].append({"at_s": 1}))["counting"].met
    assert not spoilt(lambda w: w["counting"].update(pending=1))["counting"].met
    assert not spoilt(lambda w: w["boluses"][0].pop("source"))["found"].met
    assert not spoilt(lambda w: w["boluses"][0].update(source="clinician"))["found"].met
    assert not spoilt(lambda w: w["boluses"][0].update(true_source="none"))["invented"].met
    more_ul = good["quantum_ul"] * 1.01
    assert not spoilt(lambda w: w["boluses"][0].update(
        told_ul=w["boluses"][0]["true_ul"] + more_ul))["bolus_volume"].met
    assert not spoilt(lambda w: w["presses"][0].update(told="unresolved"))["given_denied"].met
    assert not spoilt(lambda w: w["presses"][0].update(told="none"))["once"].met
    assert not spoilt(lambda w: w["changes"]["invented"].append([1, 1, 0, 5]))["bags_invented"].met
    told = {"name": "occlusion", "at_s": 1, "over_s": 2, "by_counts_ul": 0, "by_weight_ul": 0,
            "span_s": 1}
    assert not spoilt(lambda w: w["signatures"].append(told))["false_signatures"].met
    assert not spoilt(lambda w: w["pump"][0].update(true=False))["false_pump"].met
    assert not spoilt(lambda w: [v.update(total=[v["true_ml"] * 1.003] * 3, true_ml=20, whole=False)
                                 for v in w["volumes"]])["bias"].met


def test_late_signatures_of_occlusion_and_free_flow_are_seen(good: Judged) -> None:
    for group, kind in (("O", "occlusion"), ("F", "free_flow")):
        for told, met in ([], False), ([1.4], True), ([1.6], False):
            window = copy.deepcopy(good) | {"group": group}
            window["faults"] = [{"kind": kind, "onset_s": 0, "whole_ml": 5, "after": [
                {"name": kind, "delay_ml": ml} for ml in told]}]
            assert by_key([window])[kind].met is met
    window["faults"][0].update(after=[], whole_ml=1.0)
    assert by_key([window])["free_flow"].result == "0 of 0"  # too little flowed for the claim


def test_what_garbage_readings_do_is_seen(good: Judged) -> None:
    def spoilt(**garbage: Any) -> dict[str, Criterion]:
        plain = {"boluses": [[9.0, "clinician", "clinician"]], "mg": [1, 1, 0.9, 1.1], "signatures": []}
        return by_key([copy.deepcopy(good) | {"group": "G", "garbage": plain | garbage}])

    keys = ("garbage_kinds", "garbage_mg", "garbage_signatures", "garbage_level")
    assert all(spoilt()[key].met for key in keys)
    assert not spoilt(boluses=[[9.0, "clinician", "prime"]])["garbage_kinds"].met
    assert not spoilt(boluses=[[9.0, "none", "patient"]])["garbage_kinds"].met
    assert not spoilt(mg=[1, None, None, None])["garbage_mg"].met
    assert not spoilt(mg=[1, 1.2, 1.1, 1.3])["garbage_mg"].met
    assert not spoilt(signatures=["occlusion"])["garbage_signatures"].met
    window = copy.deepcopy(good) | {"group": "G", "garbage": {"boluses": [], "mg": [0] * 4,
                                                              "signatures": []}}
    window["levels"] = [[9, 0, 12_100, 10_000, 500]]
    assert not by_key([window])["garbage_level"].met


def test_kinds_of_boluses_are_matched_where_they_can_be_told() -> None:
    def told(at_s: float, source: str) -> Any:
        return SimpleNamespace(bolus=SimpleNamespace(begin_ms=START_MS + at_s * 1000, source=source))

    told_of = evidence(
        window_s=90_000,
        truth={"boluses": [{"start_s": 100, "end_s": 130}, {"start_s": 9000, "end_s": 9030}],
               "clinician_boluses": [{"start_s": 120}, {"start_s": 4000}, {"start_s": 20_000}],
               "swaps": [{"off_s": 3500}], "demand_list": [{"at_s": 100}, {"at_s": 50_056}],
               "faults": [{"kind": "prime", "at_s": 3540}, {"kind": "prime", "at_s": 50_000}]},
        observed=SimpleNamespace(boluses=[told(100, "patient"), told(3601, "prime"),
                                          told(4000, "prime"), told(20_001, "prime"),
                                          told(30_000, "clinician"), told(50_056, "patient")]))
    assert judge_garbage._kinds(told_of) == [
        [100, "patient", "patient"], [3600, "prime", "prime"], [9000, "patient", "none"],
        [20_000, "clinician", "prime"], [30_000, "none", "clinician"]]


def test_garbage_is_planned_of_every_sort_with_all_that_really_happens() -> None:
    windows = [window.spec for window in plan("full", "G")]
    made_up = [next(fault for fault in spec.faults if fault.kind == "load_cell_garbage")
               for spec in windows]
    assert len(windows) == 300 and all(len(spec.deliveries) == 1 for spec in windows)
    shares = [float(fault.number("share_percent")) for fault in made_up]
    assert 0.1 <= min(shares) < 0.12 and 1.7 < max(shares) <= 2
    assert len({(fault.number("least_raw"), fault.number("most_raw")) for fault in made_up}) == 7
    bags_ul = [spec.options.bag_ul for spec in windows]
    assert 30_000 <= min(bags_ul) < 32_000 and 240_000 < max(bags_ul) <= 250_000
    assert {fault.kind for spec in windows for fault in spec.faults} == {
        "load_cell_garbage", "clinician_bolus", "bag_change", "prime", "refill", "knock", "tilt"}


def test_a_share_is_met_from_its_limit_on_and_never_by_nothing() -> None:
    assert share("k", "c", 0.95, [(True, "")] * 19 + [(False, "here")]).met
    missed = share("k", "c", 0.95, [(True, "")] * 18 + [(False, "here"), (False, "there")])
    assert not missed.met and missed.misses == ("here", "there")
    assert not share("k", "c", 1, []).met


def test_nothing_run_meets_nothing() -> None:
    assert not any(criterion.met for criterion in criteria([]))


def evidence(**parts: Any) -> Any:
    spec = SimpleNamespace(ul_per_count=Fraction(10))
    plain = {"spec": spec, "window_s": 1000, "truth": {}, "of_kind": lambda kind: []}
    return SimpleNamespace(**(plain | parts))


def test_a_minute_that_lacks_a_count_or_a_press_is_found() -> None:
    counts = np.arange(0, 1300)  # a count a tick
    presses = np.zeros(1300, int)
    minutes = [Event("minute", 0, 1, 60_900, {"counts": 609, "presses": 0}),
               Event("minute", 60, 1, 120_900, {"counts": 599, "presses": 1})]
    told_of = evidence(bedside=SimpleNamespace(counts=counts, presses=presses),
                       of_kind=lambda kind: minutes)
    found = judge_volumes.counting(told_of)
    assert [wrong["at_s"] for wrong in found["wrong"]] == [60]
    assert (found["counts"], found["pending"], found["counts_true"]) == (1208, 90, 1299)


def test_presses_are_matched_one_to_one() -> None:
    def told(at_s: float, outcome: str) -> Demand:
        return Demand(START_MS + round(at_s * 1000), outcome, "none", False)

    told_of = evidence(
        truth={"demand_list": [{"at_s": 10.0, "outcome": "delivered"},
                               {"at_s": 50.0, "outcome": "lockout"},
                               {"at_s": 90.0, "outcome": "halted"}]},
        observed=SimpleNamespace(demands=[told(10.1, "given"), told(10.4, "denied"), told(50, "denied"),
                                          told(200, "given")]))
    found = [(press["true"], press["told"]) for press in judge_presses.presses(told_of)]
    assert sorted(found) == sorted([("none", "denied"), ("given", "given"), ("denied", "denied"),
                                    ("given", "none"), ("none", "given")])


def test_boluses_are_matched_and_bounded_in_true_quanta() -> None:
    def told(at_s: float, milli_counts: int) -> Any:
        begin_ms = START_MS + round(at_s * 1000)
        return SimpleNamespace(bolus=Bolus(begin_ms, begin_ms + 20_000, milli_counts, 10_000_000,
                                           "patient", False, False, 1, 1))

    true = [{"start_s": 10.5, "volume_ul": 100}, {"start_s": 700, "volume_ul": 100}]
    told_of = evidence(truth={"boluses": true, "clinician_boluses": []}, quantum_ul=lambda at_s: 11.0,
                       observed=SimpleNamespace(boluses=[told(10, 9000), told(300, 5000)]))
    first, missing, invented = judge_presses.boluses(told_of)
    assert (first["told_ul"], first["low_ul"], first["high_ul"]) == pytest.approx((99, 88, 110))
    assert "source" not in missing and missing["at_s"] == 700
    assert invented["true_source"] == "none" and invented["told_ul"] == pytest.approx(55)


def test_bag_changes_are_matched_by_kind_and_time() -> None:
    def told(at_s: float, refill: int) -> Event:
        return Event("bag", at_s + 60, 1, 0, {"ago_ms": 60_000, "uncertainty_ms": 30_000,
                                              "refill": refill, "before_mg": 0, "after_mg": 10_046})

    told_of = evidence(
        truth={"swaps": [{"off_s": 100, "on_s": 160}, {"off_s": 800, "on_s": 860}],
               "faults": [{"kind": "refill", "onset_s": 500, "end_s": 600}]},
        of_kind=lambda kind: [told(130, 0), told(550, 1), told(830, 1)])
    found = judge_bags.changes(told_of)
    assert found["missed"] == [[800, 0]] and [told[2] for told in found["invented"]] == [1]


def test_a_pump_stop_without_cause_is_found() -> None:
    def told(at_s: float, state: int) -> Event:
        return Event("pump", at_s, 1, 0, {"ago_ms": 0, "uncertainty_ms": 5000, "state": state})

    told_of = evidence(truth={"swaps": [{"stop_s": 500, "restart_s": 680}], "faults": []},
                       bedside=SimpleNamespace(lead_s=60),
                       of_kind=lambda kind: [told(1, 1), told(505, 2), told(683, 1), told(900, 2)])
    assert [entry["true"] for entry in judge_suspicions.pump(told_of)] == [True, True, True, False]


def test_plans_hold_the_days_and_errors_they_promise() -> None:
    full = plan("full")
    assert sum(len(window.spec.deliveries) for window in full) >= 300
    assert 60 <= sum(len(window.spec.deliveries) for window in plan("ci")) <= 80
    assert len({window.spec.seed for window in full}) == len(full)
    assert len({window.spec.name for window in full}) == len(full)
    errors = [float(window.spec.calibration_error) for window in full if window.group == "C"]
    beyond = sum(abs(error) > 0.05 for error in errors) / len(errors)
    assert 0.035 <= beyond <= 0.055  # two sigma leave out 4.55 %
    assert {float(window.spec.calibration_error) for window in full if window.group in "TP"} == {0.0}


def test_the_report_writes_each_table_and_plot(good: Judged, tmp_path: Path) -> None:
    said: list[str] = []
    assert not report([good], tmp_path, said.append)  # a single day cannot show everything
    names = {path.name for path in tmp_path.iterdir()}
    assert {"criteria.md", "confusion.csv", "delays.md", "errors.csv", "trumpet.csv", "error_volume.svg",
            "trumpet.svg", "confusion.svg", "delays.svg", "false_signatures.csv", "seeds.csv"} <= names
    assert str(good["seed"]) in said[0]
    assert len(tables.error_table([good])) == 1 + len(good["volumes"])


def test_the_document_names_every_claim_with_its_limit() -> None:
    page = (ROOT / "docs" / "ACCURACY.md").read_text()
    for criterion in criteria([]):
        assert f"| {criterion.claim} | {criterion.limit} |" in page, criterion.key


def test_a_handset_that_nobody_presses_has_no_edges() -> None:
    assert debounce([]) == []
