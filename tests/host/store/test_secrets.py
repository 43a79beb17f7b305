"""What holds keys is for its owner alone, files are whole or not there, and no file costs too much."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from helpers.folded import unfolded
from helpers.paths import PRODUCT
from pumplog.cli import main
from pumplog.errors import IntegrityError, UsageError
from pumplog.files import read_bounded, write_whole
from pumplog.host import host_id
from pumplog.store import Board, Store, database, key_file

BOARD = Board("B01", b"k" * 32, b"p" * 32, 123456, 1_000_000, 25_000, 1_767_600_000_000)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def made(path: Path) -> Path:
    with Store.open(path) as store:
        store.add_board(BOARD)
        store.commit()
    return path


# ---- for its owner alone

@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_store_and_a_key_file_are_their_owners_alone(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        db = made(tmp_path / "new" / "store.db")
        assert main(["keys", "export", str(tmp_path / "keys.json"), "--db", str(db)]) == 0
    finally:
        os.umask(before)
    assert mode(db) == mode(tmp_path / "keys.json") == 0o600
    assert mode(db.parent) == 0o700 & ~umask


@pytest.mark.parametrize("was", [0o644, 0o666, 0o640, 0o604])
def test_a_store_from_before_becomes_its_owners_alone(tmp_path: Path, was: int) -> None:
    db = made(tmp_path / "store.db")
    db.chmod(was)
    assert main(["keys", "list", "--db", str(db)]) == 0
    assert mode(db) == 0o600


# ---- whole or not at all

def test_an_export_that_finds_no_room_leaves_nothing_and_works_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    db, file = made(tmp_path / "store.db"), tmp_path / "stick" / "keys.json"
    file.parent.mkdir()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    command = ["keys", "export", str(file), "--db", str(db)]
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        assert main(command) == 2
    assert "No space left" in unfolded(capsys.readouterr().err) and not list(file.parent.iterdir())
    assert main(command) == 0 and [each.name for each in file.parent.iterdir()] == ["keys.json"]
    assert main(command) == 2  # it is there: nothing is written over


def test_what_is_killed_while_it_writes_leaves_the_name_free(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    script = ("import os, sys; from pathlib import Path; from pumplog import files;"
              "files.os.fsync = lambda _: os._exit(9); files.write_whole(Path(sys.argv[1]), 'x')")
    done = subprocess.run([sys.executable, "-c", script, str(file)], env={"PYTHONPATH": PRODUCT})
    assert done.returncode == 9 and not file.exists()
    write_whole(file, "whole")
    assert file.read_text() == "whole" and mode(file) == 0o600


# ---- costs

@pytest.mark.parametrize("n, r, p", [
    (1 << 25, 8, 1), (1 << 20, 32, 1), (1 << 20, 8, 1), (1 << 14, 8, 1 << 20), (2, 1 << 30, 1),
    (1 << 14, 8, 65), (1 << 18, 8, 1), (0, 8, 1), (-2, 8, 1), (3, 8, 1), (1 << 200, 1, 1)])
def test_a_key_file_that_asks_for_more_than_ours_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n: int, r: int, p: int
) -> None:
    file = tmp_path / "keys.json"
    outside = json.loads(key_file.close([key_file.BoardKeys(BOARD, ())], "A"))
    file.write_text(json.dumps({**outside, "n": n, "r": r, "p": p}))
    with pytest.raises(Exception, match="is damaged") as told:
        key_file.open_file(file, "A")
    assert getattr(told.value, "exit_code", None) == 4


@pytest.mark.parametrize("change", [
    {"name": "B\x1b[2J"}, {"name": ""}, {"name": "B" * 9}, {"check_code": -1}, {"check_code": "1"},
    {"device_key": ""}, {"pl_per_count": None}, {"provisioned_at_ms": 1 << 60}, {"keys": 5},
    {"keys": [{"device_key": "00", "since_ms": 0}]}, {"more": 1}])
def test_what_a_key_file_holds_is_checked_before_it_is_kept(
    tmp_path: Path, change: dict[str, object]
) -> None:
    fields = {**key_file._plain(vars(BOARD)), "keys": [], **change}
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError, IntegrityError)):
        key_file._board_keys(fields)


@pytest.mark.parametrize("command", [
    ("pull", "B01", "--link", "file:{}"), ("keys", "import", "{}")], ids=" ".join)
@pytest.mark.parametrize("kind", ["pipe", "endless", "large", "folder"])
def test_a_file_without_an_end_is_refused(
    tmp_path: Path, command: tuple[str, ...], kind: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    db, path = made(tmp_path / "store.db"), tmp_path / "input"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "endless":
        path = Path("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    else:
        with path.open("wb") as file:
            file.truncate(1 << 40)
    monkeypatch.setattr("sys.stdin", None)
    monkeypatch.setattr("pumplog.cli.keys._passphrase", lambda: "A")
    assert main([word.format(path) for word in command] + ["--db", str(db)]) in (2, 3)
    assert "Traceback" not in capsys.readouterr().err


def test_a_file_is_read_up_to_its_bound(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 100)
    assert read_bounded(file, 100) == b"x" * 100
    with pytest.raises(UsageError, match="is larger"):
        read_bounded(file, 99)


# ---- a store is ours, or is left alone

@pytest.mark.parametrize("version", [0, 1, 3, 99])
@pytest.mark.parametrize("owner", [0, 42])
def test_another_programs_file_gets_no_table_of_ours(
    tmp_path: Path, version: int, owner: int, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "places.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
        other.execute(f"PRAGMA user_version={version}")
        other.execute(f"PRAGMA application_id={owner}")
    path.chmod(0o644)
    before = path.read_bytes()
    for command in (["status"], ["keys", "import", "absent"], ["patient", "list"]):
        assert main([*command, "--db", str(path)]) == 2
        assert unfolded(capsys.readouterr().err).startswith("pumplog: ")
    assert path.read_bytes() == before and mode(path) == 0o644


# ---- another program has the store

def test_who_waits_for_the_store_says_so_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db, told = made(tmp_path / "store.db"), list[str]()
    monkeypatch.setattr(database, "_SILENT_S", 0.05)
    other = sqlite3.connect(db, check_same_thread=False, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    free = threading.Event()

    def waiting(text: str) -> None:
        told.append(text)
        other.execute("ROLLBACK")
        free.set()

    with Store.open(db, waiting) as store:
        assert [board.name for board in store.boards.all()] == ["B01"]
    assert free.is_set() and len(told) == 1 and "another program has the store" in told[0]


def test_who_waited_in_vain_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    db = made(tmp_path / "store.db")
    monkeypatch.setattr(database, "_SILENT_S", 0.01)
    monkeypatch.setattr(database, "_WAIT_S", 0.05)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    for lock in ("BEGIN EXCLUSIVE", "BEGIN IMMEDIATE"):
        other = sqlite3.connect(db, isolation_level=None)
        other.execute(lock)
        code = main(["patient", "start", "P01", "--board", "B01", "--db", str(db), "--initials", "AB"])
        said = unfolded(capsys.readouterr().err)
        assert code == 2 and "waiting for it" in said and "let the other pumplog end" in said
        assert "disk" not in said
        other.close()


# ---- the computer's number

@pytest.mark.parametrize("content", [b"", b"\0" * 10, b"abc", b"-5", b"0", b"9" * 5000, b"1.5", b"\xff"])
def test_a_number_that_a_power_cut_spoiled_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = tmp_path / "pumplog" / "host_id"
    file.parent.mkdir()
    file.write_bytes(content)
    number = host_id()
    assert 0 < number < 1 << 30 and host_id() == number
    assert [each.name for each in file.parent.iterdir()] == ["host_id"]


# ---- streams that are closed

@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "> /dev/full", "2> /dev/full",
                                    "| true"])
@pytest.mark.parametrize("json_too", ["", "--json"])
def test_whatever_is_closed_an_entry_is_kept_once_and_nothing_breaks(
    tmp_path: Path, closed: str, json_too: str
) -> None:
    db = made(tmp_path / "store.db")
    before = db.stat().st_size
    line = (f"{sys.executable} -m pumplog --db {db} patient start P01 --board B01 --initials AB"
            f" {json_too} {closed}")
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {line}"], capture_output=True, text=True,
                          env={"PYTHONPATH": PRODUCT, "PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr
    assert done.returncode in (0, 2)
    with Store.open(db) as store:
        assert [entry.patient for entry in store.entries.all()] == ["P01"]
        store.database.connection.execute("PRAGMA integrity_check")
    if "full" in closed and json_too and not closed.startswith("2"):
        assert "the entry is kept" in unfolded(done.stderr)
    assert db.stat().st_size >= before
