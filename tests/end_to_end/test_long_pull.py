"""Thirty days of one board come over the air in as many round trips as three do."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks import log_size
from helpers.air.traces import answers, packets
from helpers.air.ward import Ward, holes, json_lines, on_air, pumplog, rows, run_ward
from helpers.on_board import day_log
from pumpbench.board.virtual_board import LOG_PAGES
from pumplog.store import Store

PATIENT = "P02"
# Who the board is, the time, the anchor; a report and its attestation, again for what was recorded
# meanwhile, three times at most.
MOST_ANSWERS = 3 + 3 * 2


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    return run_ward(tmp_path_factory.mktemp("long"), patients=(PATIENT,))


def with_days(ward: Ward, to: Path, days: int, monkeypatch: pytest.MonkeyPatch) -> tuple[Ward, int]:
    """Returns a ward whose board's log is so many reference days; how many records that is."""
    copy = ward.copy(to)
    with Store.open(str(copy.folder / "nurse.db")) as store:
        (board,) = store.boards.all()
    monkeypatch.setattr(day_log, "KEY", board.device_key)
    every = log_size.read_days()
    log = day_log.DayLog(log_size.one_after_the_other((every * days)[:days]), LOG_PAGES)
    copy.image(PATIENT).write_bytes(bytes(log.flash.cells))
    return copy, log.records


@pytest.mark.parametrize("days", [3, 30])
def test_the_round_trips_of_a_pull_do_not_grow_with_the_log(
    ward: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    copy, written = with_days(ward, tmp_path / "run", days, monkeypatch)
    db, trace = copy.store(tmp_path / "nurse.db"), tmp_path / "trace"
    with on_air(copy) as air:
        done = pumplog(db, "pull", PATIENT, "--json", PUMPLOG_AIR=air.address,
                       PUMPLOG_AIR_TRACE=str(trace))
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = json_lines(done)
    assert line["outcome"] == "complete" and line["records"] >= written > 1700 * days
    assert rows(db, "SELECT COUNT(*) FROM records WHERE log_id=?", day_log_id())[0][0] == line["records"]
    assert not holes(db)
    assert len(packets(trace)) > 20 * days
    assert answers(trace) <= MOST_ANSWERS


def day_log_id() -> int:
    """Returns the log id that tests/helpers/on_board/day_log.py's dice give."""
    return int.from_bytes(day_log.random(4), "little")
