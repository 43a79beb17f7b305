"""The link over Bluetooth: channels are characteristics (pumpwire.uuids)."""

from __future__ import annotations

from pumpwire import uuids

from . import ble_radio

_CHANNEL_OF = {uuid: channel for channel, uuid in uuids.CHARACTERISTICS.items()}


class BleLink:
    """A board found by a scan; pairing comes between connect and the first read."""

    def __init__(self, seen: ble_radio.Seen) -> None:
        self.description = f"ble:{seen.name}"
        self._peer = ble_radio.connect(seen)
        for channel in (uuids.RACP, uuids.LOG, uuids.COMMAND):
            self._peer.subscribe(uuids.CHARACTERISTICS[channel])

    def read(self, channel: int) -> bytes:
        """Reads a characteristic."""
        return self._peer.read(uuids.CHARACTERISTICS[channel])

    def write(self, channel: int, data: bytes) -> None:
        """Writes a characteristic, acknowledged but for FLOW."""
        if channel == uuids.FLOW:
            self._peer.write_command(uuids.CHARACTERISTICS[channel], data)
        else:
            self._peer.write(uuids.CHARACTERISTICS[channel], data)

    def receive(self, timeout_s: float) -> tuple[int, bytes] | None:
        """Returns the next notification or indication."""
        arrived = self._peer.receive(timeout_s)
        return None if arrived is None else (_CHANNEL_OF[arrived[0]], arrived[1])

    def close(self) -> None:
        """Disconnects."""
        self._peer.close()
