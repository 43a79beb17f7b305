"""What a pairing that fails says: what to do, also where this store's keys are not the board's."""

from __future__ import annotations

from typing import Any

import pytest
from pumplog.errors import NotPaired
from pumplog.links import ble_pairing


class Refusing:
    """A board that takes no passkey."""

    paired = False

    def pair(self, passkey: int) -> None:
        """Fails as the radio does."""
        raise NotPaired("pairing failed (the passkey is another)")


@pytest.mark.parametrize("closed, keys_named", [(False, True), (True, False)])
def test_a_passkey_that_the_board_does_not_take_names_the_keys(
    monkeypatch: pytest.MonkeyPatch, closed: bool, keys_named: bool
) -> None:
    def passkey(*_: Any) -> int:
        if closed:
            raise NotPaired("its pairing window is closed")
        return 123456

    monkeypatch.setattr(ble_pairing, "passkey", passkey)
    with pytest.raises(NotPaired) as told:
        ble_pairing.secure(Refusing(), "B03", bytes(32))  # type: ignore[arg-type]
    said = str(told.value)
    assert said.startswith("board B03: ") and "press its service button and do it again" in said
    assert ("this store's keys are not the board's" in said) == keys_named
