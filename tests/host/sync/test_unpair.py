"""A board that refuses to forget every computer is told as that, and keeps letting in who asks again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pumplog.links import ble_link, ble_pairing, ble_radio
from pumplog.store import Board, Store
from pumplog.sync import bonds
from pumpwire.names import RESULTS


class Peer:
    """A board on the air that this computer is paired with."""

    paired = True
    unpaired = 0

    def unpair(self) -> None:
        self.unpaired += 1

    def close(self) -> None:
        """Leaves it."""


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Peer:
    made = Peer()

    @contextmanager
    def turn(board: str) -> Iterator[str]:
        yield board

    monkeypatch.setattr(ble_radio.SEARCH, "turn", turn)
    monkeypatch.setattr(ble_radio, "connect", lambda heard: made)
    monkeypatch.setattr(ble_pairing, "secure", lambda *given: None)
    monkeypatch.setattr(ble_link, "BleLink", lambda *given: None)
    return made


def forget(monkeypatch: pytest.MonkeyPatch, everyone: bool, answer: str) -> bonds.Forgotten:
    store = Store.open(":memory:")
    store.add_board(Board("B01", b"k" * 32, b"p" * 32, 123456, 1, 0, 0))
    monkeypatch.setattr(bonds, "_ask", lambda *given: answer)
    return bonds.forget(store, "B01", everyone=everyone)


def test_everyone_refused_forgets_nobody_and_says_so(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = forget(monkeypatch, True, RESULTS[1])
    assert peer.unpaired == 0 and found.to_json()["forgotten_here"] is False
    assert str(found.left()) == (
        "board B01 still knows all its computers: refused: neither the check code nor the service"
        " button: give --check CODE from its label, or hold its service button.")


@pytest.mark.parametrize("everyone", [False, True])
def test_what_was_forgotten_is_forgotten_here_too(
    peer: Peer, monkeypatch: pytest.MonkeyPatch, everyone: bool
) -> None:
    found = forget(monkeypatch, everyone, "")
    assert peer.unpaired == 1 and found.left() is None
    assert found.to_json() == {"board": "B01", "forgotten_here": True, "forgotten_on_board": True}


def test_a_board_that_is_not_asked_for_everyone_is_forgotten_here_anyhow(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = forget(monkeypatch, False, RESULTS[1])
    assert peer.unpaired == 1 and found.to_json()["forgotten_here"] is True
    assert "may still know this computer" in str(found.left())
