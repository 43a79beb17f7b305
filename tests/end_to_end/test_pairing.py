"""Pairing as users do it: a press, a pull, a bond that lasts, and one that is taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.air.ward import Ward, json_lines, on_air, pumplog, run_ward

BOARD, PATIENT = "B01", "P01"


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    return run_ward(tmp_path_factory.mktemp("paired"))


def bonds(ward: Ward) -> list[str]:
    """Returns the bonds in a board's settings."""
    kept = json.loads((ward.folder / BOARD / "nvs.json").read_text())
    return [text for name, text in kept.items() if name[0] == "b" and name[1].isdecimal()
            and bytes.fromhex(text)[4]]


def test_a_press_lets_a_computer_in_once_and_its_bond_outlasts_both_power_cuts(
    ward: Ward, tmp_path: Path
) -> None:
    copy = ward.copy(tmp_path / "run")
    db = copy.store(tmp_path / "a.db")
    with on_air(copy, "--by-hand") as air:
        early = pumplog(db, "pull", PATIENT, PUMPLOG_AIR=air.address)
        assert early.returncode == 4 and "its pairing window is closed" in early.stdout
        assert "press its service button" in early.stdout and early.stdout.count("\n") == 1
        air.press(BOARD)
        done = pumplog(db, "pull", PATIENT, "--json", PUMPLOG_AIR=air.address)
        assert json_lines(done)[0]["records"] > 2900, done.stdout + done.stderr
        assert len(bonds(copy)) == 2  # one host's, of two kinds
    with on_air(copy, "--by-hand") as air:
        again = pumplog(db, "pull", PATIENT, PUMPLOG_AIR=air.address)
        assert again.returncode == 0, again.stdout + again.stderr


def test_a_second_computer_needs_a_press_of_its_own(ward: Ward, tmp_path: Path) -> None:
    copy = ward.copy(tmp_path / "run")
    first, second = copy.store(tmp_path / "a.db"), (tmp_path / "other" / "b.db")
    second.parent.mkdir()
    copy.store(second)  # its home, and so its bonds, lie beside its store
    with on_air(copy, "--by-hand") as air:
        air.press(BOARD)
        assert pumplog(first, "pair", BOARD, PUMPLOG_AIR=air.address).returncode == 0
        assert pumplog(second, "pull", PATIENT, PUMPLOG_AIR=air.address).returncode == 4
        air.press(BOARD)
        assert pumplog(second, "pull", PATIENT, PUMPLOG_AIR=air.address).returncode == 0
        assert pumplog(first, "pull", PATIENT, PUMPLOG_AIR=air.address).returncode == 0
    assert len(bonds(copy)) == 4


def test_unpaired_both_sides_have_forgotten(ward: Ward, tmp_path: Path) -> None:
    copy = ward.copy(tmp_path / "run")
    db = copy.store(tmp_path / "a.db")
    with on_air(copy, "--by-hand") as air:
        air.press(BOARD)
        paired = pumplog(db, "pair", BOARD, "--json", PUMPLOG_AIR=air.address)
        assert json_lines(paired) == [{"board": BOARD, "paired": True}], paired.stderr
        assert bonds(copy) and list((tmp_path / "state" / "pumplog" / "bonds").iterdir())
        gone = pumplog(db, "unpair", BOARD, "--json", PUMPLOG_AIR=air.address)
        assert json_lines(gone) == [
            {"board": BOARD, "forgotten_here": True, "forgotten_on_board": True}], gone.stderr
        assert not bonds(copy) and not list((tmp_path / "state" / "pumplog" / "bonds").iterdir())
        assert pumplog(db, "pull", PATIENT, PUMPLOG_AIR=air.address).returncode == 4


def test_a_board_that_forgot_everyone_lets_a_computer_in_again_after_a_press(
    ward: Ward, tmp_path: Path
) -> None:
    copy = ward.copy(tmp_path / "run")
    db = copy.store(tmp_path / "a.db")
    other = tmp_path / "other" / "b.db"
    other.parent.mkdir()
    copy.store(other)
    with on_air(copy, "--by-hand") as air:
        for store in (db, other):
            air.press(BOARD)
            assert pumplog(store, "pair", BOARD, PUMPLOG_AIR=air.address).returncode == 0
        refused = pumplog(other, "unpair", BOARD, "--everyone", "--check", "111111",
                          PUMPLOG_AIR=air.address)
        assert refused.returncode == 1 and "neither the check code" in refused.stderr
        assert len(bonds(copy)) == 4 and "still knows all its computers" in refused.stderr
        code = str(copy.check_code(PATIENT))
        assert pumplog(other, "unpair", BOARD, "--everyone", "--check", code,
                       PUMPLOG_AIR=air.address).returncode == 0
        assert not bonds(copy)
        stale = pumplog(db, "pull", PATIENT, PUMPLOG_AIR=air.address)  # it still holds its own half
        assert stale.returncode == 4 and "does not know this computer" in stale.stdout
        air.press(BOARD)
        assert pumplog(db, "pull", PATIENT, PUMPLOG_AIR=air.address).returncode == 0
