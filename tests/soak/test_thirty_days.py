"""Thirty days of one board without a boot, on the 160 kB heap: nothing is missing and memory lasts."""

from __future__ import annotations

from pathlib import Path

from helpers.air.named_binary import named_binary
from helpers.air.ward import holes, pumplog, rows
from pumpbench.board.virtual_board import HEAP
from pumpbench.runs import Plan, run_cohort
from pumplog.store import Store
from pumplog.verify import Evidence, verify_log

DAYS = 30
MINUTES = DAYS * 24 * 60
REGIMENS = f"""\
patient,timepoint,window_days,morphine_mg_per_250mL,bupivacaine_mg_per_250mL,rate_mL_h,bolus_mL,lockout_min
P01,baseline,{DAYS},95,105,0.89,0.89,15
"""
COUNTS = "patient,timepoint,day,pcia_delivered\n" + "".join(
    f"P01,baseline,{day},{18 + day % 5}\n" for day in range(1, DAYS + 1))


def test_thirty_days_on_one_heap(tmp_path: Path) -> None:
    (tmp_path / "regimens.csv").write_text(REGIMENS)
    (tmp_path / "counts.csv").write_text(COUNTS)
    out, db = tmp_path / "run", tmp_path / "fresh.db"
    with named_binary(tmp_path) as told:
        plan = Plan(tmp_path / "regimens.csv", tmp_path / "counts.csv", out, out / "nurse.db",
                    timepoints=("baseline",))
        truth = run_cohort(plan, print)["patients"]["P01"]["baseline"]
    assert [call[:2] for call in told.calls()] == [["-X", f"heapsize={HEAP}"]]  # one boot
    (end,) = told.told()
    print(f"{DAYS} days on {HEAP} of heap: {end['free']} bytes free at the end")
    assert end["free"] >= 32 * 1024
    with Store.open(out / "nurse.db") as source, Store.open(db) as fresh:
        for board in source.boards.all():
            fresh.add_board(board)
        fresh.commit()
    done = pumplog(db, "pull", "B01", "--link", f"file:{out / 'B01' / 'log.flash'}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert holes(db) == []
    (minutes,), = rows(db, "SELECT COUNT(*) FROM records WHERE kind='minute'")
    assert minutes >= MINUTES
    (boluses,), = rows(db, "SELECT COUNT(*) FROM records WHERE kind='bolus'")
    assert boluses >= len(truth["boluses"]) > 500
    with Store.open(db) as store:
        (log_id, board), = store.logs.all()
        report = verify_log(Evidence.of(store, log_id, board))
    assert {found.kind for found in report.findings} <= {"unattested", "unsealed", "unkeyed"}
