"""What only a file says of a board's log hides nothing that the board has, and makes nothing known."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from helpers.host.made_log import AT_MS, MadeLog, board, put_page, store_with_board
from helpers.on_board.page_maker import PageMaker
from pumplog.errors import IntegrityError
from pumplog.patients import episode, status_of
from pumplog.store import BROKEN_OFF, Entry, Pull, Store
from pumplog.sync.image import pull_image
from pumplog.verify import Evidence, verify_log
from pumpwire import records
from pumpwire.names import STATUS_FIELDS


def claim(tmp_path: Path, store: Store, *wanted: tuple[int, tuple[int, ...]], first_seq: int = 1000
          ) -> None:
    """Gives the store a file: an open page far behind the log's end, of these records."""
    made = PageMaker(7, first_seq, 1, 10**6)
    for at, (kind, values) in enumerate(wanted):
        made.put(kind, 10**6 + at, values)
    path = tmp_path / "log.flash"
    path.write_bytes(bytes(made.data).ljust(4096, b"\xff"))
    pull_image(store, str(path), "B01")


@pytest.mark.parametrize("outcome", ["complete", BROKEN_OFF])
def test_a_file_that_says_that_records_never_were_hides_no_hole(tmp_path: Path, outcome: str) -> None:
    log, store = MadeLog(), store_with_board()
    log.into(store, 0, 100, 150, attest=outcome == "complete")
    holes = store.holes.of(7)
    wanted = store.holes.next_seq_wanted(7, 0)
    assert holes == [(50, 99, False)]
    claim(tmp_path, store, (records.SKIPPED, (0, 2**29)))
    assert store.holes.of(7)[:1] == holes and store.holes.next_seq_wanted(7, 0) == wanted
    if outcome == BROKEN_OFF:
        log.into(store)
        assert store.holes.of(7) == [(170, 999, False)] and store.pages.unproven(7) == [(1000, 1001)]


def test_verify_finds_records_that_were_taken_away_whatever_a_file_says(tmp_path: Path) -> None:
    log, store = MadeLog(), store_with_board()
    log.into(store)
    put_page(store, 7, 50, None)
    for first_seq, note in ((0, None), (1000, (records.SKIPPED, (0, 2**29))),
                            (2000, (records.LOST, (0, 2**29)))):
        if note:
            claim(tmp_path, store, note, first_seq=first_seq)
        report = verify_log(Evidence.of(store, 7, "B01"))
        found = {(each.kind, each.first, each.last) for each in report.findings}
        assert ("missing", 50, 99) in found, note


def test_a_cell_s_zero_is_not_known_from_a_file(tmp_path: Path) -> None:
    log, store = MadeLog(n=1), store_with_board()
    log.made.put(records.CALIBRATION, log.next_seq * 600, (100_000, 0, 0, 420_000))
    log.next_seq += 1
    log.grow(1)
    log.into(store)
    store.entries.add(Entry(UUID(int=1), "patient_start", "P01", "B01", 5, "AB", AT_MS, AT_MS))
    told = dict.fromkeys(STATUS_FIELDS, 0) | {"reservoir_ul": 200_000, "next_seq": log.next_seq}
    store.pulls.add(Pull("B01", 7, AT_MS, "made", 0, log.next_seq, "complete", told))
    claim(tmp_path, store, (records.CALIBRATION, (100_000, 0, 84_000, 420_000)))
    now = status_of(store, episode(store, "P01")).told
    assert now is not None and not now.cell_zero_known and now.reservoir_ul is None


def test_a_file_of_several_logs_of_which_one_is_another_board_s_claims_none(tmp_path: Path) -> None:
    store = store_with_board()
    store.add_board(board(b"another key" * 3, "B02"))
    theirs = MadeLog(key=b"another key" * 3, log_id=50)
    path = tmp_path / "log.flash"
    for log_id in (3, 49, 51, 2**31):
        path.write_bytes(b"".join(data.ljust(4096, b"\xff") for data in (
            bytes(PageMaker(log_id, 0, 1, 0).data), *theirs.pages.values())))
        with pytest.raises(IntegrityError, match="of board B02, not of B01: nothing was taken"):
            pull_image(store, str(path), "B01")
        assert store.logs.all() == []
