"""The store under several processes at once."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

from pumplog.cli.common import unconfirmed
from pumplog.entries import Entry
from pumplog.store import Store
from test_cli import PATHS

OPEN = """
import sys, time
from pumplog.store import Store
time.sleep(max(0, float(sys.argv[2]) - time.time()))
Store.open(sys.argv[1])
"""


def test_many_may_make_the_same_store_at_once(tmp_path: Path) -> None:
    for round_number in range(5):
        db = tmp_path / f"{round_number}.db"
        start = str(time.time() + 1)
        processes = [
            subprocess.Popen([sys.executable, "-c", OPEN, str(db), start], text=True,
                             stderr=subprocess.PIPE, env={"PYTHONPATH": PATHS})
            for _ in range(6)
        ]
        for process in processes:
            said = process.communicate()[1]
            assert process.returncode == 0, said


def test_many_may_ask_who_this_computer_is_at_once(tmp_path: Path) -> None:
    ask = "from pumplog.world import host_id; print(host_id())"
    processes = [
        subprocess.Popen([sys.executable, "-c", ask], text=True, stdout=subprocess.PIPE,
                         env={"PYTHONPATH": PATHS, "XDG_STATE_HOME": str(tmp_path)})
        for _ in range(8)
    ]
    said = {process.communicate()[0] for process in processes}
    assert len(said) == 1 and said.pop().strip().isdigit()


def test_entries_that_a_board_claims_and_has_not_are_told(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.db") as store:
        store.add_entry(Entry(UUID(int=1), "reading", "P01", "B01", 5, "AB", 0, 0, {"volume_ul": 1}))
        assert "pull again" in unconfirmed(store, "B01", [])[0]
        assert unconfirmed(store, "B01", ["it is not yet on board"]) == []
        store.mark_delivered(UUID(int=1), 7, 3)
        assert unconfirmed(store, "B01", []) == []
