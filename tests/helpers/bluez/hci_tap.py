"""Carries HCI between the virtual machine and the air, and counts the notifications that go in.

So a link can break at a chosen notification, and throughput is seen where the radio would be: nothing in
the guest takes part in either. Bumble's controller is shown to Linux as one without LL privacy and
extended advertising: it claims both, but loses a connection that Linux makes with them.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

_HEADER = {1: (4, 1), 2: (5, 2), 3: (4, 1), 4: (3, 1), 5: (5, 2)}  # H4 type: as in guest/hci_bridge.py
_ACL, _FIRST_FRAGMENT = 2, 2
_ATT_CHANNEL, _NOTIFICATION = 4, 0x1B
_FEATURES_TOLD, _FEATURES = bytes.fromhex("0320"), 7  # answer to LE Read Local Supported Features
_LL_PRIVACY, _EXTENDED_ADVERTISING = 0x40, 0x10  # in its first and second byte
_EVENT, _COMMAND_COMPLETE = 4, 0x0E
_L2CAP = 5  # where the L2CAP header begins, the type byte counted: length, channel, then ATT


class HciTap:
    """A socket for the machine, `path`, joined to the air's port for hosts once the machine connects."""

    def __init__(self, path: Path, air_address: str) -> None:
        self.path = path
        self.notifications = 0
        self.payload_bytes = 0
        self.first_s = self.last_s = 0.0
        self._cut_at, self._cut = 0, lambda: None
        host, port = air_address.rsplit(":", 1)
        self._air = socket.create_connection((host, int(port)))
        self._air.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(1)
        threading.Thread(target=self._serve, daemon=True).start()

    def count_anew(self, cut_at: int = 0, cut: Callable[[], None] = lambda: None) -> None:
        """Starts counting at zero; calls `cut` at the cut_at-th notification, which still passes."""
        self.notifications = self.payload_bytes = 0
        self._cut_at, self._cut = cut_at, cut

    @property
    def bytes_per_s(self) -> float:
        """Payload of the notifications counted, per second from the first to the last."""
        return self.payload_bytes / (self.last_s - self.first_s)

    def close(self) -> None:
        """Ends both connections."""
        with contextlib.suppress(OSError):
            self._air.shutdown(socket.SHUT_RDWR)  # close alone would not wake the thread that reads
        self._listener.close()
        self._air.close()

    def _serve(self) -> None:
        try:
            machine, _ = self._listener.accept()
        except OSError:
            return  # closed before a machine came
        with machine:
            threading.Thread(target=self._outward, args=(machine,), daemon=True).start()
            arrived = b""
            while data := _receive(self._air):
                arrived = self._inward(machine, arrived + data)

    def _outward(self, machine: socket.socket) -> None:
        while data := _receive(machine):
            _send(self._air, data)

    def _inward(self, machine: socket.socket, data: bytes) -> bytes:
        """Passes on the whole packets of data; returns what is left of it."""
        while data:
            head, width = _HEADER[data[0]]
            size = head + int.from_bytes(data[head - width : head], "little")
            if len(data) < head or len(data) < size:
                break
            packet, data = data[:size], data[size:]
            if packet[:2] == bytes((_EVENT, _COMMAND_COMPLETE)) and packet[4:6] == _FEATURES_TOLD:
                packet = _plainer(packet)
            _send(machine, packet)
            if (packet[0] == _ACL and packet[2] >> 4 & 3 == _FIRST_FRAGMENT
                    and packet[7:10] == bytes((_ATT_CHANNEL, 0, _NOTIFICATION))):
                self._notified(int.from_bytes(packet[_L2CAP : _L2CAP + 2], "little") - 3)
        return data

    def _notified(self, payload_bytes: int) -> None:
        self.last_s = time.monotonic()
        if not self.notifications:
            self.first_s = self.last_s
        self.notifications += 1
        self.payload_bytes += payload_bytes
        if self.notifications == self._cut_at:
            self._cut()


def _plainer(packet: bytes) -> bytes:
    """Returns the answer about features without the two that Bumble's controller does not do well."""
    first, second = packet[_FEATURES] & ~_LL_PRIVACY, packet[_FEATURES + 1] & ~_EXTENDED_ADVERTISING
    return packet[:_FEATURES] + bytes((first, second)) + packet[_FEATURES + 2 :]


def _send(end: socket.socket, data: bytes) -> None:
    """Sends, or not if that end is gone."""
    with contextlib.suppress(OSError):
        end.sendall(data)


def _receive(end: socket.socket) -> bytes:
    """Returns what came; nothing once either end is gone."""
    try:
        return end.recv(65536)
    except OSError:
        return b""
