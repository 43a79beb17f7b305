"""A status tells what a board told while it served the patient, and a left board is not forgotten."""

from __future__ import annotations

from uuid import uuid4

import pytest
from helpers.folded import unfolded
from helpers.host.bedside import START_MS, Bedside
from pumplog import host
from pumplog.patients import Status, episode, left_behind, status_of
from pumplog.store import Board, Entry, Pull, Store
from pumpwire import commands, names, records

HOUR = 3600


def ms(at_s: float) -> int:
    return START_MS + round(at_s * 1000)


@pytest.fixture
def bed(monkeypatch: pytest.MonkeyPatch) -> Bedside:
    monkeypatch.setattr(host, "utc_now_ms", lambda: ms(12 * HOUR))
    return Bedside(Store.open(":memory:"))


def pulled(bed: Bedside, at_s: float, board: str = "B01", **told: int) -> None:
    """The board was pulled over a link at a moment, and said this of itself."""
    status = {**dict.fromkeys(names.STATUS_FIELDS, 0), "uptime_s": 7200, "rate_ul_h": 500,
              "rate_low_ul_h": 490, "rate_high_ul_h": 510, "last_bolus_age_s": commands.NEVER,
              "reservoir_ul": 240_000, "reservoir_se_ul": 500, "flags": commands.FLAG_RUNNING, **told}
    bed.store.pulls.add(Pull(board, bed.log_id, ms(at_s), "ble", 9, 9, "complete", status))


def enter(bed: Bedside, patient: str, kind: str, at_s: float, board: str = "B01") -> None:
    bed.store.entries.add(Entry(uuid4(), kind, patient, board, 5 + ord(patient[-1]), "AB", START_MS,
                                ms(at_s)))


def on_board(bed: Bedside) -> None:
    """All that was entered so far went onto its board."""
    for seq, entry in enumerate(bed.store.entries.waiting("B01") + bed.store.entries.waiting("B02")):
        bed.store.entries.mark_delivered(entry.uuid, bed.log_id, 900 + seq)


def status(bed: Bedside, patient: str) -> Status:
    return status_of(bed.store, episode(bed.store, patient))


def test_a_later_patients_values_are_nobody_elses(bed: Bedside) -> None:
    bed.write(HOUR)
    pulled(bed, 2 * HOUR, rate_ul_h=111)
    enter(bed, "P01", "patient_end", 3 * HOUR)
    enter(bed, "P02", "patient_start", 4 * HOUR)
    pulled(bed, 5 * HOUR, rate_ul_h=999)
    pulled(bed, 6 * HOUR, rate_ul_h=999)
    first, second = status(bed, "P01"), status(bed, "P02")
    assert first.told is not None and first.told.rate_ul_h == 111 and first.age_s == 10 * HOUR
    assert "last pulled in the stay" in first.to_text()
    assert second.told is not None and second.told.rate_ul_h == 999 and second.age_s == 6 * HOUR


def test_what_a_board_told_before_the_stay_is_not_the_patients(bed: Bedside) -> None:
    bed.write(HOUR)
    pulled(bed, 2 * HOUR)
    enter(bed, "P01", "patient_end", 3 * HOUR)
    enter(bed, "P02", "patient_start", 4 * HOUR)
    told = status(bed, "P02")
    assert told.told is None and told.age_s is None and told.stale
    assert "not pulled in this stay, nothing known of now" in told.to_text()
    assert told.to_json()["rate_ul_h"] is None and told.to_json()["reservoir_ul"] is None


@pytest.mark.parametrize("age_s, mine", [(1799, True), (1801, False)])
def test_the_last_bolus_is_the_patients_own(bed: Bedside, age_s: int, mine: bool) -> None:
    bed.write(HOUR)
    enter(bed, "P01", "patient_end", 3 * HOUR)
    enter(bed, "P02", "patient_start", 4 * HOUR)
    pulled(bed, 4.5 * HOUR, last_bolus_age_s=age_s)
    told = status(bed, "P02")
    assert told.to_json()["last_bolus_age_s"] == (str(age_s) if mine else None)
    assert ("last bolus" in told.to_text()) is mine
    assert ("no bolus since the patient is on this board" in told.to_text()) is not mine


def test_entries_for_a_later_patient_do_not_wait_for_an_earlier(bed: Bedside) -> None:
    bed.write(HOUR)
    pulled(bed, 2 * HOUR)
    enter(bed, "P01", "patient_end", 3 * HOUR)
    on_board(bed)
    enter(bed, "P02", "patient_start", 4 * HOUR)
    assert status(bed, "P01").entries_not_on_board == 0
    assert status(bed, "P02").entries_not_on_board == 1


@pytest.mark.parametrize("kind, over_s, doubtful", [
    (records.FREE_FLOW, None, True), (records.FREE_FLOW, 3600, True), (records.FREE_FLOW, 2400, False),
    (records.COUNTER_SILENT, 4000, True), (records.OCCLUSION, 4000, False),
    (records.RUNAWAY, 4000, False),
])
def test_a_reservoir_that_weight_contradicts_is_doubtful(
    bed: Bedside, kind: int, over_s: int | None, doubtful: bool
) -> None:
    bed.add(1800, "signature", kind, records.BEGAN, 30, 6, 1500)
    if over_s:
        bed.add(over_s, "signature", kind, records.OVER, 0, 0, 0)
    bed.write(2 * HOUR)
    pulled(bed, 6100, signatures=0 if over_s else 1 << kind)
    told = status(bed, "P01")
    assert told.told is not None and told.told.reservoir_doubtful is doubtful
    assert told.to_json()["reservoir_doubtful"] is doubtful
    said = unfolded(told.to_text())
    assert ("give or take" not in said.split("reservoir")[1].split(";")[0]) is doubtful
    assert ("reservoir doubtful, for counts and weight disagree: about 240 mL" in said) is doubtful


@pytest.mark.parametrize("pulled_s, named", [(3.5, True), (4.5, False)])
def test_a_board_that_a_patient_left_unpulled_is_named(
    bed: Bedside, pulled_s: float, named: bool
) -> None:
    bed.store.add_board(Board("B02", b"2" * 32, b"p" * 32, 222222, 100_000, 0, START_MS))
    bed.write(HOUR)
    pulled(bed, 3 * HOUR)
    enter(bed, "P01", "patient_move", 4 * HOUR, "B02")
    on_board(bed)
    pulled(bed, pulled_s * HOUR)
    left = left_behind(bed.store)
    assert [each.board for each in left] == (["B01"] if named else [])
    if named:
        assert left[0].to_text().startswith("board B01, which patient P01 left ")
        assert left[0].to_text().endswith(
            "its last records may not be here: pull it once more, `pumplog pull B01`")


def test_a_board_is_not_named_for_ever(bed: Bedside, monkeypatch: pytest.MonkeyPatch) -> None:
    bed.write(HOUR)
    pulled(bed, 2 * HOUR)
    enter(bed, "P01", "patient_end", 3 * HOUR)
    on_board(bed)
    assert [each.board for each in left_behind(bed.store)] == ["B01"]
    monkeypatch.setattr(host, "utc_now_ms", lambda: ms(8 * 24 * HOUR))
    assert left_behind(bed.store) == []
