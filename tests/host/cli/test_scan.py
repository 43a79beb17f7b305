"""`pumplog scan`: whom to visit first, whoever is loudest; and who was not heard."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from pumplog.cli import main
from pumplog.links import ble_radio
from pumplog.links.ble_radio import Heard
from pumplog.store import Entry, Store

HEARD = [Heard("B01", "a", -40, False, None), Heard("B02", "b", -93, True, None),
         Heard("B09", "c", -60, True, None)]


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(ble_radio, "scan", lambda service, timeout_s: HEARD)
    with Store.open(tmp_path / "a.db") as store:
        for n in (1, 2, 3):
            store.entries.add(Entry(uuid4(), "patient_start", f"P{n:02d}", f"B{n:02d}", n, "AB", 0, 0,
                                    {}, str(n)))
        store.commit()
    return tmp_path / "a.db"


def test_a_board_without_a_name_is_no_blank_line(
    db: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ble_radio, "scan", lambda service, timeout_s: [
        Heard("", "d", -70, False, None)])
    assert main(["scan", "--db", str(db)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == (
        "a board whose name was not heard: signal -70 dBm; go nearer, and scan again")


def test_those_with_news_come_first_and_the_unheard_last(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scan", "--db", str(db)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "patient P02 on board B02, bed 2: signal -93 dBm, something new to pull",
        "board B09, no patient: signal -60 dBm, something new to pull",
        "patient P01 on board B01, bed 1: signal -40 dBm, nothing new",
        "patient P03 on board B03, bed 3: not heard from here"]


def test_what_is_not_known_of_the_unheard_is_null(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", "--json", "--db", str(db)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1] == {"board": "B03", "patient": "P03", "bed": "3",
                         "rssi_dbm": None, "has_news": None}


def test_the_faintest_board_is_listened_for() -> None:
    asked: dict[str, Any] = {}
    radio = SimpleNamespace(start_scan=lambda *_, **options: asked.update(options) or [])
    assert not list(ble_radio._listen(radio, "d8c20001-1f0c-4b6a-9a4e-2f6d5b7a1c3e", 1.0))
    assert asked["minimum_rssi"] <= -110  # bleio's own -80 leaves out a board behind two walls
