"""A store that becomes read-only or is replaced under a command: told in words that help, nothing lost
silently."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from helpers.host.made_log import board
from pumplog.store import Store, StoreError


def made(path: Path) -> Path:
    with Store.open(path) as store:
        store.add_board(board(b"B01" * 10 + b"xx", "B01"))
        store.commit()
    return path


@pytest.mark.parametrize("how", ["replaced", "moved away", "deleted"])
def test_a_store_that_goes_from_its_place_takes_no_more_and_says_so(tmp_path: Path, how: str) -> None:
    db = made(tmp_path / "a.db")
    other = shutil.copy(db, tmp_path / "other.db")
    with Store.open(db) as store:
        if how == "replaced":  # as a folder that is synchronised does
            Path(other).replace(db)
        elif how == "moved away":
            db.rename(tmp_path / "b.db")
        else:
            db.unlink()
        with pytest.raises(StoreError) as told:
            store.add_board(board(b"B02" * 10 + b"xx", "B02"))
            store.commit()
    assert "cannot be written" in told.value.what
    assert "synchronised" in told.value.do and "free the disk" not in told.value.do
    if how == "replaced":
        with Store.open(db) as store:
            assert [each.name for each in store.boards.all()] == ["B01"]


def test_a_store_that_only_reads_is_read_and_says_what_it_is(tmp_path: Path) -> None:
    db = made(tmp_path / "a.db")
    with Store.open(db) as store:
        store.database.connection.execute("PRAGMA query_only=1")  # as on a medium that only reads
        assert [each.name for each in store.boards.all()] == ["B01"]
        with pytest.raises(StoreError, match="cannot be written .*: .*It is read-only"):
            store.add_board(board(b"B02" * 10 + b"xx", "B02"))
