"""What was done earlier than it is entered: --ago."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from uuid import uuid4

import pytest
from helpers.folded import unfolded
from helpers.host.bedside import START_MS, Bedside
from pumplog import host
from pumplog.cli import main
from pumplog.store import Entry, Store

HOUR, DAY = 3600, 86400
BAG = ["--morphine", "200 mg", "--bupivacaine", "50 mg", "--volume", "250 mL"]


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "a.db"
    with Store.open(path) as store:
        bed = Bedside(store)
        bed.bag(0, "0.40", "0.20")
        bed.infuse(0, DAY, "1.0")
        bed.write(DAY)
    monkeypatch.setattr(host, "utc_now_ms", lambda: START_MS + 13 * HOUR * 1000)
    return path


def test_a_bag_entered_an_hour_late_holds_from_when_it_hung(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["bag", "hang", "P01", *BAG, "--confirm", "--ago", "1 h", "--initials", "AB"]
    assert main([*command, "--db", str(db)]) == 0
    assert "holds from" in unfolded(capsys.readouterr().err)
    assert main(["doses", "P01", "--window", "0+1", "--json", "--db", str(db)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert Fraction(told["morphine_mg"]["value"]) == 12 * Fraction("0.4") + 12 * Fraction("0.8")
    with Store.open(db) as store:
        last = store.entries.of("P01")[-1]
        assert (last.entered_at_ms - START_MS, last.effective_at_ms - START_MS) == (
            13 * HOUR * 1000, 12 * HOUR * 1000)


@pytest.mark.parametrize("command, says", [
    (["bag", "hang", "P01", *BAG, "--confirm", "--ago", "1"], "is not a time"),
    (["bag", "hang", "P01", *BAG, "--confirm", "--ago", "-1 h"], "is not a time"),
    (["bag", "hang", "P01", *BAG, "--confirm", "--ago", "200 h"], "more than 7 d"),
    (["patient", "end", "P01", "--ago", "14 h"], "before this stay began"),
])
def test_a_doubtful_time_is_refused_and_nothing_entered(
    command: list[str], says: str, db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--initials", "AB", "--db", str(db)]) == 2
    assert says in unfolded(capsys.readouterr().err)
    with Store.open(db) as store:
        assert [entry.kind for entry in store.entries.of("P01")] == ["patient_start", "bag"]


def test_a_second_start_of_a_patient_is_said(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store.open(db) as store:
        store.entries.add(Entry(uuid4(), "patient_start", "P01", "B02", 9, "CD", START_MS,
                              START_MS + HOUR * 1000))
        store.commit()
    assert main(["doses", "P01", "--window", "0+1", "--json", "--db", str(db)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["notes"] == ["P01 was started a second time, on board B02: that entry is not used;"
                             " correct the wrong entry"]
