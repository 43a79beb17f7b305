"""Makes a BLE link one between a board and a computer that know each other, or refuses it.

A bond that stands is enough. Without one the board's pairing window must be open (its service button
was pressed) and the store must hold the board's pairing key: the passkey is computed from that key and
the window's nonce. Whatever the system says of it, pairing counts as done when an encrypted value reads.
"""

from __future__ import annotations

import time

from pumpwire import gatt, pairing, uuids
from pumpwire.errors import WireError

from ..errors import Integrity, NotPaired, Refused
from .ble_radio import GattPeer

_PATIENCE_S, _AGAIN_S = 3.0, 0.1
_ENCRYPTED = gatt.CHARACTERISTICS[uuids.STATUS]


def secure(peer: GattPeer, board: str, pairing_key: bytes | None) -> None:
    """Leaves the link encrypted and authenticated; NotPaired with what to do if it cannot."""
    if peer.paired is not False and _lets_in(peer):  # None: this system does not say
        return
    again = ("press its service button and do it again; if this goes on,"
             f" `pumplog unpair {board}` first")
    try:
        number = passkey(peer, board, pairing_key)
    except NotPaired as error:
        raise NotPaired(f"board {board}: {error}: {again}.") from error
    try:
        peer.pair(number)
    except NotPaired as error:
        raise NotPaired(f"board {board}: {error}: {again}; if that does not help, this store's keys are"
                        " not the board's: take them from the store that provisioned it, with"
                        " `pumplog keys import`.") from error
    if not _lets_in(peer):
        raise NotPaired(f"board {board} is paired, as this system says, but does not let us in:"
                        f" `pumplog unpair {board}`, then pair again.")


def passkey(peer: GattPeer, board: str, pairing_key: bytes | None) -> int:
    """Returns the passkey of the window that the board has open; NotPaired if there is none."""
    if pairing_key is None:
        raise NotPaired("its keys are not in this store: import them, or use its cable")
    try:
        is_open, attempts_left, nonce = pairing.read_value(
            peer.read(gatt.CHARACTERISTICS[uuids.PAIRING]))
    except WireError as error:
        raise Integrity(f"board {board} sends what this pumplog does not understand ({error}): update"
                        " the older of the two.") from error
    if not is_open:
        tries = " (too many wrong passkeys)" if attempts_left else ""
        raise NotPaired(f"it does not know this computer, and its pairing window is closed{tries}")
    return pairing.passkey(pairing_key, nonce)


def _lets_in(peer: GattPeer) -> bool:
    """Returns whether an encrypted value reads; a board that has just paired keeps the bond first."""
    deadline_s = time.monotonic() + _PATIENCE_S
    while True:
        try:
            peer.read(_ENCRYPTED)
        except Refused:
            if time.monotonic() > deadline_s:
                return False
            time.sleep(_AGAIN_S)
        else:
            return True
