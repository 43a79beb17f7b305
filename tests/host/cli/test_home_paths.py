"""A path that begins with ~ is in the home folder, also where no shell saw to that: --db=~/ward.db."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.folded import unfolded
from helpers.host.made_log import board
from pumplog.cli import main
from pumplog.store import Store


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with a store, and an empty folder that the command runs in."""
    folder, here = tmp_path / "home", tmp_path / "here"
    folder.mkdir()
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    with Store.open(folder / "ward.db") as store:
        store.add_board(board(b"B01" * 10 + b"xx", "B01"))
        store.commit()
    return folder


def test_the_store_is_found_in_the_home_folder(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "list", "--db=~/ward.db"]) == 0
    monkeypatch.setenv("PUMPLOG_DB", "~/ward.db")
    assert main(["keys", "list"]) == 0
    assert capsys.readouterr().out.count("B01") >= 2
    assert list(Path().iterdir()) == []


def test_files_are_read_and_written_there(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "export", "~/keys.json", "--db=~/ward.db"]) == 0
    assert (home / "keys.json").is_file()
    assert main(["label", "B01", "--output=~/label.svg", "--db=~/ward.db"]) in (0, 2)
    (home / "values.csv").write_text("patient,timepoint,key\n")
    assert main(["table", "--values=~/values.csv"]) == 2
    assert "no column value" in unfolded(capsys.readouterr().err)
    (home / "b01.flash").write_bytes(bytes(4096))
    assert main(["pull", "B01", "--link", "file:~/b01.flash", "--db=~/ward.db"]) == 4
    told = capsys.readouterr()
    assert "holds no pumplog page" in unfolded(told.out + told.err)
    assert list(Path().iterdir()) == []


def test_a_home_that_nobody_has_is_a_name_as_any_other(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "list", "--db=~nobody-of-this-name/ward.db"]) == 3
    assert "no store at ~nobody-of-this-name" in unfolded(capsys.readouterr().err)
