"""Possibilities in words: paired, with their evidence, never an alarm; and each record's words."""

from __future__ import annotations

import json
import re

import pytest
from helpers.folded import unfolded
from helpers.host.bedside import KINDS, START_MS, Bedside
from helpers.host.made_log import shorten_rows
from pumplog.cli import main
from pumplog.log import known_fields, read_log, record_text
from pumplog.log.signatures import Signature, evidence_text, signature_name
from pumplog.log.texts import UNKNOWN
from pumplog.store import Pull, Store
from pumpwire import names, records

HOUR = 3600


def noticed(kind: str = "occlusion", over_ms: int | None = None,
            restarted_ms: int | None = None) -> Signature:
    return Signature(kind, 3_600_000, 50, 1800, 1100, 100, 1, 9, over_ms, None, restarted_ms)


def moment(ms: int) -> str:
    return f"{ms // 1000} s"


def test_a_possibility_says_since_when_on_what_evidence_and_that_it_is_no_alarm() -> None:
    assert noticed().to_text(moment) == (
        "possible occlusion since 1800 s: in the first 30 min counts say 1.1 mL left the bag, weight"
        " says 0.1 mL; no end noticed; found on pull, not an alarm")
    assert "; lasted 1 h 0 min; over 5400 s; found" in noticed(over_ms=5_400_000).to_text(moment)
    assert "no end noticed before the board restarted" in noticed(restarted_ms=4_000_000).to_text(moment)


@pytest.mark.parametrize("kind", names.SIGNATURES.values())
def test_each_kind_is_worded_as_a_possibility(kind: str) -> None:
    text = noticed(kind).to_text(moment)
    assert "possibl" in text and text.endswith("found on pull, not an alarm")
    assert not re.search(r"\bOK\b|alarm(?!$)", text)
    assert "possibl" in signature_name("of_a_later_version")
    assert evidence_text("of_a_later_version", 1, 1, 1) == ""


def log(bed: Bedside) -> list[Signature]:
    return read_log(bed.store, bed.log_id, bed.board).signatures


def test_began_and_over_are_one_possibility() -> None:
    bed = Bedside(Store.open(":memory:"))
    bed.infuse(0, 5 * HOUR, "1.0", told=False)
    bed.add(HOUR, "signature", records.OCCLUSION, records.BEGAN, 600, 900, 50)
    bed.add(2 * HOUR, "signature", records.HANDSET_STUCK, records.BEGAN, 30, 0, 0)
    bed.add(3 * HOUR, "signature", records.OCCLUSION, records.OVER, 0, 0, 0)
    bed.add(4 * HOUR, "signature", records.OCCLUSION, records.BEGAN, 600, 900, 50)
    bed.off(4 * HOUR + 60, 4 * HOUR + 120)
    bed.add(5 * HOUR, "signature", records.OCCLUSION, records.OVER, 0, 0, 0)
    bed.write(5 * HOUR)
    assert [(s.kind, (s.noticed_ms - START_MS) // 1000, s.over_ms and (s.over_ms - START_MS) // 1000,
             s.restarted) for s in log(bed)] == [
        ("occlusion", HOUR, 3 * HOUR, False), ("handset_stuck", 2 * HOUR, None, True),
        ("occlusion", 4 * HOUR, None, True)]
    assert log(bed)[0].since_ms == START_MS + (HOUR - 600) * 1000


def status_store(path: str, cell_zero: int = 84_000, **told: int) -> None:
    with Store.open(path) as store:
        bed = Bedside(store, cell_zero=cell_zero)
        bed.infuse(0, 2 * HOUR, "1.0", told=False)
        bed.add(HOUR, "signature", records.OCCLUSION, records.BEGAN, 600, 1100, 100)
        bed.write(2 * HOUR)
        status = {name: 0 for name in names.STATUS_FIELDS} | {"uptime_s": 7200} | told
        store.pulls.add(Pull("B01", bed.log_id, START_MS + 2 * HOUR * 1000, "ble", 9, 9, "complete",
                            status))
        store.commit()


def test_status_shows_open_possibilities_and_the_reservoir_with_its_error(
    tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    path = f"{tmp_path}/a.db"
    status_store(path, reservoir_ul=182_400, reservoir_se_ul=600,
                 signatures=1 << records.OCCLUSION | 1 << records.CELL_DEAD)
    assert main(["status", "P01", "--db", path]) == 0
    text = unfolded(capsys.readouterr().out)
    assert "reservoir about 182.4 mL, give or take 0.6;" in text
    assert "possible occlusion since 2026-01-05 " in text
    assert "in the first 10 min counts say 1.1 mL left the bag, weight says 0.1 mL" in text
    assert "load cell possibly dead: its record is not here; found on pull, not an alarm" in text
    assert main(["status", "P01", "--json", "--db", path]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["reservoir_ul"], line["reservoir_se_ul"]) == ("182400", "600")
    occlusion, dead = line["signatures"]
    assert (occlusion["signature"], occlusion["since_utc"]) == ("occlusion", "2026-01-05T08:50:00.000Z")
    assert (occlusion["by_counts_ul"], occlusion["by_weight_ul"]) == ("1100", "100")
    assert dead["signature"] == "load_cell_dead" and dead["since_utc"] is None


def test_a_cell_whose_zero_nobody_measured_shows_no_reservoir(
    tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    path = f"{tmp_path}/a.db"
    status_store(path, cell_zero=0, reservoir_ul=333_500, reservoir_se_ul=500)
    assert main(["status", "P01", "--db", path]) == 0
    text = unfolded(capsys.readouterr().out)
    assert "reservoir not known, for nobody measured the load cell's zero" in text and "333" not in text
    assert main(["status", "P01", "--json", "--db", path]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["reservoir_ul"] is line["reservoir_se_ul"] is None and line["cell_zero_known"] is False


def test_a_status_from_before_possibilities_were_told_still_shows(
    tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    path = f"{tmp_path}/a.db"
    status_store(path, reservoir_ul=182_400)
    with Store.open(path) as store:
        store.database.connection.execute("UPDATE pulls SET status = json_remove(status, '$.signatures',"
                          " '$.reservoir_se_ul')")
        store.commit()
    assert main(["status", "P01", "--json", "--db", path]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["reservoir_se_ul"] is None and line["signatures"] == []


# kind: (fields in order, what the screen must say of them)
SAID = {
    "relief": ([0, 480, 0], "pain has eased, 8 min after a bolus began"),
    "signature": ([1, 1, 1800, 1100, 100],
                  "possible occlusion: in 30 min counts say 1.1 mL left the bag, weight says 0.1 mL;"
                  " found on pull, not an alarm"),
    "check": ([125_000, 12_300, 4000],
              "calibration as found over 125 mL: weight says +1.23 % beside what was counted, give or"
              " take 0.4 %; not applied"),
    "loop": ([3600, 140, 3], "in 1 h 0 min the latest tick was 140 ms late, 3 never came"),
    "resumed": ([1, 900, 0, 40_000, 12, 1, 25_000],
                "after boot 1: its last 40 s held 12 counts, 1 presses; at most 25 s passed unseen"),
    "memory": ([3, 20_000, 12_000, 15_500, 2],
               "20 kB of memory left for the radio, 12 kB in the largest piece, at least 15.5 kB so far:"
               " the radio takes no new link"),
    "power": ([1], "5 V failing: what follows was written on the hold-up"),
    "reservoir": ([182_400, 600], "holds about 182.4 mL, give or take 0.6 mL"),
    "weight": ([182_000, 10, records.NO_TEMPERATURE],
               "182 g beyond the tare; temperature not measured"),
    "bag": ([90_000, 30_000, 12_300, 250_400, 1],
            "refilled since 90 s before, give or take 30 s: from 12.3 g to 250.4 g"),
    "bolus": ([180_000, 180_000, 1050, 50_000, 1, 1, 0, 1000],
              "patient: 1000 counts in 180 s of 1 mL programmed, halted"),
    "demand": ([1200, 2, 1, 1], "pressed 1.2 s before: denied, lockout, inferred"),
    "pump": ([2, 70_000, 1800], "stopped since 70 s before, give or take 1.8 s"),
    "boot": ([3, 10_203], "started (watchdog), firmware 1.2.3"),
    "minute": ([60_000, 17, 1], "17 counts, 1 presses in 60 s"),
    "gap": ([1, 8, 0], "ticks skipped: 8"),
}


@pytest.fixture
def of_each_kind(tmp_path: object) -> str:
    path = f"{tmp_path}/a.db"
    with Store.open(path) as store:
        bed = Bedside(store)
        for k, (kind, (fields, _)) in enumerate(SAID.items()):
            bed.add(k + 1, kind, *([1, *fields] if kind == "boot" else fields))
        bed.write(60)
    return path


def shown(path: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, list[dict[str, object]]]:
    """Returns `pumplog events` for people and for programs."""
    assert main(["events", "--db", path]) == 0
    text = unfolded(capsys.readouterr().out)
    assert main(["events", "--json", "--db", path]) == 0
    return text, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def spoken(of_each_kind: str,
           capsys: pytest.CaptureFixture[str]) -> tuple[str, list[dict[str, object]]]:
    return shown(of_each_kind, capsys)


@pytest.mark.parametrize("kind", SAID)
def test_events_say_each_kind_in_words_with_units(
    kind: str, spoken: tuple[str, list[dict[str, object]]]
) -> None:
    said = [line for line in spoken[0].splitlines() if f" {kind} " in line[:60]]
    assert any(line.endswith(SAID[kind][1]) for line in said), said


def test_events_of_rows_from_before_each_kind_had_its_last_field(
    of_each_kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = [list(line) for line in shown(of_each_kind, capsys)[1]]
    with Store.open(of_each_kind) as store:
        for kind, number in KINDS.items():
            shorten_rows(store, kind, records.fields_of(number)[-1][0])
    lines = shown(of_each_kind, capsys)[1]
    assert {line["kind"] for line in lines} >= SAID.keys()
    for line in lines:
        kind = str(line["kind"])
        if kind in SAID and kind not in ("weight", "reservoir"):  # none of a field not known: null too
            field = records.fields_of(KINDS[kind])[-1][0]
            assert line[field] == (None if UNKNOWN.get((kind, field)) == 0 else 0), line
    assert [sorted(line) for line in lines] == [sorted(key) for key in keys]


def test_what_is_not_known_is_never_a_number(spoken: tuple[str, list[dict[str, object]]]) -> None:
    (line,) = [line for line in spoken[1] if line["kind"] == "weight"]
    assert line["temperature_c4"] is None
    assert "4096" not in spoken[0] and "1024" not in spoken[0]
    never = known_fields("relief", {"ago_ms": 0, "since_bolus_s": records.NEVER_S, "stray": 1})
    assert never["since_bolus_s"] is None
    assert "no bolus known before it" in (record_text("relief", never) or "")
    unweighed = known_fields("weight", {"weight_mg": 7, "samples": 0, "temperature_c4": 94})
    assert unweighed["weight_mg"] is None
    assert (record_text("weight", unweighed) or "") == "nothing weighed; 23.5 degC"
    for kind, field in (("bolus", "programmed_ul"), ("resumed", "lost_ms"), ("access", "host_id")):
        assert known_fields(kind, {field: 0}) == {field: None}
    blind = known_fields("reservoir", {"level_ul": -1, "se_ul": 500})
    assert blind == {"level_ul": None, "se_ul": None}
    assert (record_text("reservoir", blind) or "").startswith("holds an unknown volume")


def test_coded_numbers_have_words_in_json(spoken: tuple[str, list[dict[str, object]]]) -> None:
    by_kind = {line["kind"]: line for line in spoken[1]}
    assert by_kind["signature"]["signature_means"] == "occlusion"
    assert by_kind["signature"]["state_means"] == "began"
    assert by_kind["power"]["state_means"] == "failing"


def test_the_latest_check_of_the_window_is_shown_as_found_and_not_applied(
    tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    path = f"{tmp_path}/a.db"
    with Store.open(path) as store:
        bed = Bedside(store)
        bed.infuse(0, 10 * HOUR, "1.0")
        bed.add(HOUR, "check", 100_000, -3000, 5000)
        bed.add(2 * HOUR, "check", 125_000, 12_300, 4000)
        bed.add(25 * HOUR, "check", 150_000, 99_999, 4000)
        bed.write(26 * HOUR)
    assert main(["doses", "P01", "--window", "0+1", "--db", path]) == 0
    assert ("calibration as found over 125 mL: weight says +1.23 % beside what was counted, give or take"
            " 0.4 %; not applied") in unfolded(capsys.readouterr().out)
    assert main(["doses", "P01", "--window", "0+1", "--json", "--db", path]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["check"]["difference_percent"], line["check"]["applied"]) == ("1.23", False)
    assert line["continuous_ml"]["value"] == "10"
