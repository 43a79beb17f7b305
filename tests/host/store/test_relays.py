"""Whoever stands between board and computer, and has no key, changes no figure."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from helpers.host.made_log import KEY, MadeLog, store_with_board
from helpers.host.relays import FORGERS, hold_relays, pull, used
from helpers.scale import scaled


@pytest.mark.parametrize("forger", FORGERS)
@pytest.mark.parametrize("first_seq", [0, 50, 100])
def test_a_page_without_the_board_s_seal_is_in_no_figure_and_comes_anew(
    forger: Callable[..., bytes], first_seq: int
) -> None:
    log, store = MadeLog(), store_with_board()
    pull(log, store, {first_seq: partial(forger, more=20)})
    truth = {seq: 7 * seq % 50 for seq in range(170)}
    assert used(store).items() <= truth.items()
    assert (first_seq, first_seq + 50) in store.pages.unproven(7)
    pull(log, store, {})
    pull(log, store, {})
    assert used(store) == truth and store.pages.unproven(7) == []


def test_relays_change_no_figure_whatever_pages_they_forge() -> None:
    hold_relays(scaled(60, 60))


def test_pages_from_before_the_key_are_the_board_s_by_its_word() -> None:
    log, store = MadeLog(key=None, n=3), store_with_board()
    log.key = KEY
    log.turn()
    log.turn()
    assert not pull(log, store, {})
    assert store.pages.unproven(7) == [] and len(used(store)) == log.next_seq
