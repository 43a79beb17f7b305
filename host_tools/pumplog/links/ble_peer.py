"""A connected board over Bluetooth: reads, writes, what it sends, and its bond with this computer.

What it sends goes straight to a queue: the library's PacketBuffer drops its oldest packet silently.
The library offers no bonds, so they are asked of the bleak client below it, or of BlueZ.
"""

from __future__ import annotations

import queue
import sys
from contextlib import suppress
from typing import Any
from uuid import UUID

from .. import host
from ..errors import NotPairedError, PumplogError, RefusedError, UnreachableError

_LOOK_S = 0.2
_WANTS_SECURITY = (0x05, 0x08, 0x0C, 0x0F)  # ATT: authentication, authorization, key size, encryption
_BLUEZ_WANTS = ("NotAuthorized", "NotPermitted", "AuthenticationFailed")
_WINDOWS_WANTS = "Access Denied"  # all that bleak says of it there


def why(error: BaseException) -> str:
    """Returns an error of the libraries in words."""
    return str(error) or type(error).__name__


def _lost() -> UnreachableError:
    return UnreachableError("the radio link broke", "go nearer and do it again; what came is kept")


class GattPeer:
    """A connected board: its characteristics by UUID, and a queue of what it sends, in order."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._arrived: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
        remote = connection._bleio_connection.discover_remote_services()
        self._characteristics = {
            str(UUID(char.uuid._bleak_uuid)): char
            for service in remote for char in service.characteristics
        }

    def _characteristic(self, uuid: str) -> Any:
        if uuid not in self._characteristics:
            raise UnreachableError("what was connected to lacks the pumplog service",
                                   "another device has this name; check which board is meant")
        return self._characteristics[uuid]

    def read(self, uuid: str) -> bytes:
        """Reads a characteristic; RefusedError if the board wants a paired computer."""
        char = self._characteristic(uuid)
        return bytes(self._guard(lambda: char.value))

    def write(self, uuid: str, data: bytes) -> None:
        """Writes, acknowledged where the characteristic takes acknowledged writes."""
        char = self._characteristic(uuid)
        self._guard(lambda: setattr(char, "value", data))

    write_command = write

    def subscribe(self, uuid: str) -> None:
        """Lets a characteristic's notifications or indications come."""
        char = self._characteristic(uuid)
        char._add_notify_callback(lambda data: self._arrived.put((uuid, bytes(data))))
        self._guard(lambda: char.set_cccd(notify=True))

    def receive(self, timeout_s: float) -> tuple[str, bytes] | None:
        """Returns the next (uuid, data), None after the timeout; UnreachableError once the link is gone.

        bleio has no call for a lost link, so that is looked at in between.
        """
        deadline_s = host.waited_s() + timeout_s
        while True:
            left_s = deadline_s - host.waited_s()
            try:
                return self._arrived.get(timeout=max(0.0, min(left_s, _LOOK_S)))
            except queue.Empty:
                if not self._guard(lambda: self._connection.connected):
                    raise _lost() from None
                if left_s <= _LOOK_S:
                    return None

    @property
    def paired(self) -> bool | None:
        """Whether this computer holds a bond with the board; None where the system does not say."""
        client = self._client
        if hasattr(client, "is_paired"):
            return bool(client.is_paired)
        if sys.platform == "linux":
            from . import bluez_agent

            return bool(self._call(bluez_agent.is_paired(client)))
        return None

    def pair(self, passkey: int) -> None:
        """Pairs with that passkey; NotPairedError if it fails, or if the system has to do it itself."""
        try:
            if hasattr(self._client, "is_paired"):
                self._call(self._client.pair(passkey=passkey))
            elif sys.platform == "linux":
                from . import bluez_agent

                self._call(bluez_agent.pair(self._client, passkey))
            else:
                raise NotPairedError("this system pairs in its own settings", "pair there")
        except UnreachableError as error:
            raise NotPairedError(f"pairing failed ({why(error.__cause__ or error)})",
                                 "do it again, nearer to the board") from error

    def unpair(self) -> None:
        """Has this computer forget its bond, and disconnects; NotPairedError if the system has to do
        it."""
        try:
            self._call(self._client.unpair())
        except NotImplementedError as error:  # macOS
            raise NotPairedError("this system forgets a board in its own Bluetooth settings only",
                                 "remove it there") from error

    @property
    def _client(self) -> Any:
        """The bleak backend's own client: bleio offers neither pairing nor who is paired."""
        return self._connection._bleio_connection._bleak_client._backend

    def _call(self, work: Any) -> Any:
        import _bleio

        return self._guard(lambda: _bleio.adapter.await_bleak(work))

    def close(self) -> None:
        """Disconnects. However that goes, what came over the link is kept."""
        with suppress(Exception):
            if self._connection.connected:
                self._connection.disconnect()

    def _guard(self, work: Any) -> Any:
        try:
            return work()
        except (PumplogError, NotImplementedError):
            raise
        except Exception as error:  # bleak and dbus-fast raise more than they promise as a link ends
            if _wants_security(error.__cause__):
                raise RefusedError("the board wants a paired computer for that",
                                   "pair this computer with it") from error
            raise _lost() from error


def _wants_security(error: BaseException | None) -> bool:
    """Returns whether a failed call was refused for want of encryption or authentication."""
    if getattr(error, "code", None) in _WANTS_SECURITY:
        return True
    name = getattr(error, "dbus_error", None) or ""
    return name.rpartition(".")[2] in _BLUEZ_WANTS or str(error).endswith(_WINDOWS_WANTS)
