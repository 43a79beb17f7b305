"""The command line on bad input and on a small store: one sentence, the contract's exit code."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from bedside import Bedside
from pumplog.cli import main
from pumplog.errors import Usage
from pumplog.quantities import MASS_UG, RATE_UL_H, VOLUME_UL, parse, show
from pumplog.store import Store

ROOT = Path(__file__).parents[2]
PATHS = f"{ROOT / 'host_tools'}:{ROOT / 'firmware'}"


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
    (["table", "--values", "absent.csv"], 2, "cannot be read"),
    (["patient", "start", "P02", "--board", "B09"], 3, "no board B09"),
    (["patient", "start", "P02", "--board", "B01"], 2, "serves patient P01"),
    (["pull", "P01", "--link", "serial:/dev/absent"], 3, "cannot be opened"),
    (["pull", "P01", "--link", "carrier-pigeon"], 2, "none of ble"),
    (["pull", "P01", "--link", "file:/absent"], 3, "cannot be read"),
])
def test_bad_input_is_one_sentence(
    command: list[str], code: int, says: str, db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--db", str(db), "--initials", "AB"]) == code
    out, err = capsys.readouterr()
    assert says in out + err and "Traceback" not in err


def test_no_adapter_is_said_in_a_sentence(db: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "pumplog", "--db", str(db), "scan"],
                          capture_output=True, text=True, env=dict(os.environ, PYTHONPATH=PATHS))
    assert done.returncode == 3 and "Bluetooth" in done.stderr
    assert "Traceback" not in done.stderr and done.stdout == ""


def test_a_newer_store_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "newer.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=99")
    before = path.read_bytes()
    assert main(["status", "--db", str(path)]) == 2
    assert "newer pumplog" in capsys.readouterr().err
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
    assert "regimen set" in capsys.readouterr().err


def test_entries_wait_until_they_are_on_board(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["--db", str(db), "--initials", "AB"]
    assert main(["bag", "hang", "P01", *BAG, *common]) == 0
    said = capsys.readouterr().err
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
    assert json.loads(capsys.readouterr().out.splitlines()[0])["records"]


@pytest.mark.parametrize("text, kind, want", [
    ("110 mg", MASS_UG, 110_000), ("0.1 mL/h", RATE_UL_H, 100), ("250mL", VOLUME_UL, 250_000),
])
def test_quantities(text: str, kind: tuple[str, dict[str, int]], want: int) -> None:
    assert parse(text, "--x", kind) == want


@pytest.mark.parametrize("text", ["1", ".5 mg", "01 mg", "1,5 mg", "1 mg ok", "-1 mg", "0 mg", "1 g",
                                  "1e3 mg", "0.00001 mg", "１ mg"])
def test_doubtful_quantities_are_refused(text: str) -> None:
    with pytest.raises(Usage):
        parse(text, "--x", MASS_UG)


def test_numbers_have_a_leading_and_no_trailing_zero() -> None:
    assert [show(x) for x in (0, 2)] == ["0", "2"] and show(5, 0) == "5"
