"""What a pairing that fails says: what to do, also where this store's keys are not the board's."""

from __future__ import annotations

import time

import pytest
from pumplog import host
from pumplog.errors import NotPairedError
from pumplog.links import ble_pairing
from pumpwire import pairing


class Refusing:
    """A board that takes no passkey. opens_after: its window is open, and so many readings do not say so
    yet, for its stack keeps what was before until the board's loop comes round."""

    paired = False

    def __init__(self, window_open: bool, attempts_left: int = 3, opens_after: int = 0) -> None:
        self._windows = [pairing.value(False, 0, bytes(16))] * opens_after
        self._windows.append(pairing.value(window_open, attempts_left, bytes(16)))

    def read(self, uuid: str) -> bytes:
        """Returns the pairing window."""
        return bytes(self._windows.pop(0) if len(self._windows) > 1 else self._windows[0])

    def pair(self, passkey: int) -> None:
        """Fails as the radio does."""
        raise NotPairedError("pairing failed (the passkey is another)", "do it again")


@pytest.fixture(autouse=True)
def _own_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets time pass by sleeping alone."""
    passed_s = [0.0]
    monkeypatch.setattr(host, "waited_s", lambda: passed_s[0])
    monkeypatch.setattr(time, "sleep", lambda span_s: passed_s.__setitem__(0, passed_s[0] + span_s))


@pytest.mark.parametrize("readings", [0, 1, 5, 15])
def test_a_window_that_was_just_opened_is_waited_for(readings: int) -> None:
    board = Refusing(True, opens_after=readings)
    assert ble_pairing.passkey(board, "B03", bytes(32)) == (  # type: ignore[arg-type]
        pairing.passkey(bytes(32), bytes(16)))


@pytest.mark.parametrize("closed, keys_named", [(False, True), (True, False)])
def test_a_passkey_that_the_board_does_not_take_names_the_keys(closed: bool, keys_named: bool) -> None:
    with pytest.raises(NotPairedError) as told:
        ble_pairing.secure(Refusing(not closed), "B03", bytes(32))  # type: ignore[arg-type]
    said = str(told.value)
    assert said.startswith("board B03: ") and "press its service button and do it again" in said
    assert ("this store's keys are not the board's" in said) == keys_named


@pytest.mark.parametrize("left, spent", [(0, True), (1, False), (3, False)])
def test_a_closed_window_says_why_where_the_passkeys_were_tried(left: int, spent: bool) -> None:
    with pytest.raises(NotPairedError) as told:
        ble_pairing.secure(Refusing(False, left), "B03", bytes(32))  # type: ignore[arg-type]
    assert ("its pairing window is closed (too many wrong passkeys)" in str(told.value)) == spent
