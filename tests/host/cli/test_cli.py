"""The command line on bad input and on a small store: one sentence, the contract's exit code."""

from __future__ import annotations

import json
import os
import shlex
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from uuid import uuid4

import pytest
from helpers.folded import unfolded
from helpers.host.bedside import START_MS, Bedside
from helpers.on_board.page_maker import PageMaker
from helpers.paths import PRODUCT, ROOT
from pumplog import host
from pumplog.cli import COMMANDS, EXAMPLES, build_parser, main
from pumplog.errors import UsageError
from pumplog.patients import episodes
from pumplog.quantities import MASS_UG, RATE_UL_H, VOLUME_UL, Kind, parse, show, show_age
from pumplog.store import Entry, Pull, Store, to_wire
from pumplog.sync.delivery import deliver
from pumpwire import commands, names, records


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "store.db"
    with Store.open(path) as store:
        bed = Bedside(store)
        bed.bag(0, "0.40", "0.20")
        bed.enter("regimen", 0, rate_ul_h=100, bolus_ul=100, lockout_s=900, lockout_from_end=0)
        bed.infuse(0, 3 * 86400, "0.10")
        bed.write(3 * 86400)
    return path


BAG = ["--morphine", "110 mg", "--bupivacaine", "55 mg", "--volume", "250 mL"]


@pytest.mark.parametrize("command, code, says", [
    (["doses", "P99"], 3, "no patient, board or bed P99"),
    (["pull"], 2, "NAME... or --all"),
    (["bag", "hang", "P01", "--morphine", "110", *BAG[2:]], 2, "--morphine '110' is not"),
    (["bag", "hang", "P01", "--morphine", "110,5 mg", *BAG[2:]], 2, "is not an amount"),
    (["bag", "hang", "P01", "--morphine", ".5 mg", *BAG[2:]], 2, "is not an amount"),
    (["bag", "hang", "P01", "--morphine", "0.4 mg/mL", *BAG[2:]], 2, "is not an amount"),
    (["bag", "hang", "P01", "--morphine", "800 mg", *BAG[2:]], 2, "add --confirm"),
    (["regimen", "set", "P01", "--rate", "-1 mL/h", "--bolus", "1 mL", "--lockout", "15 min"], 2,
     "is not a rate"),
    (["table", "--baseline", "three"], 2, "is not a window"),
    (["table", "--baseline", "0+3", "--followup", "2+7"], 2, "overlap, or are the wrong way round"),
    (["table", "--baseline", "28+7", "--followup", "0+3"], 2, "overlap, or are the wrong way round"),
    (["table", "--values", "absent.csv"], 3, "cannot be read"),
    (["patient", "start", "P02", "--board", "B09"], 3, "no board B09"),
    (["patient", "start", "P02", "--board", "B01"], 2, "serves patient P01"),
    (["pull", "P01", "--link", "serial:/dev/absent"], 3, "cannot be opened"),
    (["pull", "P01", "--link", "carrier-pigeon"], 2, "is not a link"),
    (["pull", "P01", "--link", "file:/absent"], 3, "cannot be read"),
    (["pull", "--all", "--check", "123456"], 2, "--check is the code of one board"),
    (["bag", "hang", "P01"], 2, "--morphine is missing"),
    (["regimen", "set", "P01", "--rate", "0.1 mL/h"], 2, "--bolus is missing"),
    (["bag", "hang", "P01", *BAG, "--link", "file:image"], 2, "--link file:image cannot be written"),
    (["patient", "move", "P01", "--board", "B09"], 3, "no board B09"),
    (["patient", "move", "P01", "--board", "B01"], 2, "is on board B01 already"),
    (["patient", "end", "B01"], 2, "cannot be undone, so name the patient by the code"),
    (["patient", "withdraw", "B01"], 2, "`pumplog patient withdraw P01`"),
    (["patient", "end", "P01", "--board", "B01"], 2, "--board and --bed go with start and move"),
    (["patient", "start", "P 2", "--board", "B01"], 2, "letters, digits"),
    (["patient", "start", "B01", "--board", "B01"], 2, "is the name of a board"),
    (["provision", "--name", "B01", "--ul-per-count", "1 uL", "--link", "serial:/dev/absent"], 2,
     "is in this store already"),
    (["provision", "--name", "B02", "--ul-per-count", "1 uL", "--link", "serial:/dev/absent",
      "--uncertainty-percent", "-5"], 2, "--uncertainty-percent"),
    (["provision", "--name", "B02", "--ul-per-count", "1 uL", "--link", "serial:/dev/absent",
      "--cell-per-kg", "0"], 2, "--cell-per-kg"),
    (["table", "--patient", "P01"], 2, "--patient goes with --explain"),
    (["bag", "list", "--volume", "250 mL"], 2, "`bag list` enters nothing"),
    (["regimen", "show", "P01", "--rate", "1 mL/h"], 2, "`regimen show` enters nothing"),
    (["events", "B07", "--link", "ble"], 3, "--link means nothing to `pumplog events`"),
    (["events", "B07"], 3, "no patient, board or bed B07"),
])
def test_bad_input_is_one_sentence(
    command: list[str], code: int, says: str, db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--db", str(db), "--initials", "AB"]) == code
    out, err = map(unfolded, capsys.readouterr())
    assert says in out + err and "Traceback" not in err


def test_no_adapter_is_said_in_a_sentence(db: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "pumplog", "--db", str(db), "scan"],
                          capture_output=True, text=True, env=dict(os.environ, PYTHONPATH=PRODUCT))
    assert done.returncode == 3 and "Bluetooth" in done.stderr
    assert "Traceback" not in done.stderr and done.stdout == ""


def test_boards_are_looked_for_without_a_store(tmp_path: Path) -> None:
    path = tmp_path / "absent.db"
    done = subprocess.run([sys.executable, "-m", "pumplog", "--db", str(path), "scan"],
                          capture_output=True, text=True, env=dict(os.environ, PYTHONPATH=PRODUCT))
    assert "Bluetooth" in done.stderr and not path.exists()


def test_a_newer_store_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "newer.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=99")
    before = path.read_bytes()
    assert main(["status", "--db", str(path)]) == 2
    assert "newer pumplog" in unfolded(capsys.readouterr().err)
    assert path.read_bytes() == before


def test_missing_bag_leaves_milligrams_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "nobag.db"
    with Store.open(path) as store:
        bed = Bedside(store)
        bed.infuse(0, 86400, "0.10")
        bed.write(86400)
    assert main(["doses", "P01", "--window", "0+1", "--json", "--db", str(path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["morphine_mg"]["value"] is None and told["continuous_ml"]["value"] == "2.4"
    assert main(["regimen", "show", "P01", "--db", str(path)]) == 3
    assert "regimen set" in unfolded(capsys.readouterr().err)


def test_entries_wait_until_they_are_on_board(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["--db", str(db), "--initials", "AB"]
    assert main(["bag", "hang", "P01", *BAG, *common]) == 0
    said = unfolded(capsys.readouterr().err)
    assert "not yet on board" in said and "0.44 mg/mL" in said and "patient P01 on board B01" in said
    assert main(["status", "--json", "--db", str(db)]) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["entries_not_on_board"] >= 1 and status["as_of_utc"] is None and status["stale"]


def test_json_of_events_and_table(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "events", "P01", "--db", str(db)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 4320 + 4
    assert {"log_id", "seq", "kind", "boot", "uptime_ms", "utc", "utc_uncertainty_ms"} <= set(lines[0])
    assert [line["seq"] for line in lines] == list(range(len(lines)))
    assert main(["table", "--json", "--db", str(db)]) == 0
    table = json.loads(capsys.readouterr().out)
    assert table["rows"][0]["baseline"]["mean"] == "0.96" and table["excluded"]
    assert main(["table", "--explain", "rate_ml_h", "--json", "--db", str(db)]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0])["minutes"]


@pytest.mark.parametrize("text, kind, want", [
    ("110 mg", MASS_UG, 110_000), ("0.1 mL/h", RATE_UL_H, 100), ("250mL", VOLUME_UL, 250_000),
    ("250 ml", VOLUME_UL, 250_000), ("110 mcg", MASS_UG, 110),
])
def test_quantities(text: str, kind: Kind, want: int) -> None:
    assert parse(text, "--x", kind) == want


@pytest.mark.parametrize("text", ["1", ".5 mg", "01 mg", "1,5 mg", "1 mg ok", "-1 mg", "0 mg", "1 g",
                                  "1e3 mg", "0.00001 mg", "１ mg"])
def test_doubtful_quantities_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text, "--x", MASS_UG)


def test_numbers_have_a_leading_and_no_trailing_zero() -> None:
    assert [show(x) for x in (0, 2)] == ["0", "2"] and show(5, 0) == "5"


READING_COMMANDS = [["status"], ["events"], ["doses", "P01"], ["table"], ["bag", "list"],
                    ["table", "--explain", "rate_ml_h"], ["regimen", "show"], ["patient", "list"],
                    ["pull", "--all"]]


@pytest.mark.parametrize("command", READING_COMMANDS, ids=" ".join)
def test_a_mistyped_store_is_said_and_not_made(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "typo" / "absent.db"
    assert main([*command, "--db", str(path)]) == 3
    assert "no store at" in unfolded(capsys.readouterr().err) and not path.parent.exists()


def test_a_store_that_cannot_be_written_is_said_in_a_sentence(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(db) as connection:
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON entries"
                           " BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    assert main(["bag", "hang", "P01", *BAG, "--db", str(db), "--initials", "AB"]) == 2
    assert "disk is full" in unfolded(capsys.readouterr().err)


def test_a_board_that_does_not_answer_is_said_whatever_the_store_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.db"
    path.write_text("this is no store " * 100)
    assert main(["doctor", "--quick", "--port", "/dev/absent", "--json", "--db", str(path)]) == 1
    assert json.loads(capsys.readouterr().out)["what"] == "running"


@pytest.mark.parametrize("option", [["scan", "--seconds", "-1"], ["scan", "--seconds", "nan"],
                                    ["pull", "P01", "--check", "-3"], ["pull", "P01", "--check", "x"]])
def test_impossible_numbers_are_usage_errors(option: list[str], db: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*option, "--db", str(db)])
    assert ended.value.code == 2


def test_nothing_is_entered_for_a_stay_that_ended(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--db", str(db), "--initials", "AB"]
    assert main(["patient", "end", "P01", *common]) == 0
    assert "pumplog pull B01" in unfolded(capsys.readouterr().err)
    for command in (["patient", "end", "P01"], ["patient", "withdraw", "P01"],
                    ["patient", "move", "P01", "--board", "B01"], ["bag", "hang", "P01", *BAG],
                    ["regimen", "set", "P01", "--rate", "1 mL/h", "--bolus", "1 mL",
                     "--lockout", "15 min"]):
        assert main([*command, *common]) == 2
        assert "ended" in unfolded(capsys.readouterr().err)
    with Store.open(db) as store:
        assert len([entry for entry in store.entries.all() if entry.entered_at_ms > START_MS]) == 1


def test_a_board_without_a_patient_can_be_pulled_by_its_name(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["patient", "end", "P01", "--db", str(db), "--initials", "AB"]) == 0
    capsys.readouterr()
    assert main(["pull", "B01", "B01", "--link", "file:/absent", "--db", str(db)]) == 3
    said = unfolded(capsys.readouterr().out)
    assert said.count("NOT PULLED") == 1 and "board B01, no patient" in said


def test_a_bed_and_a_board_serve_one_patient_at_a_time(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Store.open(db) as store:
        Bedside(store, patient="P02", board="B02", log_id=78)
        Bedside(store, patient="P05", board="B05", log_id=79)
        store.commit()
    common = ["--db", str(db), "--initials", "AB"]
    assert main(["patient", "move", "P01", "--board", "B02", *common]) == 2
    assert "serves patient P02" in unfolded(capsys.readouterr().err)
    assert main(["patient", "end", "P02", *common]) == 0
    assert main(["patient", "move", "P01", "--board", "B02", "--bed", "7", *common]) == 0
    assert "from board B01 to board B02, bed 7" in unfolded(capsys.readouterr().err)
    assert main(["bag", "hang", "7", *BAG, "--json", *common]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["patient"], told["board"], told["bed"]) == ("P01", "B02", "7")
    assert main(["patient", "start", "P03", "--board", "B01", "--bed", "7", *common]) == 2
    assert "bed 7 is patient P01's" in unfolded(capsys.readouterr().err)
    assert main(["patient", "start", "P03", "--board", "B01", "--bed", "P05", *common]) == 2
    assert "is the name of" in unfolded(capsys.readouterr().err)


def test_a_bag_without_one_of_the_drugs_says_none(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["bag", "hang", "P01", "--morphine", "80 ug", "--bupivacaine", "none", "--volume",
               "250 ml", "--db", str(db), "--initials", "AB"]
    assert main(command) == 2
    said = unfolded(capsys.readouterr().err)
    assert "0.00032 mg/mL" in said and "bupivacaine: none in this bag" in said
    assert main([*command, "--confirm"]) == 0
    assert main(["bag", "list", "P01", "--db", str(db)]) == 0
    assert "no bupivacaine" in unfolded(capsys.readouterr().out)


def test_entries_print_what_was_kept_as_json(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bag", "hang", "P01", *BAG, "--db", str(db), "--initials", "AB", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["patient"] == "P01" and told["board"] == "B01" and told["kind"] == "bag"
    assert told["on_board"] is False and len(told["uuid"]) == 36


def test_an_entry_that_could_not_be_delivered_is_said_to_be_kept(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bag", "hang", "P01", *BAG, "--db", str(db), "--initials", "AB", "--link",
                 "serial:/dev/absent"]) == 1
    said = unfolded(capsys.readouterr().err)
    assert "cannot be opened" in said and "is kept" in said and "do not enter it again" in said
    with Store.open(db) as store:
        waiting = store.entries.waiting("B01")
        assert len([entry for entry in waiting if entry.entered_at_ms > START_MS]) == 1


class _Board:
    """Takes entries under the check code 123456."""

    def deliver(self, entry: bytes, check_code: int) -> tuple[int, int | None]:
        return (commands.OK, 9) if check_code == 123456 else (commands.REFUSED, None)


def test_pull_delivers_waiting_entries_under_the_check_code_given_to_it(db: Path) -> None:
    with Store.open(db) as store:
        assert len(deliver(_Board(), store, 77, "B01", None)) == len(store.entries.waiting("B01")) > 0
        assert deliver(_Board(), store, 77, "B01", 123456) == [] == store.entries.waiting("B01")


def test_lists_say_strength_author_and_age(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["bag", "list"], ["bag", "list", "P01"], ["regimen", "show"],
                    ["regimen", "show", "P01"], ["patient", "list"]):
        assert main([*command, "--db", str(db)]) == 0
        said = unfolded(capsys.readouterr().out)
        assert "patient P01 on board B01" in said and " d " in said and " ago" in said
        if command[0] != "patient":
            assert "AB, not yet on board" in said
        assert main([*command, "--json", "--db", str(db)]) == 0
        assert json.loads(capsys.readouterr().out)["age_s"] > 0
    assert main(["bag", "list", "--db", str(db)]) == 0
    assert "0.4 mg/mL" in unfolded(capsys.readouterr().out)


def _pulled(db: Path, at_ms: int, **told: int) -> None:
    status = {**dict.fromkeys(names.STATUS_FIELDS, 0), "uptime_s": 40, "rate_ul_h": commands.NEVER,
              "rate_low_ul_h": commands.NEVER, "rate_high_ul_h": commands.NEVER, "reservoir_ul": -1,
              "last_bolus_age_s": commands.NEVER, "flags": commands.FLAG_LOGGING, **told}
    with Store.open(db) as store:
        store.pulls.add(Pull("B01", 77, at_ms, "ble", 1, 1, "complete", status))
        store.commit()


def test_status_says_the_local_time_the_age_and_what_is_unknown(
    db: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Etc/GMT-2")
    time.tzset()
    now_ms = START_MS + 10 * 3600_000
    monkeypatch.setattr(host, "utc_now_ms", lambda: now_ms)
    _pulled(db, now_ms - 7 * 60_000)
    assert main(["status", "--db", str(db)]) == 0
    said = unfolded(capsys.readouterr().out)
    assert "as pulled 19:53, 7 min ago" in said  # 17:53 UTC
    assert "rate not known" in said and "no bolus since the board started 40 s earlier" in said
    assert main(["status", "--json", "--db", str(db)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["pump_running"] is None and told["logging"] is True and told["rate_ul_h"] is None
    now_ms = START_MS + 40 * 3600_000
    _pulled(db, now_ms - 30 * 3600_000, rate_ul_h=200, rate_low_ul_h=190, rate_high_ul_h=210,
            reservoir_ul=249_940, last_bolus_age_s=720, flags=commands.FLAG_RUNNING)
    assert main(["status", "--db", str(db)]) == 0
    said = unfolded(capsys.readouterr().out)
    assert "last pulled 2026-01-05 20:00, 30 h 0 min ago" in said
    assert "pump running; rate 0.2 mL/h (0.19 to 0.21)" in said and "last bolus 12 min earlier" in said
    assert "NOT LOGGING" in said
    monkeypatch.undo()
    time.tzset()


def test_status_of_a_board_read_from_a_flash_image_says_so(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--db", str(db)]) == 0
    said = unfolded(capsys.readouterr().out)
    assert "never pulled over a link" in said and "pumplog events P01" in said


def test_events_name_the_patient_and_leave_other_patients_out(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Store.open(db) as store:
        end = Entry(uuid4(), "patient_end", "P01", "B01", 5, "AB", START_MS, START_MS + 86_400_000)
        start = Entry(uuid4(), "patient_start", "P02", "B01", 6, "AB", START_MS,
                      START_MS + 2 * 86_400_000)
        store.entries.add(end)
        store.entries.add(start)
        store.commit()
    told = {}
    for name in ("P01", "P02"):
        assert main(["events", name, "--json", "--db", str(db)]) == 0
        told[name] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["patient"] for line in told["P01"]} == {"P01", None}
    assert {line["patient"] for line in told["P02"]} == {"P02", None, "P01"}
    assert {line["kind"] for line in told["P02"] if line["patient"] == "P01"} <= {
        "boot", "anchor", "calibration"}
    assert sum(line["patient"] == "P02" for line in told["P02"]) == 1441 + 1  # minutes, pump stop
    assert main(["events", "P01", "--db", str(db)]) == 0
    assert "running" in unfolded(capsys.readouterr().out)


def test_events_say_what_an_entry_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "entry.db"
    bag = Entry(uuid4(), "bag", "P01", "B01", 5, "AB", START_MS, START_MS,
                {"morphine_ug": 100_000, "bupivacaine_ug": 50_000, "volume_ul": 250_000})
    with Store.open(path) as store:
        bed = Bedside(store)
        made = PageMaker(bed.log_id, 0)
        made.put(records.ENTRY, 0, (), to_wire(bag))
        store.add_page_bytes(bed.log_id, 0, 0, bytes(made.data))
        store.commit()
    assert main(["events", "--json", "--db", str(path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["entered"] == "bag" and told["author"] == "AB" and told["uuid"] == str(bag.uuid)
    assert told["morphine_ug"] == 100_000 and told["effective_utc"] == "2026-01-05T08:00:00.000Z"
    assert main(["events", "--db", str(path)]) == 0
    assert "bag" in unfolded(capsys.readouterr().out)


def test_small_numbers_are_never_shown_as_zero() -> None:
    assert show(Fraction(32, 100_000)) == "0.00032" and show(Fraction(1, 3)) == "0.333"
    assert show(Fraction(-1, 30_000)) == "-0.000033" and show(0) == "0"


def test_a_time_ahead_of_this_computer_is_not_called_an_age() -> None:
    assert show_age(40_000) == "40 s ago" and show_age(-5_000) == "5 s ahead of this computer's clock"


def test_the_image_of_another_board_is_refused(
    db: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = tmp_path / "log.flash"
    with Store.open(db) as store:
        Bedside(store, patient="P02", board="B02", log_id=78)
        store.commit()
    with sqlite3.connect(db) as connection:
        page_bytes = connection.execute("SELECT data FROM pages WHERE log_id=77 LIMIT 1").fetchone()[0]
    image.write_bytes(page_bytes.ljust(4096, b"\xff"))
    assert main(["pull", "P01", "--link", f"file:{image}", "--db", str(db)]) == 0
    assert main(["pull", "P02", "--link", f"file:{image}", "--db", str(db)]) == 4
    assert "the log of board B01, not of B02" in unfolded(capsys.readouterr().out)


def test_a_comparison_is_in_the_json_too(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    published = ROOT / "host_tools" / "pumplog" / "data" / "published_table4.csv"
    assert main(["table", "--json", "--compare", str(published), "--db", str(db)]) == 0
    compared = json.loads(capsys.readouterr().out)["compare"]
    first = compared[0]
    assert first["key"] == "morphine_mg_day" and first["timepoint"] == "baseline"
    assert first["mean"] == "0.96" and first["published_mean"] == "1.85"
    assert first["mean_difference"] == "-0.89" and first["se"] is None is first["se_difference"]
    assert main(["table", "--compare", str(published), "--db", str(db)]) == 0
    assert "Beside published_table4.csv" in unfolded(capsys.readouterr().out)


@pytest.mark.parametrize("command", [["events"], ["patient", "list"]])
def test_output_that_cannot_be_written_is_said_in_a_sentence(db: Path, command: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "pumplog", "--db", str(db), *command], stdout=full,
                              stderr=subprocess.PIPE, text=True,
                              env=dict(os.environ, PYTHONPATH=PRODUCT))
    assert done.returncode == 2 and unfolded(done.stderr).count("\n") == 1
    assert "cannot be written (No space left on device): make room" in unfolded(done.stderr)


def test_a_name_of_two_patients_chooses_neither(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "store.db"
    with Store.open(path) as store:
        for patient, board, bed in (("P01", "B01", "2"), ("2", "B02", "7")):
            store.entries.add(Entry(uuid4(), "patient_start", patient, board, 5, "AB", START_MS,
                                    START_MS, {}, bed))
        store.commit()
    assert main(["bag", "hang", "2", *BAG, "--db", str(path), "--initials", "AB"]) == 2
    assert "2 may be any of the patients 2, P01" in unfolded(capsys.readouterr().err)
    assert main(["bag", "hang", "7", *BAG, "--json", "--db", str(path), "--initials", "AB"]) == 0
    out, err = map(unfolded, capsys.readouterr())
    assert "patient 2 on board B02" in err and json.loads(out)["bed"] == "7"


@pytest.mark.parametrize("what", [["--rate", "1 mL/h"], ["--bolus", "1 mL"], ["--lockout", "15 s"]])
def test_a_slipped_decimal_of_the_prescription_must_be_confirmed(
    db: Path, capsys: pytest.CaptureFixture[str], what: list[str]
) -> None:
    told = {"--rate": "0.1 mL/h", "--bolus": "0.1 mL", "--lockout": "15 min", what[0]: what[1]}
    command = ["regimen", "set", "P01", *(word for pair in told.items() for word in pair),
               "--db", str(db), "--initials", "AB"]
    assert main(command) == 2
    said = unfolded(capsys.readouterr().err)
    assert f"the {what[0][2:]} would change twofold or more" in said and "add --confirm" in said
    with Store.open(db) as store:
        assert len([entry for entry in store.entries.all() if entry.kind == "regimen"]) == 1
    assert main([*command, "--confirm"]) == 0


def test_a_patient_in_another_bed_keeps_the_board(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["--db", str(db), "--initials", "AB"]
    with Store.open(db) as store:
        before = episodes(store)["P01"].stays
    assert main(["patient", "move", "P01", "--bed", "12", *common]) == 0
    assert "to bed 12, still on board B01" in unfolded(capsys.readouterr().err)
    with Store.open(db) as store:
        patient = episodes(store)["P01"]
    assert patient.bed == "12" and patient.stays == before
    assert main(["bag", "hang", "12", *BAG, *common]) == 0
    assert main(["patient", "move", "P01", "--bed", "12", *common]) == 2
    assert main(["patient", "move", "P01", *common]) == 2


@pytest.mark.parametrize("name, bed, says", [
    ("p01", "9", "too like patient P01"), ("12", "9", "is the bed of patient P01"),
    ("P02", " 12", "a label is up to"), ("P02", "1\n2", "a label is up to"),
    ("P02", "", "a label is up to"), ("P02", "9" * 33, "a label is up to"),
])
def test_names_that_may_be_mixed_up_are_refused(
    db: Path, capsys: pytest.CaptureFixture[str], name: str, bed: str, says: str
) -> None:
    common = ["--db", str(db), "--initials", "AB"]
    assert main(["patient", "move", "P01", "--bed", "12", *common]) == 0
    with Store.open(db) as store:
        store.add_board(replace(store.boards.named("B01"), name="B02"))
        store.commit()
    assert main(["patient", "start", name, "--board", "B02", "--bed", bed, *common]) == 2
    assert says in unfolded(capsys.readouterr().err)


def test_a_window_that_nobody_observed_is_unknown_not_zero(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["doses", "P01", "--window", "40+7", "--db", str(db)]
    assert main([*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["observed_s"] == "0" and told["unknown_s"] == str(7 * 86400)
    for name in ("continuous_ml", "pcia_ml", "morphine_mg", "bupivacaine_mg", "deliveries"):
        assert told[name] == {"value": None, "low": None, "high": None}, name
    assert main(command) == 0
    said = unfolded(capsys.readouterr().out)
    assert "nothing of this window was observed" in said and "(0 to 0)" not in said


def test_status_has_the_same_keys_for_a_board_never_pulled(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--json", "--db", str(db)]) == 0
    never = json.loads(capsys.readouterr().out)
    told = {**dict.fromkeys(names.STATUS_FIELDS, 0), "uptime_s": 40}
    with Store.open(db) as store:
        store.pulls.add(Pull("B01", 1, host.utc_now_ms(), "test", 0, 0, "complete", told))
        store.commit()
    assert main(["status", "--json", "--db", str(db)]) == 0
    assert json.loads(capsys.readouterr().out).keys() == never.keys() and never["pump_running"] is None


@pytest.mark.parametrize("command", [["status"], ["pull", "--all"]])
def test_a_board_left_with_entries_waiting_is_named(
    db: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert main(["patient", "end", "P01", "--db", str(db), "--initials", "AB"]) == 0
    capsys.readouterr()
    assert main([*command, "--db", str(db)]) == 3
    said = unfolded(capsys.readouterr().err)
    assert "P01, ended, last on board B01: what was entered is not yet on board" in said
    assert "`pumplog pull B01`" in said


def test_seconds_of_a_scan_are_refused_in_words(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("0", "x", "nan", "61"):
        with pytest.raises(SystemExit):
            main(["scan", "--seconds", text, "--db", str(db)])
        assert f"'{text}' is not a number of seconds from 1 to 60" in unfolded(capsys.readouterr().err)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example_that_can_be_typed(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tool, *typed = shlex.split(EXAMPLES[command])
    assert (tool, build_parser(typed).parse_args(typed).command) == ("pumplog", command)
    with pytest.raises(SystemExit):
        main([command, "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert told.endswith(f"example: {EXAMPLES[command]}")


def test_a_lost_label_is_printed_again_by_any_name_of_its_board(
    db: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "again.svg"
    assert main(["label", "P01", "--output", str(sheet), "--db", str(db)]) == 0
    assert capsys.readouterr().out == "board B01: check code 123456\n"
    assert "check 123456" in sheet.read_text()
    assert sheet.stat().st_mode & 0o777 == 0o600  # who has the code may write to the board
    sheet.chmod(0o644)
    assert main(["label", "P01", "--output", str(sheet), "--db", str(db)]) == 0
    assert sheet.stat().st_mode & 0o777 == 0o600 and capsys.readouterr().out
    assert main(["label", "B01", "--json", "--db", str(db)]) == 0
    assert capsys.readouterr().out == '{"board": "B01", "check_code": "123456"}\n'
    assert main(["label", "B09", "--db", str(db)]) == 3
