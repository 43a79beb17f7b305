"""A bleak backend on Bumble: the host tool's Bluetooth stack while it is on the virtual air.

What may happen to what it receives: reception.py. Its bonds: host_keys.py.
"""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID as PlainUUID

import bleak
from bleak.assigned_numbers import gatt_char_props_to_strs
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError
from bumble.att import ATT_Error
from bumble.core import UUID, AdvertisingData, BaseBumbleError
from bumble.core import TimeoutError as BumbleTimeout
from bumble.device import Connection, Device, Peer
from bumble.hci import Address, HCI_Error
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport import open_transport

from .host_keys import HostKeys
from .laptop_clock import keep_time
from .reception import Reception

_MTU = 247
_air = ""
_address = ""
_keys: HostKeys
_device: Device | None = None
_reception = Reception({})


class Keyboard(PairingDelegate):
    """Types the passkey that the host tool computed; without a passkey it can neither type nor show
    any. It types into no pairing for which `secure` is False, by the older protocol: that would tell
    whoever listens, or whoever only says to be the board, the passkey."""

    def __init__(self, passkey: int | None, secure: Callable[[], bool] = lambda: True) -> None:
        self._secure = secure
        super().__init__(PairingDelegate.NO_OUTPUT_NO_INPUT if passkey is None
                         else PairingDelegate.KEYBOARD_INPUT_ONLY)
        self._passkey = passkey

    async def get_number(self) -> int | None:
        return self._passkey if self._secure() else None


def install(air: str, host_id: int, folder: Path) -> None:
    """Puts bleak on the air at HOST:PORT in this process, as the computer `host_id` whose bonds are
    kept in `folder`."""
    global _air, _address, _keys, _reception
    _air = air
    digits = f"{host_id:08X}"
    _address = ":".join(["F1", "00", *(digits[k : k + 2] for k in range(0, 8, 2))])
    _keys = HostKeys(folder)
    _reception = Reception(os.environ)
    keep_time(air)
    bleak.get_platform_scanner_backend_type = lambda: (_Scanner, "bumble")  # type: ignore
    bleak.get_platform_client_backend_type = lambda: (_Client, "bumble")  # type: ignore


async def _radio() -> Device:
    global _device
    if _device is None:
        transport = await open_transport(f"tcp-client:{_air}")
        _device = Device.with_hci("pumplog", Address(_address), transport.source, transport.sink)
        await _device.power_on()
        _device.keystore = _keys
    return _device


def _text(uuid: UUID) -> str:
    return str(PlainUUID(bytes=uuid.to_bytes(force_128=True)[::-1]))


class _Scanner(BaseBleakScanner):
    def __init__(self, detection_callback: Any, service_uuids: Any, scanning_mode: str,
                 **_: Any) -> None:
        super().__init__(detection_callback, service_uuids)
        self._active = scanning_mode == "active"

    def _heard(self, advertisement: Any) -> None:
        """Reports an advertisement; what is malformed is dropped, as systems do."""
        try:
            self._report(advertisement)
        except (BaseBumbleError, ValueError, struct.error):
            pass

    def _report(self, advertisement: Any) -> None:
        data = advertisement.data
        uuids = [_text(uuid) for kind in range(2, 8) for group in data.get_all(kind)
                 for uuid in group]
        if not self.is_allowed_uuid(uuids):
            return
        makers = {company: bytes(value) for company, value in
                  data.get_all(AdvertisingData.MANUFACTURER_SPECIFIC_DATA)}
        raw = data.get(AdvertisingData.COMPLETE_LOCAL_NAME, raw=True)
        name = None if raw is None else raw.decode("utf-8", "replace")
        told = AdvertisementData(name, makers, {}, uuids, advertisement.tx_power,
                                 advertisement.rssi, (advertisement,))
        address = advertisement.address.to_string(False)
        device = self.create_or_update_device(address, address, name, advertisement.address, told)
        self.call_detection_callbacks(device, told)

    async def start(self) -> None:
        self.seen_devices: dict[str, Any] = {}
        radio = await _radio()
        radio.on("advertisement", self._heard)
        await radio.start_scanning(active=self._active)

    async def stop(self) -> None:
        radio = await _radio()
        await radio.stop_scanning()
        radio.remove_listener("advertisement", self._heard)


class _Client(BaseBleakClient):
    def __init__(self, address_or_ble_device: Any, **options: Any) -> None:
        super().__init__(address_or_ble_device, **options)
        known = isinstance(address_or_ble_device, BLEDevice)
        self._target = (address_or_ble_device.details if known else Address(address_or_ble_device))
        self._told_name = address_or_ble_device.name if known else None
        self._connection: Connection | None = None
        self._stale = False
        self._breaking: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self._told_name or self.address

    @property
    def mtu_size(self) -> int:
        return int(self._connection.att_mtu) if self._connection else 23

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    async def connect(self, pair: bool, **options: Any) -> None:
        radio = await _radio()
        timeout_s = options.get("timeout") or self._timeout
        try:
            self._connection = connection = await radio.connect(self._target, timeout=timeout_s)
        except (BumbleTimeout, BaseBumbleError):
            raise BleakDeviceNotFoundError(self.address) from None
        connection.on("disconnection", self._gone)
        if self.is_paired:
            await self._encrypt(connection)
        peer = Peer(connection)
        await peer.request_mtu(_MTU)
        await peer.discover_services()
        self.services = BleakGATTServiceCollection()
        for service in peer.services:
            await self._add_service(service)

    async def _add_service(self, service: Any) -> None:
        told = BleakGATTService(service, service.handle, _text(service.uuid))
        self.services.add_service(told)
        for char in await service.discover_characteristics():
            names = list(gatt_char_props_to_strs(char.properties))
            known = BleakGATTCharacteristic(char, char.handle, _text(char.uuid), names,
                                            lambda: self.mtu_size - 3, told)
            self.services.add_characteristic(known)
            for descriptor in await char.discover_descriptors():
                self.services.add_descriptor(BleakGATTDescriptor(
                    descriptor, descriptor.handle, _text(descriptor.type), known))

    def _gone(self, _: Any) -> None:
        self._connection = None
        if self._disconnected_callback:
            self._disconnected_callback()

    async def disconnect(self) -> None:
        if self._connection:
            await self._connection.disconnect()

    @property
    def is_paired(self) -> bool:
        """Whether this host holds a bond with the board, and the board did not forget it."""
        return not self._stale and _keys.has(str(self._target))

    async def _encrypt(self, connection: Connection) -> None:
        """Encrypts under the bond's key; a board that lacks it leaves the link as it was. The key is
        kept: anybody with the board's address could say so."""
        try:
            await connection.encrypt()
        except HCI_Error:
            self._stale = True
        except (asyncio.CancelledError, BaseBumbleError):
            raise BleakError("the board ended the link as it was encrypted") from None

    async def pair(self, *_: Any, passkey: int | None = None, **__: Any) -> None:
        """Pairs; without a passkey as computers do that have neither keys nor a display."""
        if self._connection is None:
            raise BleakError("Not connected")
        radio, handle = await _radio(), self._connection.handle

        def secure() -> bool:
            session = radio.smp_manager.sessions.get(handle)
            return session is not None and session.sc

        radio.pairing_config_factory = lambda _: PairingConfig(
            sc=True, mitm=passkey is not None, bonding=True, delegate=Keyboard(passkey, secure),
            identity_address_type=PairingConfig.AddressType.RANDOM,
        )
        try:
            await self._connection.pair()
            self._stale = False
        except (asyncio.CancelledError, BaseBumbleError) as error:
            raise BleakError(f"pairing failed ({error})") from None
        kept = await _keys.get(str(self._target))
        if passkey is not None and not (kept and kept.ltk and kept.ltk.authenticated):
            await self.unpair()
            raise BleakError("pairing failed (the passkey was not asked for)")

    async def unpair(self) -> None:
        """Forgets the bond, and disconnects."""
        await _keys.delete(str(self._target))
        await self.disconnect()

    async def _do(self, work: Any) -> Any:
        if self._connection is None:
            work.close()
            raise BleakError("Not connected")
        try:
            return await work
        except ATT_Error as error:
            raise BleakGATTProtocolError(error.error_code) from error  # type: ignore[arg-type]

    async def read_gatt_char(self, characteristic: Any, **_: Any) -> bytearray:
        return bytearray(await self._do(characteristic.obj.read_value()))

    async def read_gatt_descriptor(self, descriptor: Any, **_: Any) -> bytearray:
        return bytearray(await self._do(descriptor.obj.read_value()))

    async def write_gatt_char(self, characteristic: Any, data: Any, response: bool) -> None:
        await self._do(characteristic.obj.write_value(bytes(data), with_response=bool(response)))

    async def write_gatt_descriptor(self, descriptor: Any, data: Any) -> None:
        await self._do(descriptor.obj.write_value(bytes(data), with_response=True))

    async def start_notify(self, characteristic: Any, callback: Any, **options: Any) -> None:
        unacknowledged = "notify" in characteristic.properties

        def arrived(value: bytes) -> None:
            if self._connection is None or self._breaking:
                return
            if _reception.arrived(self.name, characteristic.uuid, bytes(value), unacknowledged):
                callback(bytearray(value))
            elif _reception.link_breaks:
                self._breaking = asyncio.get_running_loop().create_task(self.disconnect())

        characteristic.obj.bleak_callback = arrived
        await self._do(characteristic.obj.subscribe(
            arrived, prefer_notify=not options.get("force_indicate")))

    async def stop_notify(self, characteristic: Any) -> None:
        await self._do(characteristic.obj.unsubscribe(characteristic.obj.bleak_callback))
