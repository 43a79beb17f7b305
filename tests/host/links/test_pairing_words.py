"""What a pairing that fails says: what to do, also where this store's keys are not the board's."""

from __future__ import annotations

import pytest
from pumplog.errors import NotPairedError
from pumplog.links import ble_pairing
from pumpwire import pairing


class Refusing:
    """A board that takes no passkey."""

    paired = False

    def __init__(self, window_open: bool, attempts_left: int = 3) -> None:
        self._window = pairing.value(window_open, attempts_left, bytes(16))

    def read(self, uuid: str) -> bytes:
        """Returns the pairing window."""
        return bytes(self._window)

    def pair(self, passkey: int) -> None:
        """Fails as the radio does."""
        raise NotPairedError("pairing failed (the passkey is another)", "do it again")


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
