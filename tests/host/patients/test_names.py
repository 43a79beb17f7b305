"""Two patients are never in one bed, however its name is typed, and a name finds whom it means."""

from __future__ import annotations

import unicodedata
from uuid import uuid4

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pumplog import plain
from pumplog.errors import NotFoundError, UsageError
from pumplog.patients import episode, episode_or_board, stays
from pumplog.patients.entering import Authorship
from pumplog.store import Board, Entry, Store

BY = Authorship("AB")
NFC, NFD = "Zürich 1", "Zu\u0308rich 1"
BEDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)


def ward(*beds: str | None) -> Store:
    """Returns a store with boards B01 to B09 and patients P01, P02 ... in these beds, as they were
    stored before names were compared."""
    store = Store.open(":memory:")
    for n in range(1, 10):
        store.add_board(Board(f"B0{n}", b"k" * 32, b"p" * 32, 123456, 1000, 0, 0))
    for n, bed in enumerate(beds, 1):
        store.entries.add(Entry(uuid4(), "patient_start", f"P0{n}", f"B0{n}", n, "AB", n, n, {}, bed))
    return store


def move(store: Store, name: str, bed: str, board: str | None = None) -> None:
    store.entries.add(stays.move_stay(store, name, board, bed, BY).entry)


@pytest.mark.parametrize("bed, other", [(NFC, NFD), (NFD, NFC), ("3a", "3A"), ("Straße", "STRASSE"),
                                        ("３", "3"), ("bed  4", "bed 4")])
def test_a_bed_is_taken_however_it_is_typed_and_found_so(bed: str, other: str) -> None:
    with ward(bed, None) as store:
        assert episode(store, other).patient == episode(store, bed).patient == "P01"
        with pytest.raises(UsageError, match="is patient P01's"):
            move(store, "P02", other)
        with pytest.raises(UsageError, match="is patient P01's"):
            stays.start_stay(store, "P03", "B03", other, BY)
        assert episode(store, "P01").bed == bed  # as it was typed


@given(BEDS, st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]), st.booleans())
def test_no_form_of_a_bed_s_name_lets_a_second_patient_in(bed: str, form: str, folded: bool) -> None:
    other = unicodedata.normalize(form, bed.casefold() if folded else bed)
    assume(plain.key(bed) and len(other) <= 32 and not episode_like_code(bed))
    with ward(None, None) as store:
        move(store, "P01", bed)
        assert episode(store, other).patient == "P01"
        with pytest.raises(UsageError):
            move(store, "P02", other)
        assert episode(store, bed).bed == bed and episode(store, "P02").bed is None


def episode_like_code(bed: str) -> bool:
    return plain.alike(bed, [f"{letter}0{n}" for letter in "PB" for n in range(10)])


def test_what_stands_in_older_stores_is_found() -> None:
    with ward("3a", "3A", NFC, NFD, "5\u200b") as store:
        assert episode(store, "3a").patient == "P01" and episode(store, "3A").patient == "P02"
        for bed in (NFC, NFD):  # nobody can tell them apart on a screen
            with pytest.raises(UsageError, match="P03, P04"):
                episode(store, bed)
        assert episode(store, "5").patient == "P05"
        assert [episode(store, f"P0{n}").patient for n in range(1, 6)] == [f"P0{n}" for n in range(1, 6)]


def test_codes_and_boards_are_found_in_small_letters_and_kept_as_they_are() -> None:
    with ward("1") as store:
        assert episode(store, "p01").patient == episode(store, "b01").patient == "P01"
        assert stays.start_stay(store, "P02", "b02", "2", BY).entry.board == "B02"
        assert stays.move_stay(store, "p01", "b05", None, BY).entry.board == "B05"
        with pytest.raises(UsageError, match="board B01 serves patient P01"):
            stays.start_stay(store, "P02", "b01", "2", BY)
        assert episode_or_board(store, "b09") is None  # a board that serves nobody
        assert stays.leave(store, "p01", "end", BY).entry.patient == "P01"
        with pytest.raises(UsageError, match="name the patient by the code"):
            stays.leave(store, "b01", "end", BY)


@pytest.mark.parametrize("code", ["p01", "b03", "3a"])
def test_a_new_code_is_like_no_other_name(code: str) -> None:
    with ward("3A") as store, pytest.raises(UsageError):
        stays.start_stay(store, code, "B02", None, BY)


@pytest.mark.parametrize("bed", ["b03", "p01", "\u3164", "\udcff", "a\nb", "\x1b[2J", "\u202e3"])
def test_a_bed_is_no_other_name_and_is_to_be_read(bed: str) -> None:
    with ward(None, None) as store, pytest.raises(UsageError):
        move(store, "P02", bed)


@pytest.mark.parametrize("name", ["\udcff", "", " ", "\x1b[2J", "\u3164"])
def test_a_name_that_is_no_text_is_not_found(name: str) -> None:
    with ward(None) as store:
        for find in (episode, episode_or_board):
            with pytest.raises(NotFoundError):
                find(store, name)
        with pytest.raises(NotFoundError):
            stays.start_stay(store, "P02", name or "\udcff", None, BY)
