"""An attacker's Bluetooth device: a stack of its own on the virtual air, that does as it is told."""

from __future__ import annotations

import asyncio
import struct
from typing import Any, Self
from uuid import UUID as PlainUUID

from bumble.core import UUID, AdvertisingData, BaseBumbleError
from bumble.device import Device, Peer
from bumble.hci import Address
from bumble.keys import MemoryKeyStore
from bumble.pairing import PairingConfig
from bumble.transport import open_transport
from pumpbench.air.bleak_backend import Keyboard
from pumpwire import commands, gatt, pairing, proofs, receiving, uuids

from helpers.air.air_time import keep_air_time

FIND_S = 10
QUIET_S = 1.5  # a board answers in a tenth of that


class Stranger:
    """Use `async with Stranger(air, number) as stranger`; each number is another device."""

    def __init__(self, air: str, number: int) -> None:
        self._air = air
        self._address = f"F6:66:66:66:66:{number:02X}"
        self.arrived: list[tuple[int, bytes]] = []

    async def __aenter__(self) -> Self:
        keep_air_time(self._air)
        self._transport = await open_transport(f"tcp-client:{self._air}")
        self._device = Device.with_hci("stranger", Address(self._address), self._transport.source,
                                       self._transport.sink)
        await self._device.power_on()
        self._device.keystore = MemoryKeyStore()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transport.close()

    async def connect(self, board: str) -> None:
        """Looks for a board by its name, and connects."""
        found: asyncio.Future[Address] = asyncio.get_running_loop().create_future()

        def heard(advertisement: Any) -> None:
            name = advertisement.data.get(AdvertisingData.COMPLETE_LOCAL_NAME)
            if name == board and not found.done():
                found.set_result(advertisement.address)

        self._device.on("advertisement", heard)
        await self._device.start_scanning(active=True)
        address = await asyncio.wait_for(found, FIND_S)
        await self._device.stop_scanning()
        self._device.remove_listener("advertisement", heard)
        self.connection = await self._device.connect(address, timeout=FIND_S)
        self.gone: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.connection.on("disconnection", self._gone)
        self._peer = peer = Peer(self.connection)
        await peer.request_mtu(247)
        await peer.discover_services()
        for service in peer.services:
            await service.discover_characteristics()
        self._characteristics = {
            channel: peer.get_characteristics_by_uuid(UUID(str(PlainUUID(text))))[0]
            for channel, text in gatt.CHARACTERISTICS.items()
        }

    def _gone(self, reason: int) -> None:
        if not self.gone.done():
            self.gone.set_result(reason)

    async def read(self, channel: int) -> bytes:
        """Reads a characteristic; ATT_Error if the board refuses."""
        return bytes(await self._characteristics[channel].read_value())

    async def read_standard(self, number: int) -> bytes:
        """Reads a characteristic that the Bluetooth SIG numbered; ATT_Error if the board refuses."""
        return bytes(await self._peer.get_characteristics_by_uuid(
            UUID.from_16_bits(number))[0].read_value())

    async def write(self, channel: int, data: bytes) -> None:
        """Writes, acknowledged; ATT_Error if the board refuses."""
        await self._characteristics[channel].write_value(data, with_response=True)

    async def subscribe(self) -> None:
        """Lets everything come that the board may send, into `arrived`."""
        for channel in (uuids.RACP, uuids.LOG, uuids.COMMAND):
            await self._characteristics[channel].subscribe(
                lambda data, channel=channel: self.arrived.append((channel, bytes(data))),
                prefer_notify=channel == uuids.LOG)

    async def pair(self, passkey: int | None, legacy: bool = False) -> bool:
        """Pairs with a passkey, or without one (Just Works); returns whether that was taken.

        legacy: by the older protocol, as a computer does that knows no Secure Connections.
        """
        self._device.pairing_config_factory = lambda _: PairingConfig(
            sc=not legacy, mitm=passkey is not None, bonding=True, delegate=Keyboard(passkey),
            identity_address_type=PairingConfig.AddressType.RANDOM)
        try:
            await self.connection.pair()
        except (asyncio.CancelledError, BaseBumbleError):
            return False
        return True

    async def window(self) -> tuple[bool, int, bytes]:
        """Returns what PAIRING tells everybody: whether a window is open, attempts left, nonce."""
        return pairing.read_value(await self.read(uuids.PAIRING))

    async def quiet(self) -> list[tuple[int, bytes]]:
        """Waits a while; returns all that arrived."""
        await asyncio.sleep(QUIET_S)
        return self.arrived

    async def ask(self, request: bytes) -> tuple[int, int, int, bytes]:
        """Sends a command; returns its answer (op, id, result, body)."""
        before = len(self.arrived)
        await self.write(uuids.COMMAND, request)
        for _ in range(100):
            for channel, data in self.arrived[before:]:
                if channel == uuids.COMMAND and (data[0] & 0x7F, data[1]) == tuple(request[:2]):
                    return receiving.read_response(data)
            await asyncio.sleep(0.05)
        raise AssertionError("no answer to a command")

    async def prove(self, host_id: int) -> bytes:
        """Has the board give a session nonce."""
        request = struct.pack(proofs.PROVE_REQUEST, bytes(16), host_id)
        _, _, result, body = await self.ask(commands.request(commands.PROVE, 1, 0, request))
        assert result == commands.OK
        return bytes(body[:16])
