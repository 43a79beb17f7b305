"""The laptop's Bluetooth through adafruit-circuitpython-ble; on the virtual air with PUMPLOG_AIR.

Scanning and connecting go one at a time (one adapter object): FINDER sees to it. Notifications go
straight to a queue: PacketBuffer would drop its oldest silently.
"""

from __future__ import annotations

import os
import queue
import sys
import time
from collections.abc import Iterator
from concurrent.futures import TimeoutError as CallTimeout
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from pumpwire import gatt

from .. import host
from ..errors import NotPaired, Refused, Unreachable
from .search import Finder

CONNECT_TIMEOUT_S = 10.0
_WEAKEST_DBM = -127  # bleio would leave out what comes in below -80: the board at the ward's far end
_LOOK_S = 0.2
_WANTS_SECURITY = (0x05, 0x08, 0x0C, 0x0F)  # ATT: authentication, authorization, key size, encryption
_BLUEZ_WANTS = ("NotAuthorized", "NotPermitted", "AuthenticationFailed")
_WINDOWS_WANTS = "Access Denied"  # all that bleak tells of it there
_LOST = "the radio link broke: go nearer and do it again; what came is kept."


@dataclass(frozen=True)
class Seen:
    """A board heard in a scan."""

    name: str
    address: str
    rssi_dbm: int
    has_news: bool
    advertisement: Any


@cache
def _radio() -> Any:
    """Returns adafruit_ble's radio, with the mends in place; Unreachable without an adapter."""
    air = os.environ.get("PUMPLOG_AIR")
    if air:
        from pumpbench.air import bleak_backend

        bleak_backend.install(air, host.host_id(), host.state_folder() / "bonds")
    try:
        from adafruit_ble import BLERadio

        from . import ble_fixes as ble_mends

        ble_mends.install()
        return BLERadio()
    except Exception as error:  # Blinka raises what it likes on a machine it does not know
        raise Unreachable(f"this computer's Bluetooth cannot be used ({error}): switch it on, or"
                          " pull over the cable with --link serial:PORT.") from error


def pairs_itself() -> bool:
    """Returns whether pumplog pairs here by itself, or the system's own dialogue has to."""
    return bool(os.environ.get("PUMPLOG_AIR")) or sys.platform == "linux"


def scan(
    service_uuid: str, timeout_s: float = 8.0, until_name: str | None = None
) -> list[Seen]:
    """Returns the boards heard within the timeout, or as soon as `until_name` is heard."""
    radio = _radio()
    found: dict[str, Seen] = {}
    try:
        for seen in _heard(radio, service_uuid, timeout_s):
            found[seen.address] = seen
            if seen.name == until_name:
                break
    except (Exception, CallTimeout) as error:
        raise Unreachable(f"this computer's Bluetooth cannot scan ({_why(error)}): switch it on, or"
                          " pull over the cable with --link serial:PORT.") from error
    finally:
        radio.stop_scan()
    return list(found.values())


def _why(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _heard(radio: Any, service_uuid: str, timeout_s: float) -> Iterator[Seen]:
    from adafruit_ble.advertising.standard import ProvideServicesAdvertisement
    from adafruit_ble.uuid import VendorUUID

    wanted = VendorUUID(service_uuid)
    for told in radio.start_scan(ProvideServicesAdvertisement, timeout=timeout_s,
                                 minimum_rssi=_WEAKEST_DBM):
        if wanted not in _services(told):
            continue
        maker = told.data_dict.get(0xFF, b"")
        maker = maker[0] if isinstance(maker, list) else maker
        company = gatt.COMPANY_ID.to_bytes(2, "little")
        news = len(maker) >= 3 and maker[:2] == company and bool(maker[2] & gatt.HAS_NEWS)
        yield Seen(told.complete_name or "", told.address.string, told.rssi, news, told)


def _services(told: Any) -> list[Any]:
    return list(told.services._vendor_services) + list(told.services._standard_services)


class GattPeer:
    """A connected board: reads, writes and a queue of what it sends, in order of arrival."""

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
            raise Unreachable("what was connected to lacks the pumplog service: another device has"
                              " this name; check which board is meant.")
        return self._characteristics[uuid]

    def read(self, uuid: str) -> bytes:
        """Reads a characteristic."""
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
        """Returns the next (uuid, data), None after the timeout; Unreachable once the link is gone.

        bleio has no call for a lost link, so that is looked at in between.
        """
        deadline_s = time.monotonic() + timeout_s
        while True:
            left_s = deadline_s - time.monotonic()
            try:
                return self._arrived.get(timeout=max(0.0, min(left_s, _LOOK_S)))
            except queue.Empty:
                if not self._connection.connected:
                    raise Unreachable(_LOST) from None
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
        """Pairs with that passkey; NotPaired if it fails, or if the system has to do it itself."""
        try:
            if hasattr(self._client, "is_paired"):
                self._call(self._client.pair(passkey=passkey))
            elif sys.platform == "linux":
                from . import bluez_agent

                self._call(bluez_agent.pair(self._client, passkey))
            else:
                raise NotPaired("this system pairs in its own settings")
        except Unreachable as error:
            raise NotPaired(f"pairing failed ({_why(error.__cause__ or error)})") from error

    def unpair(self) -> None:
        """Has this computer forget its bond, and disconnects; NotPaired if the system has to do it."""
        try:
            self._call(self._client.unpair())
        except NotImplementedError as error:  # macOS
            raise NotPaired("this system forgets a board in its own Bluetooth settings only: remove it"
                            " there") from error

    @property
    def _client(self) -> Any:
        """The bleak backend's own client: bleio offers neither pairing nor who is paired."""
        return self._connection._bleio_connection._bleak_client._backend

    def _call(self, work: Any) -> Any:
        import _bleio

        return self._guard(lambda: _bleio.adapter.await_bleak(work))

    def close(self) -> None:
        """Disconnects."""
        if self._connection.connected:
            self._guard(self._connection.disconnect)

    def _guard(self, work: Any) -> Any:
        from _bleio.exceptions import BluetoothError

        try:
            return work()
        except (BluetoothError, CallTimeout, ConnectionError, OSError) as error:
            if _wants_security(error.__cause__):
                raise Refused("the board wants a paired computer for that.") from error
            raise Unreachable(_LOST) from error


def _wants_security(error: BaseException | None) -> bool:
    """Returns whether a failed call was refused for want of encryption or authentication."""
    if getattr(error, "code", None) in _WANTS_SECURITY:
        return True
    told = getattr(error, "dbus_error", None) or ""
    return told.rpartition(".")[2] in _BLUEZ_WANTS or str(error).endswith(_WINDOWS_WANTS)


def connect(seen: Seen, timeout_s: float = CONNECT_TIMEOUT_S) -> GattPeer:
    """Connects to a board that was heard."""
    try:
        return GattPeer(_radio().connect(seen.advertisement, timeout=timeout_s))
    except Unreachable:
        raise
    except Exception as error:
        raise Unreachable(f"board {seen.name} was heard but does not let us in ({_why(error)}): go"
                          " nearer and do it again.") from error


FINDER: Finder[Seen] = Finder(lambda board: scan(gatt.SERVICE, until_name=board))
