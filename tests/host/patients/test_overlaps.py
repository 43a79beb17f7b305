"""Two patients on a board at the same time: refused as it is entered, unless somebody confirms it."""

from __future__ import annotations

import random
from pathlib import Path
from uuid import uuid4

import pytest
from helpers.folded import unfolded
from helpers.host.made_log import board
from pumplog import host
from pumplog.cli import main
from pumplog.errors import UsageError
from pumplog.patients import episodes, stays
from pumplog.patients.entering import Authorship
from pumplog.patients.episodes import contests
from pumplog.store import Entry, Store

NOW_MS = 1_767_668_520_000
HOUR_MS = 3_600_000


def ward(path: Path | str) -> Store:
    store = Store.open(path)
    for name in ("B01", "B02", "B03"):
        store.add_board(board(name.encode() * 10 + b"xx", name))
    return store


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "utc_now_ms", lambda: NOW_MS)


@pytest.mark.parametrize("words, answer", [
    (["start", "P77", "--board", "B02", "--ago", "2 h"], 2),
    (["start", "P77", "--board", "B02", "--ago", "10 min"], 0),
    (["start", "P77", "--board", "B03", "--ago", "2 h"], 0),
    (["move", "P01", "--board", "B02", "--ago", "2 h"], 2),
    (["move", "P01", "--board", "B02"], 0),
    (["move", "P01", "--bed", "9", "--ago", "2 h"], 0),
])
def test_what_overlaps_an_ended_stay_wants_confirming(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], answer: int
) -> None:
    db = tmp_path / "a.db"
    with ward(db) as store:
        for code, on in (("P01", "B01"), ("P02", "B02")):
            store.entries.add(Entry(uuid4(), "patient_start", code, on, int(on[1:]), "AB", 0,
                                    NOW_MS - 30 * HOUR_MS))
        store.entries.add(Entry(uuid4(), "patient_end", "P02", "B02", 2, "AB", 0, NOW_MS - HOUR_MS))
        before = len(store.entries.all())
        store.commit()
    command = ["patient", *words, "--initials", "AB", "--db", str(db)]
    assert main(command) == answer
    if answer:
        told = unfolded(capsys.readouterr().err)
        assert "patient P02 was on board B02 then" in told and "add --confirm" in told
        with Store.open(db) as store:
            assert len(store.entries.all()) == before
        assert main([*command, "--confirm"]) == 0


def test_an_end_that_leaves_two_patients_on_a_board_wants_confirming(tmp_path: Path) -> None:
    """Another computer had started P02 on the board three hours ago; ours learns of it only now."""
    with ward(":memory:") as store:
        for code, hours in (("P01", 30), ("P02", 3)):
            store.entries.add(Entry(uuid4(), "patient_start", code, "B01", int(code[1:]), "AB", 0,
                                    NOW_MS - hours * HOUR_MS))
        stay = stays.leave(store, "P01", "end", Authorship("AB"))
        assert [each.patient for each in stay.overlaps] == ["P02"]
        assert stays.leave(store, "P01", "end", Authorship("AB", "3 h")).overlaps == ()


def test_whatever_is_entered_without_confirming_leaves_no_two_patients_on_a_board() -> None:
    for seed in range(12):
        dice = random.Random(seed)
        with ward(":memory:") as store:
            for _ in range(25):
                enter_something(store, dice)
            assert contests(episodes(store)) == {}, seed


def enter_something(store: Store, dice: random.Random) -> None:
    known = [each.patient for each in episodes(store).values() if not each.ended]
    by = Authorship("AB", dice.choice((None, "1 min", "2 h", "3 h", "5 h", "1 d", "6 d")))
    on = dice.choice(("B01", "B02", "B03"))
    try:
        if not known or dice.random() < 0.4:
            new = stays.start_stay(store, None, on, None, by)
        elif dice.random() < 0.5:
            new = stays.move_stay(store, dice.choice(known), on, None, by)
        else:
            new = stays.leave(store, dice.choice(known), "end", by)
    except UsageError:
        return
    if not new.overlaps:
        store.entries.add(new.entry)
