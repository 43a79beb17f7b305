"""The link over Bluetooth: channels are characteristics (pumpwire.gatt)."""

from __future__ import annotations

from collections.abc import Callable

from pumpwire import gatt, uuids

from . import ble_pairing, ble_radio
from .ble_peer import GattPeer
from .link import Link

_CHANNEL_OF = {uuid: channel for channel, uuid in gatt.CHARACTERISTICS.items()}


def open_ble(board: str, pairing_key: bytes | None,
             proves: Callable[[Link], object] = lambda _: None) -> BleLink:
    """Finds the board, connects to it and pairs if need be; pairing_key: the store's, 32 bytes.

    proves: raises IntegrityError for a device that only uses the board's name; the next of that name is
    tried then. The adapter can neither scan nor pair for two at once, so callers take turns; data then
    flow side by side.
    """
    def attempt(peer: GattPeer) -> BleLink:
        ble_pairing.secure(peer, board, pairing_key)
        link = BleLink(peer, board)
        proves(link)
        return link

    return ble_radio.first_that(board, attempt)


class BleLink:
    """A connected board that lets this computer in."""

    def __init__(self, peer: GattPeer, name: str) -> None:
        self.description = f"ble:{name}"
        self._peer = peer
        for channel in (uuids.RACP, uuids.LOG, uuids.COMMAND):
            peer.subscribe(gatt.CHARACTERISTICS[channel])

    def read(self, channel: int) -> bytes:
        """Reads a characteristic."""
        return self._peer.read(gatt.CHARACTERISTICS[channel])

    def write(self, channel: int, data: bytes) -> None:
        """Writes a characteristic, acknowledged but for FLOW."""
        if channel == uuids.FLOW:
            self._peer.write_command(gatt.CHARACTERISTICS[channel], data)
        else:
            self._peer.write(gatt.CHARACTERISTICS[channel], data)

    def receive(self, timeout_s: float) -> tuple[int, bytes] | None:
        """Returns the next notification or indication."""
        arrived = self._peer.receive(timeout_s)
        return None if arrived is None else (_CHANNEL_OF[arrived[0]], arrived[1])

    def close(self) -> None:
        """Disconnects."""
        self._peer.close()
