"""Lets a computer and a board that know each other talk over Bluetooth, and pairs them if they may.

A bond that stands is enough. Without a bond the board's pairing window must be open (its service button
was pressed) and the store must hold the board's pairing key. The passkey is computed from that key and
the nonce that the board shows, which is good for a single attempt. Pairing counts as done when an
encrypted value reads.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pumpwire import gatt, pairing, uuids
from pumpwire.errors import WireError

from .. import host
from ..errors import IntegrityError, NotPairedError, RefusedError
from . import ble_radio
from .ble_peer import GattPeer

_PATIENCE_S, _AGAIN_S = 3.0, 0.1
_SHOWS_S = 2.0  # by then a board shows a window that was just opened, also while its flash erases
_ENCRYPTED = gatt.CHARACTERISTICS[uuids.STATUS]


def secure(peer: GattPeer, board: str, pairing_key: bytes | None) -> None:
    """Leaves the link encrypted and authenticated; NotPairedError with what to do if it cannot."""
    if peer.paired is not False and _lets_in(peer):  # None: this system does not say
        return
    number = passkey(peer, board, pairing_key)
    try:
        peer.pair(number)
    except NotPairedError as error:
        raise NotPairedError(f"board {board}: {error.what}",
                             f"{_again(board)}. If that does not help, this store's keys are"
                             " not the board's: take them from the store that provisioned"
                             " it, with `pumplog keys import`") from error
    if not _lets_in(peer):
        raise NotPairedError(f"board {board} is paired, as this system says, but does not let us in",
                             f"`pumplog unpair {board}`, then pair again")


def _again(board: str) -> str:
    return ("press its service button and do it again; if this goes on,"
            f" `pumplog unpair {board}` first")


def passkey(peer: GattPeer, board: str, pairing_key: bytes | None) -> int:
    """Returns the passkey that the board asks for next; NotPairedError if its window is closed."""
    if pairing_key is None:
        raise NotPairedError(f"board {board}: its keys are not in this store",
                             f"import them, or use its cable: {_again(board)}")
    deadline_s = host.waited_s() + _SHOWS_S
    while True:
        is_open, attempts_left, nonce = _window(peer, board)
        if is_open or host.waited_s() > deadline_s:
            break
        time.sleep(_AGAIN_S)  # its stack may still say what was before
    if not is_open:
        tries = "" if attempts_left else " (too many wrong passkeys)"
        raise NotPairedError(f"board {board}: it does not know this computer, and its pairing window is"
                             f" closed{tries}", _again(board))
    return pairing.passkey(pairing_key, nonce)


def _window(peer: GattPeer, board: str) -> tuple[bool, int, bytes]:
    """Returns whether a board's pairing window is open, how many attempts are left, and the nonce."""
    try:
        is_open, attempts_left, nonce = pairing.read_value(
            peer.read(gatt.CHARACTERISTICS[uuids.PAIRING]))
    except WireError as error:
        raise IntegrityError(f"board {board} sends what this pumplog does not understand ({error})",
                             "update the older of the two") from error
    return is_open, attempts_left, nonce


def _lets_in(peer: GattPeer) -> bool:
    """Returns whether an encrypted value reads; a board that has just paired keeps the bond first."""
    deadline_s = host.waited_s() + _PATIENCE_S
    while True:
        try:
            peer.read(_ENCRYPTED)
        except RefusedError:
            if host.waited_s() > deadline_s:
                return False
            time.sleep(_AGAIN_S)
        else:
            return True


@dataclass(frozen=True)
class Paired:
    """A board and this computer that know each other: an encrypted value was read."""

    board: str  #: its name

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program."""
        return {"board": self.board, "paired": True}

    def to_text(self) -> str:
        """Returns a line for the screen."""
        return f"board {self.board} and this computer are paired: an encrypted value was read"


def pair(board: str, pairing_key: bytes, type_in: Callable[[int], None]) -> Paired:
    """Pairs this computer with a board whose service button was just pressed; NotPairedError if it
    fails.

    type_in: where the system's own dialogue has to pair, is given the passkey (0 to 999,999) and returns
    once somebody has typed it there.
    """
    def attempt(peer: GattPeer) -> None:
        if not ble_radio.pairs_itself():
            with suppress(NotPairedError):  # it may be paired already: `secure` says
                type_in(passkey(peer, board, pairing_key))
        secure(peer, board, pairing_key)
        peer.close()

    ble_radio.first_that(board, attempt)
    return Paired(board)
