"""Whose keys an imported file holds, whatever it calls them and whenever it says that they were made."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers.host.made_log import AT_MS, KEY, board, store_with_board
from pumplog.store import Key, Store
from pumplog.store.key_exchange import take
from pumplog.store.key_file import BoardKeys

OTHER = b"o" * 32
LATER_MS = AT_MS + 86_400_000
IN_2199_MS = 7_226_000_000_000


def given(name: str, *keys: bytes, at_ms: int = AT_MS) -> BoardKeys:
    """A board of a file; its last key is the key that it has now."""
    now = replace(board(keys[-1], name), provisioned_at_ms=at_ms)
    return BoardKeys(now, tuple(Key(key, at_ms) for key in keys))


def names(store: Store) -> list[str]:
    return [each.name for each in store.boards.all()]


@pytest.mark.parametrize("name", ["b01", "B01"])
def test_a_board_of_a_name_like_another_is_refused(name: str) -> None:
    store = store_with_board(KEY)
    assert take(store, [given(name, OTHER)]).refused == (name,)
    assert names(store) == ["B01"] and store.boards.named("B01") == board(KEY)
    assert store.keys.all() == [("B01", KEY)]


def test_two_alike_in_one_file_are_two_boards_and_the_second_is_refused() -> None:
    store = Store.open(":memory:")
    came = take(store, [given("B01", KEY), given("b01", OTHER)])
    assert (came.taken, came.refused) == (("B01",), ("b01",)) and names(store) == ["B01"]


def test_a_board_is_not_renamed_to_what_is_like_another() -> None:
    store = store_with_board(KEY)
    store.add_board(board(OTHER, "B02"))
    take(store, [given("b02", KEY, at_ms=LATER_MS)])
    assert names(store) == ["B01", "B02"]
    take(store, [given("b01", KEY, at_ms=LATER_MS + 1)])  # its own name, written otherwise
    assert names(store) == ["B02", "b01"]


@pytest.mark.parametrize("here_first", [False, True])
def test_a_provisioning_dated_in_the_future_does_not_outrank_the_next(here_first: bool) -> None:
    """A laptop whose clock was in 2199 provisioned the board, and another one did it again since."""
    store = Store.open(":memory:")
    wrong, right = given("B01", KEY, at_ms=IN_2199_MS), given("B01", KEY, OTHER, at_ms=LATER_MS)
    for each in (wrong, right) if here_first else (right, wrong):
        take(store, [each])
    known = store.boards.named("B01")
    assert known and known.device_key == OTHER and len(store.keys.of("B01")) == 2
