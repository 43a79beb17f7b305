"""A user without a home, a folder that takes nothing, a store that another program put into WAL mode."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from helpers.folded import unfolded
from helpers.host.loop_link import LoopBoard
from helpers.host.made_log import board
from helpers.host.named_link import NamedLink
from pumplog import host
from pumplog.cli import main
from pumplog.errors import UsageError
from pumplog.store import Store


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user that this computer's list has not, as in a container, and no HOME."""
    def home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("HOME", "XDG_STATE_HOME", "PUMPLOG_DB", "USERPROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", staticmethod(home))


@pytest.mark.parametrize("words", [
    ["status"], ["events"], ["pull", "--all"], ["patient", "list"], ["keys", "list"], ["table"],
    ["scan"], ["verify"], ["bag", "list"], ["doses", "P01"],
])
def test_a_user_without_a_home_is_told_what_to_name(
    homeless: None, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert main(words) == 2
    told = unfolded(capsys.readouterr().err)
    assert "this user has no home folder" in told and "XDG_STATE_HOME" in told


def test_without_a_home_a_store_that_is_named_serves(
    homeless: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Store.open(tmp_path / "a.db") as store:
        store.add_board(board(b"B01" * 10 + b"xx", "B01"))
        store.commit()
    assert main(["keys", "list", "--db", str(tmp_path / "a.db")]) == 0


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="a folder in which nobody can write")
def test_a_folder_that_takes_no_file_is_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/none")
    monkeypatch.delenv("PUMPLOG_SIMULATED", raising=False)
    with pytest.raises(UsageError, match="/proc/none.* keeps this computer's number") as told:
        host.host_id()
    assert "XDG_STATE_HOME" in told.value.do
    made = LoopBoard()
    made.minutes(3)
    monkeypatch.setattr("pumplog.sync.delivery.open_link", lambda *_: NamedLink(made))
    with Store.open(tmp_path / "a.db") as store:
        store.add_board(board(b"B01" * 10 + b"xx", "B01"))
        store.commit()
    assert main(["pull", "B01", "--db", str(tmp_path / "a.db")]) != 0
    told_on_screen = capsys.readouterr()
    assert "this computer's number" in unfolded(told_on_screen.out + told_on_screen.err)


def journal_of(path: Path) -> str:
    connection = sqlite3.connect(path)
    try:
        return str(connection.execute("PRAGMA journal_mode").fetchone()[0])
    finally:
        connection.close()


def test_a_store_in_wal_mode_is_a_single_file_again(tmp_path: Path) -> None:
    db = tmp_path / "a.db"
    with Store.open(db) as store:
        store.add_board(board(b"B01" * 10 + b"xx", "B01"))
        store.commit()
    other = sqlite3.connect(db)
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("UPDATE boards SET name='B02'")
    other.commit()
    with Store.open(db) as store:  # the other program is still there: it is read as it is
        assert [each.name for each in store.boards.all()] == ["B02"]
    other.close()
    with Store.open(db) as store:
        store.add_board(board(b"B03" * 10 + b"xx", "B03"))
        store.commit()
        shutil.copy(db, tmp_path / "copy.db")  # while it is open
    assert journal_of(db) == "delete" and sorted(os.listdir(tmp_path)) == ["a.db", "copy.db"]
    with Store.open(tmp_path / "copy.db") as store:
        assert sorted(each.name for each in store.boards.all()) == ["B02", "B03"]
