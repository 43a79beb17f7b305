"""What happened to a patient since the pull before is told: also what is over, the worst first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.folded import unfolded
from helpers.host.bedside import START_MS, Bedside
from pumplog.cli import main
from pumplog.patients import Noticed, episode, noticed_of, reached_ms
from pumplog.store import Pull, Store
from pumplog.sync.client import PullResult
from pumplog.sync.report import round_report
from pumplog.sync.report_text import round_text
from pumplog.sync.round import Outcome
from pumplog.sync.targets import Target
from pumplog.sync.visit import Visit
from pumpwire import names, records

HOUR = 3600
DENIED, LOCKOUT, STOPPED, UNKNOWN, GIVEN = 2, 1, 2, 4, 1


def ms(at_s: float) -> int:
    return START_MS + round(at_s * 1000)


def noticed(bed: Bedside, since_s: float = 0, patient: str = "P01") -> list[Noticed]:
    return noticed_of(bed.store, episode(bed.store, patient), ms(since_s))


def kinds(bed: Bedside, since_s: float = 0, patient: str = "P01") -> list[str]:
    return [each.kind for each in noticed(bed, since_s, patient)]


def possible(bed: Bedside, kind: int, begin_s: float, over_s: float | None = None) -> None:
    bed.add(begin_s, "signature", kind, records.BEGAN, 600, 900, 50)
    if over_s is not None:
        bed.add(over_s, "signature", kind, records.OVER, 0, 0, 0)


def stood(bed: Bedside, begin_s: float, end_s: float | None = None) -> None:
    bed.add(begin_s, "pump", records.PUMP_STOPPED, 0, 0)
    if end_s is not None:
        bed.add(end_s, "pump", records.PUMP_RUNNING, 0, 0)


def night(bed: Bedside) -> Bedside:
    """Twenty hours: the pump stood for 13 with 8 presses denied, free flow that is over, an occlusion
    that nobody followed because the board restarted."""
    bed.infuse(0, 5 * HOUR, "1.0")
    bed.infuse(18 * HOUR, 20 * HOUR, "1.0")
    possible(bed, records.FREE_FLOW, 2 * HOUR, 3 * HOUR)
    possible(bed, records.OCCLUSION, 18.5 * HOUR)
    for press in range(8):
        bed.add(6 * HOUR + 900 * press, "demand", 0, DENIED, STOPPED, 0)
    bed.off(19 * HOUR, 19 * HOUR + 60)
    bed.write(20 * HOUR)
    return bed


@pytest.fixture
def bed() -> Bedside:
    return Bedside(Store.open(":memory:"))


def test_the_night_is_told_the_worst_first(bed: Bedside) -> None:
    found = noticed(night(bed))
    assert [each.kind for each in found] == ["free_flow", "occlusion", "pump_stood", "presses_denied"]
    flow, occlusion, standstill, presses = (each.to_text() for each in found)
    assert "over " in flow and flow.startswith("possible free flow since")
    assert "no end noticed before the board restarted" in occlusion
    assert standstill.endswith("13 h 0 min")
    assert presses.endswith("8 asked, 8 gave nothing, 8 while the pump stood")


def test_what_was_over_before_is_not_told_again(bed: Bedside) -> None:
    night(bed)
    assert kinds(bed, 4 * HOUR) == ["occlusion", "pump_stood", "presses_denied"]
    assert kinds(bed, 18.2 * HOUR) == ["occlusion"]
    assert kinds(bed, 19.5 * HOUR) == []


def test_what_goes_on_is_told_at_each_pull(bed: Bedside) -> None:
    bed.infuse(0, HOUR, "1.0", told=False)
    stood(bed, HOUR)
    possible(bed, records.EMPTY, HOUR)
    bed.write(9 * HOUR)
    for since_s in (0, 2 * HOUR, 8 * HOUR):
        standstill, empty = noticed(bed, since_s)
        assert (standstill.kind, empty.kind) == ("pump_stood", "empty")
        assert standstill.over_ms is None and empty.over_ms is None
        assert standstill.to_text().endswith("and still did when the record ends, 8 h 0 min later")


@pytest.mark.parametrize("shift_s, told", [(599, []), (600, ["pump_stood"])])
def test_a_short_stop_is_a_bag_change(bed: Bedside, shift_s: int, told: list[str]) -> None:
    stood(bed, HOUR, HOUR + shift_s)
    bed.write(2 * HOUR)
    assert kinds(bed) == told


def test_after_a_restart_nobody_says_that_the_pump_still_stands(bed: Bedside) -> None:
    stood(bed, HOUR)
    bed.off(2 * HOUR, 3 * HOUR)
    bed.write(6 * HOUR)
    standstill, off = noticed(bed)
    assert standstill.over_ms is None
    assert standstill.to_text().endswith("1 h 0 min later")
    assert (off.kind, off.begin_ms, off.over_ms) == ("board_off", ms(2 * HOUR), ms(3 * HOUR))


@pytest.mark.parametrize("reasons, told", [
    ([LOCKOUT, LOCKOUT], ", 2 of them during lockout"),
    ([LOCKOUT, STOPPED, STOPPED], ", 1 of them during lockout, 2 while the pump stood"),
    ([UNKNOWN], ", 1 for a reason that the board did not know"),
    ([3, LOCKOUT], ", 1 of them during lockout, 1 for a reason that the board did not know"),
])
def test_why_a_press_gave_nothing_is_told_as_the_board_knew_it(
    bed: Bedside, reasons: list[int], told: str
) -> None:
    """A board that was never told the prescription knows of no lockout: that is not `0 of them`."""
    for n, reason in enumerate(reasons):
        bed.add(HOUR + 60 * n, "demand", 0, DENIED, reason, 0)
    bed.write(2 * HOUR)
    (presses,) = noticed(bed)
    n = len(reasons)
    assert presses.to_text().endswith(f"{n} asked, {n} gave nothing{told}")


def test_a_board_that_was_off_is_told_with_how_long(bed: Bedside) -> None:
    bed.off(2 * HOUR, 4 * HOUR)
    bed.write(6 * HOUR)
    (off,) = noticed(bed)
    assert (off.kind, off.begin_ms, off.over_ms) == ("board_off", ms(2 * HOUR), ms(4 * HOUR))
    assert off.to_text().startswith("the board was off from 2026-01-05 ")
    assert off.to_text().endswith(", 2 h 0 min: what the pump did then was not recorded")
    assert kinds(bed, 3 * HOUR) == ["board_off"] and kinds(bed, 5 * HOUR) == []


@pytest.mark.parametrize("offs_s, times", [
    ([60], 0), ([119], 0), ([120], 1), ([40, 40], 0), ([50, 50, 50], 3),
])
def test_short_restarts_are_told_once_they_add_up(
    bed: Bedside, offs_s: list[int], times: int
) -> None:
    for n, off_s in enumerate(offs_s):
        bed.off((n + 1) * HOUR, (n + 1) * HOUR + off_s)
    bed.write(5 * HOUR)
    found = noticed(bed)
    assert len(found) == bool(times)
    if times > 1:
        assert f"the board was off {times} times from" in found[0].to_text()
        assert "2 min in all: what the pump did then" in found[0].to_text()


def test_a_board_on_its_shelf_is_nobodys_outage(bed: Bedside) -> None:
    bed.off(HOUR, 5 * HOUR)
    bed.enter("patient_end", 2 * HOUR)
    bed.write(6 * HOUR)
    (off,) = noticed(bed)
    assert (off.begin_ms, off.over_ms) == (ms(HOUR), ms(2 * HOUR))


def test_lost_records_are_not_called_a_board_that_was_off(bed: Bedside) -> None:
    bed.off(3 * HOUR, 3 * HOUR + 30)
    bed.lose(HOUR, 3 * HOUR + 40)
    bed.write(5 * HOUR)
    assert kinds(bed) == []


def test_another_patients_night_is_nobody_elses(bed: Bedside) -> None:
    night(bed)
    bed.enter("patient_end", 4 * HOUR)
    second = bed.enter("patient_start", 5.5 * HOUR)
    assert second.patient == "P01"  # the second start of a patient counts for nothing
    assert kinds(bed) == ["free_flow"]


def test_each_kind_of_a_signature_has_its_place(bed: Bedside) -> None:
    for n, kind in enumerate(sorted(names.SIGNATURES)):
        possible(bed, kind, HOUR + 60 * n, 2 * HOUR + 60 * n)
    bed.write(3 * HOUR)
    ranks = [each.rank for each in noticed(bed)]
    assert len(ranks) == len(names.SIGNATURES) == len(set(ranks)) and 0 not in ranks
    assert noticed(bed)[0].kind == "free_flow"


def test_a_pull_is_dated_by_its_last_record_and_not_by_the_laptops_clock(bed: Bedside) -> None:
    night(bed)
    stored = list(bed.store.records.of(bed.log_id))
    before = next(record for record in stored if record.uptime_ms >= 4 * HOUR * 1000)
    pull = Pull("B01", bed.log_id, START_MS + 10**9, "ble", 9, before.seq + 1, "complete", {})
    at_ms = reached_ms(bed.store, pull)
    assert at_ms is not None and abs(at_ms - ms(4 * HOUR)) < 60_000
    assert reached_ms(bed.store, None) is None


# ---- where it is read

def pulled(path: Path) -> Store:
    store = Store.open(str(path))
    bed = night(Bedside(store))
    status = {name: 0 for name in names.STATUS_FIELDS} | {"uptime_s": 7200}
    store.pulls.add(Pull("B01", bed.log_id, ms(20 * HOUR), "ble", 9, 99_999, "complete", status))
    store.commit()
    return store


def test_the_end_of_a_round_names_it_first(tmp_path: Path) -> None:
    store = pulled(tmp_path / "a.db")
    targets = [Target("B09", "P09", "9", "patient P09 on board B09, bed 9"),
               Target("B01", "P01", "1", "patient P01 on board B01, bed 1")]
    outcomes = [Outcome(target, Visit(PullResult(5, 1, 1, 5, 0, 0))) for target in targets]
    report = round_report(store, outcomes, {})
    lines = round_text(report)
    assert lines[0] == ("pulled 2 of 2; first read what was noticed at bed 1 (P01); some of it may be"
                        " over.")
    assert lines[1].startswith("pulled      patient P01") and "possible free flow" in lines[2]
    assert report.exit_code == 0
    assert [each["kind"] for each in report.to_json()[1]["noticed"]] == [
        "free_flow", "occlusion", "pump_stood", "presses_denied"]


def test_status_tells_it_and_json_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.db"
    with pulled(path):
        pass
    assert main(["status", "--db", str(path)]) == 0
    text = unfolded(capsys.readouterr().out)
    assert "noticed since 2026-01-05" in text and "8 asked, 8 gave nothing" in text
    assert main(["status", "--json", "--db", str(path)]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["noticed"][0]["kind"] == "free_flow"
    assert line["noticed"][2]["over_utc"] == "2026-01-06T02:00:00.000Z"
    assert line["noticed_since_utc"] == "2026-01-05T08:00:00.000Z"


def test_a_pump_is_not_said_to_stand_where_records_are_missing(bed: Bedside) -> None:
    stood(bed, HOUR, 9 * HOUR)
    bed.lose(2 * HOUR, 8 * HOUR)
    bed.write(10 * HOUR)
    (standstill,) = noticed(bed)
    assert standstill.over_ms is None
    assert standstill.to_text().endswith(("59 min later", "1 h 0 min later"))
