"""From pump pins to table: real firmware under real MicroPython, serial nurse, radio pull."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pumpbench.cohort import read_cohort
from pumpbench.run import Plan, run_cohort

ROOT = Path(__file__).parents[2]
ENV = dict(os.environ, PYTHONPATH=f"{ROOT / 'host_tools'}:{ROOT / 'firmware'}")
COLUMNS = ("patient,timepoint,window_days,morphine_mg_per_250mL,bupivacaine_mg_per_250mL,"
           "rate_mL_h,bolus_mL,lockout_min\n")
REGIMENS = COLUMNS + """\
P01,baseline,1,80,55,0.06,0.06,15
P01,followup,1,95,105,0.89,0.89,15
P02,baseline,1,110,75,0.2,0.2,10
P02,followup,1,200,105,1.14,1.2,10
"""
COUNTS = """\
patient,timepoint,day,pcia_delivered
P01,baseline,1,12
P01,followup,1,19
P02,baseline,1,14
P02,followup,1,21
"""


def run(folder: Path, **options: Any) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "regimens.csv").write_text(REGIMENS)
    (folder / "counts.csv").write_text(COUNTS)
    out = folder / "run"
    plan = Plan(folder / "regimens.csv", folder / "counts.csv", out, out / "nurse.db",
                seed=11, jobs=2, **options)
    print(f"replay: pumpbench run --regimens {plan.regimens} --daily-counts {plan.daily_counts}"
          f" --out NEW --seed 11 {options}; images and truth in {out}")
    truth: dict[str, Any] = run_cohort(plan, print)["patients"]
    return truth


@pytest.fixture(scope="module")
def bedside(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("bedside")
    return folder / "run", run(folder)


def pumplog(db: Path, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "pumplog", "--db", str(db), *command],
                          capture_output=True, text=True, env={**ENV, **env})


class Air:
    """`pumpbench serve` as users start it."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pumpbench", "serve", str(folder)], env=ENV, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line.startswith("air ready on "), (line, self.process.stderr)
        self.address = line.split()[-1]

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=60)


@pytest.fixture
def air(bedside: tuple[Path, dict[str, Any]]) -> Iterator[Air]:
    served = Air(bedside[0])
    yield served
    served.stop()


def records(db: Path, below: int = 1 << 40) -> list[tuple[Any, ...]]:
    """Everything pulled of the windows (boots 1 and 2), anchors apart."""
    with sqlite3.connect(db) as connection:
        return connection.execute(
            "SELECT log_id, seq, kind, boot, uptime_ms, fields FROM records WHERE boot < 3"
            " AND seq < ? ORDER BY log_id, seq", (below,)).fetchall()


def copy_of(bedside: tuple[Path, dict[str, Any]], to: Path) -> Path:
    """A nurse's store with entries and no pulled page."""
    with sqlite3.connect(bedside[0] / "nurse.db") as source, sqlite3.connect(to) as target:
        source.backup(target)
        for table in ("pages", "records", "pulls", "quarantine"):
            target.execute(f"DELETE FROM {table}")
    return to


def check_against_truth(db: Path, truth: dict[str, Any], within: float) -> dict[str, Any]:
    done = pumplog(db, "table", "--json", "--baseline", "0+1", "--followup", "28+1")
    assert done.returncode == 0, done.stderr
    table: dict[str, Any] = json.loads(done.stdout)
    for row in table["rows"]:
        for timepoint in ("baseline", "followup"):
            cell = row[timepoint]
            assert cell["n"] == len(truth)
            for patient, value in cell["values"].items():
                true = truth[patient][timepoint][row["key"]]
                if row["key"] == "pcia_per_day" and within < 0.1:
                    assert float(value) == true
                else:
                    assert abs(float(value) - true) <= within * true, (patient, row["key"])
            true_mean = sum(t[timepoint][row["key"]] for t in truth.values()) / len(truth)
            low, high = (float(bound) for bound in cell["bounds"])
            assert low - 1e-9 <= true_mean <= high + 1e-9, row["key"]
    return table


def test_pull_table_and_second_pull(
    bedside: tuple[Path, dict[str, Any]], air: Air, tmp_path: Path
) -> None:
    folder, truth = bedside
    db = copy_of(bedside, tmp_path / "a.db")
    scan = pumplog(db, "scan", "--json", PUMPLOG_AIR=air.address)
    assert [json.loads(line)["patient"] for line in scan.stdout.splitlines()] == ["P01", "P02"]
    done = pumplog(db, "pull", "--all", "--json", PUMPLOG_AIR=air.address)
    assert done.returncode == 0, done.stdout + done.stderr
    first = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(line["records"] > 2900 for line in first)
    check_against_truth(db, truth, 0.015)
    before = records(db)
    with sqlite3.connect(db) as connection:
        closed = connection.execute("SELECT log_id, first_seq, data FROM pages WHERE closed").fetchall()
    again = [json.loads(line) for line in
             pumplog(db, "pull", "--all", "--json", PUMPLOG_AIR=air.address).stdout.splitlines()]
    assert all(line["bytes"] < 4096 and line["records"] < 60 for line in again)
    assert records(db) == before
    with sqlite3.connect(db) as connection:
        later = set(connection.execute("SELECT log_id, first_seq, data FROM pages WHERE closed"))
    assert set(closed) <= later
    status = json.loads(pumplog(db, "status", "--json").stdout.splitlines()[0])
    assert status["patient"] == "P01" and status["stale"] is False


def test_lost_notifications_and_killed_hosts_change_nothing(
    bedside: tuple[Path, dict[str, Any]], air: Air, tmp_path: Path
) -> None:
    whole = copy_of(bedside, tmp_path / "whole.db")
    assert pumplog(whole, "pull", "--all", PUMPLOG_AIR=air.address).returncode == 0
    lossy = copy_of(bedside, tmp_path / "lossy.db")
    done = pumplog(lossy, "pull", "--all", "--json", PUMPLOG_AIR=air.address,
                   PUMPLOG_AIR_LOSS="0.05:4")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sum(json.loads(line)["repaired"] for line in done.stdout.splitlines()) > 0
    assert records(lossy) == records(whole)
    killed = copy_of(bedside, tmp_path / "killed.db")
    dice = random.Random(2)
    for _ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-m", "pumplog", "--db", str(killed), "pull", "--all"],
            env={**ENV, "PUMPLOG_AIR": air.address}, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(dice.uniform(0.5, 2.5))
        process.kill()
        process.wait()
    done = pumplog(killed, "pull", "--all", PUMPLOG_AIR=air.address)
    assert done.returncode == 0, done.stdout + done.stderr
    assert records(killed) == records(whole)


def test_absent_board_is_said_first(bedside: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    db = copy_of(bedside, tmp_path / "absent.db")
    served = Air(bedside[0])
    served.stop()
    done = pumplog(db, "pull", "P01", PUMPLOG_AIR=served.address)
    assert done.returncode == 3 and done.stdout.startswith("NOT PULLED") and not done.stderr


def test_flash_image_gives_the_same_records(
    bedside: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    db = copy_of(bedside, tmp_path / "image.db")
    for patient, board in (("P01", "B01"), ("P02", "B02")):
        image = bedside[0] / board / "log.flash"
        assert pumplog(db, "pull", patient, "--link", f"file:{image}").returncode == 0
    check_against_truth(db, bedside[1], 0.015)


def test_coarse_counts_print_bounds_that_hold_the_truth(tmp_path: Path) -> None:
    truth = run(tmp_path, ul_per_count=Fraction(50))
    db = tmp_path / "run" / "nurse.db"
    for patient, board in (("P01", "B01"), ("P02", "B02")):
        image = tmp_path / "run" / board / "log.flash"
        assert pumplog(db, "pull", patient, "--link", f"file:{image}").returncode == 0
    table = check_against_truth(db, truth, 2.0)
    assert table["rows"][0]["baseline"]["bounds"][0] != table["rows"][0]["baseline"]["bounds"][1]


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    images = []
    for name in ("one", "two"):
        run(tmp_path / name, patients=("P01",), timepoints=("baseline",))
        images.append((tmp_path / name / "run" / "B01" / "log.flash").read_bytes())
    assert images[0] == images[1]


def test_the_cohort_is_the_published_one() -> None:
    data = ROOT / "host_tools" / "pumpbench" / "cohort_data"
    assert len(read_cohort(data / "regimens.csv", data / "daily_counts.csv")) == 12
