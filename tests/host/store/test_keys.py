"""Keys go from one computer's store to another's, closed with a passphrase, and nothing else does."""

from __future__ import annotations

import io
import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.folded import unfolded
from helpers.host.loop_link import LoopBoard, LoopLink
from helpers.host.made_log import KEY
from pumplog.cli import main
from pumplog.store import Board, Store
from pumplog.sync.client import Client

OLD_KEY = bytes(range(100, 132))
ONE = Board("B01", KEY, bytes(range(32)), 123456, 1_000_000, 25_000, 1_767_600_000_000)
OLDER = replace(ONE, device_key=OLD_KEY, provisioned_at_ms=ONE.provisioned_at_ms - 86_400_000)
TWO = replace(ONE, name="B02", device_key=bytes(32), check_code=654321)


def made(path: Path, *boards: Board) -> Path:
    with Store.open(path) as store:
        for each in boards:
            store.add_board(each)
        store.commit()
    return path


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    told = capsys.readouterr()
    return code, told.out, unfolded(told.err)


class Desk:
    """Two computers' stores and the file between them."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str],
                 patch: pytest.MonkeyPatch) -> None:
        self.here, self.there, self.file = folder / "here.db", folder / "there.db", folder / "keys.json"
        self._capsys, self._patch = capsys, patch
        self.passphrase = ""

    def export(self, *more: str) -> tuple[int, str, str]:
        code, out, err = run(self._capsys, "keys", "export", self.file, "--db", self.here, *more)
        self.passphrase = out.strip()
        return code, out, err

    def take(self, passphrase: str | None = None, *more: str) -> tuple[int, str, str]:
        typed = io.StringIO(f"{self.passphrase if passphrase is None else passphrase}\n")
        self._patch.setattr("sys.stdin", typed)
        return run(self._capsys, "keys", "import", self.file, "--db", self.there, *more)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, capsys, monkeypatch)


def boards(path: Path) -> dict[str, Board]:
    with Store.open(path) as store:
        return {each.name: each for each in store.boards.all()}


def states(path: Path, board: LoopBoard) -> set[str]:
    with Store.open(path) as store:
        return {page.state for page in store.pages.of(board.log.log_id)}


def test_every_key_arrives_and_none_is_readable_on_the_way(desk: Desk) -> None:
    made(desk.here, OLDER, ONE, TWO)
    code, out, err = desk.export()
    assert code == 0 and "shown this once" in err and "B01, B02" in err
    assert stat.S_IMODE(desk.file.stat().st_mode) == 0o600
    text = desk.file.read_text()
    for secret in (KEY, OLD_KEY, TWO.device_key, ONE.pairing_key):
        assert secret.hex() not in text and secret.hex() not in out + err
    assert "B01" not in text and desk.passphrase not in text
    assert desk.take() == (
        0, "taken: the keys of boards B01, B02; their pages here are judged again\n", "")
    assert boards(desk.there) == boards(desk.here)
    with Store.open(desk.here) as here, Store.open(desk.there) as there:
        assert [key.device_key for key in there.keys.of("B01")] == [OLD_KEY, KEY]
        assert there.keys.of("B01") == here.keys.of("B01")
    assert desk.take()[:2] == (0, "here already: the keys of boards B01, B02\n")


def test_a_passphrase_is_taken_as_people_write_it_down(desk: Desk) -> None:
    made(desk.here, ONE)
    desk.export()
    spoken = desk.passphrase.lower().replace("0", "o").replace("1", "l").replace("-", " ")
    assert desk.take(spoken)[0] == 0


def test_another_passphrase_or_a_changed_file_gives_nothing(desk: Desk) -> None:
    made(desk.here, ONE)
    desk.export()
    code, out, err = desk.take("0000-0000-0000-0000-0000")
    assert code == 4 and out == "" and "does not open" in err and not desk.there.exists()
    outside = json.loads(desk.file.read_text())
    for change in ({"closed": outside["closed"][:-8] + "AAAAAA=="}, {"salt": "00" * 16}, {"salt": "x"},
                   {"closed": 5}, {"n": 1 << 30}):
        desk.file.write_text(json.dumps({**outside, **change}))
        code, out, err = desk.take()
        assert code == 4 and out == "" and not desk.there.exists(), change
    for text, says in (("{}", "no file of pumplog keys"), ("PK", "no file of pumplog keys"),
                       (json.dumps({**outside, "version": 2}), "version 2")):
        desk.file.write_text(text)
        code, out, err = desk.take()
        assert code == 2 and says in err and err.count("\n") == 1


def test_pages_of_an_unknown_key_are_judged_once_it_is_here(desk: Desk) -> None:
    made(desk.here, ONE)
    desk.export()
    board = LoopBoard()
    board.log.set_key(KEY)
    board.minutes(2000)
    with Store.open(desk.there) as store:
        store.logs.add(board.log.log_id, "B01")
        Client(LoopLink(board)).pull(store, board.log.log_id)
        store.commit()
    assert "unverified" in states(desk.there, board) and "sealed" not in states(desk.there, board)
    assert desk.take()[0] == 0
    assert "sealed" in states(desk.there, board) and "unverified" not in states(desk.there, board)


def test_one_board_of_many_may_be_chosen(desk: Desk) -> None:
    made(desk.here, ONE, TWO)
    desk.export("--board", "B02")
    assert desk.take()[0] == 0 and set(boards(desk.there)) == {"B02"}
    code, _, err = desk.take(None, "--board", "B01")
    assert code == 3 and "no keys of board B01" in err


def test_the_newer_of_two_provisionings_holds_and_both_keys_stay(desk: Desk) -> None:
    made(desk.here, OLDER)
    desk.export()
    made(desk.there, OLDER, ONE)
    assert desk.take()[1].startswith("here already")
    assert boards(desk.there)["B01"] == ONE
    desk.file.unlink()
    made(desk.here, ONE)
    desk.export()
    desk.there.unlink()
    made(desk.there, OLDER)
    assert desk.take()[1].startswith("taken")
    assert boards(desk.there)["B01"] == ONE


def test_another_board_of_the_same_name_is_refused_and_the_rest_taken(desk: Desk) -> None:
    made(desk.here, ONE, TWO)
    desk.export()
    other = replace(ONE, device_key=bytes(range(50, 82)))
    made(desk.there, other)
    code, out, err = desk.take()
    assert code == 1 and "board B01: not taken" in err and "B02" in out
    assert boards(desk.there) == {"B01": other, "B02": TWO}


def test_no_file_is_written_over(desk: Desk) -> None:
    made(desk.here, ONE)
    desk.file.write_text("mine")
    code, out, err = desk.export()
    assert code == 2 and "is there already" in err and out == "" and desk.file.read_text() == "mine"


def test_a_list_shows_which_key_holds_and_no_key(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    made(desk.here, OLDER, ONE)
    code, out, _ = run(capsys, "keys", "list", "--db", desk.here)
    first, second = out.splitlines()
    assert code == 0 and first.endswith("replaced") and second.startswith("B01")
    assert KEY.hex() not in out and not second.endswith("replaced")
    code, out, _ = run(capsys, "keys", "list", "--db", desk.here, "--json")
    assert [row["current"] for row in json.loads(out)] == [False, True]
