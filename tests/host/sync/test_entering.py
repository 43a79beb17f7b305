"""Entering without a command line: what a page calls, and what it shows before anything is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from fractions import Fraction

import pytest
from helpers.host.bedside import Bedside
from pumplog import host
from pumplog.errors import PartlyError, UsageError
from pumplog.patients import bags, prescriptions, stays
from pumplog.patients.entering import Authorship, Change
from pumplog.store import Store
from pumplog.sync import entering
from pumplog.sync.delivery import NotTaken
from pumplog.sync.entering import enter
from pumpwire.commands import FAILED, REFUSED

AB = Authorship("AB")
BAG = {"morphine": "110 mg", "bupivacaine": "55 mg"}


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open(":memory:") as opened:
        bed = Bedside(opened)
        bed.bag(0, "0.40", "0.20")
        bed.enter("regimen", 0, rate_ul_h=100, bolus_ul=100, lockout_s=900, lockout_from_end=0)
        opened.commit()
        yield opened


def test_nothing_is_kept_before_it_is_entered(store: Store) -> None:
    before = store.entries.all()
    new = bags.new_bag(store, "P01", BAG, "250 mL", Authorship("AB", "20 min", 123456))
    assert store.entries.all() == before and new.changes == ()
    assert new.entry.entered_at_ms - new.entry.effective_at_ms == 20 * 60_000
    assert (new.entry.author, new.entry.check_code, new.patient.patient) == ("AB", 123456, "P01")
    assert "0.44 mg/mL, 1.056 mg/day expected" in new.to_text() and "holds from" in new.to_text()
    kept = enter(store, new.entry, None)
    assert store.entries.waiting("B01")[-1] == new.entry == kept.entry
    assert kept.to_json() == {"uuid": str(new.entry.uuid), "kind": "bag", "patient": "P01",
                              "board": "B01", "bed": None, "on_board": False}
    assert kept.to_text() == "kept; not yet on board B01: it goes with the next `pumplog pull B01`"
    with pytest.raises(FrozenInstanceError):
        kept.link = "ble"  # type: ignore[misc]


def test_what_changes_twofold_is_data_to_ask_about(store: Store) -> None:
    new = bags.new_bag(store, "P01", {**BAG, "morphine": "200 mg"}, "250 mL", AB)
    assert new.changes == (Change("morphine", Fraction("0.4"), Fraction("0.8"), "mg/mL"),)
    assert bags.unconfirmed(new.changes[0]).what == (
        "morphine would change from 0.4 to 0.8 mg/mL, twofold or more")
    prescribed = prescriptions.new_prescription(store, "P01", "0.1 mL/h", "1 mL", "7 min", False, AB)
    assert [change.what for change in prescribed.changes] == ["bolus", "lockout"]
    assert "before: 0.1 mL/h, bolus 0.1 mL, lockout 15 min" in prescribed.to_text()


def test_a_stay_begins_moves_and_ends(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = stays.move_stay(store, "P01", None, "7", AB)
    assert enter(store, moved.entry, None).bed == "7" and "bed 7" in moved.to_text()
    ended = stays.leave(store, "P01", "end", AB)
    assert enter(store, ended.entry, None).to_json()["kind"] == "patient_end"
    with pytest.raises(UsageError, match="this stay has ended"):
        stays.leave(store, "P01", "withdraw", AB)
    monkeypatch.setattr(host, "random_bytes", lambda n: b"\x01" * n)
    began = stays.start_stay(store, None, "B01", "7", AB)
    assert began.entry.patient == "P010101" and began.patient is None
    enter(store, began.entry, None)
    assert [each.to_json()["ended"] for each in stays.every_patient(store)] == [True, False]


def test_an_entry_that_its_board_does_not_take_is_kept(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(spec: str, where: Store, board: str, check_code: int | None) -> None:
        assert (spec, where, board, check_code) == ("serial:X", store, "B01", None)
        raise PartlyError("bag of P01 is not yet on board B01", "press its service button")

    monkeypatch.setattr(entering, "hand_over", refuse)
    new = bags.new_bag(store, "P01", BAG, "250 mL", AB)
    kept = enter(store, new.entry, "serial:X")
    assert not kept.on_board and new.entry in store.entries.waiting("B01")
    assert str(kept.not_on_board()) == (
        "bag of P01 is not yet on board B01: press its service button; the entry is kept, do not enter"
        " it again: it goes with the next `pumplog pull B01`.") == kept.to_text()
    monkeypatch.setattr(entering, "hand_over", lambda *_: None)
    taken = enter(store, new.entry, "serial:X")
    assert taken.on_board and taken.to_text() == "kept, and on board B01 now"


def test_a_link_that_cannot_be_written_to_keeps_nothing(store: Store) -> None:
    new = bags.new_bag(store, "P01", BAG, "250 mL", AB)
    with pytest.raises(UsageError, match="cannot be written to"):
        enter(store, new.entry, "file:image")
    assert new.entry not in store.entries.all()


def test_nobody_enters_without_a_name(store: Store) -> None:
    for initials in (None, "", "ABCDE", "A1"):
        with pytest.raises(UsageError, match="say who enters this: --initials XY, one to four letters"):
            bags.new_bag(store, "P01", BAG, "250 mL", Authorship(initials))


def test_a_wrong_check_code_is_not_told_as_none() -> None:
    none, wrong = (NotTaken("bag", "P01", "B01", REFUSED, given).to_text() for given in (False, True))
    assert none.endswith("refused: neither the check code nor the service button")
    assert wrong.endswith("refused: the check code is not the code of this board; read its label again")
    assert NotTaken("bag", "P01", "B01", FAILED, True).to_text().endswith("could not write it")
