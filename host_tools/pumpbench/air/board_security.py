"""Pairing and encryption on a board's side of the air: Bumble's SMP, with the board's own secrets.

What the board's firmware is asked and told are MicroPython's interrupts 28 to 31, in its own meanings:
`authenticated` is said only of a link whose key came of a passkey, and not on
Bumble's word alone.
"""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Awaitable, Callable
from typing import Any

from bumble.device import Connection, Device
from bumble.hci import Address
from bumble.keys import KeyStore, PairingKeys
from bumble.pairing import PairingConfig, PairingDelegate

_ENCRYPTION, _GET_SECRET, _SET_SECRET, _PASSKEY = 28, 29, 30, 31
_DISPLAY = 3
_KEY_BYTES = 16
_OURS, _HOSTS = 1, 2  # kinds of keys; on LE Secure Connections they are the same
# NimBLE's struct ble_store_value_sec: address, bond count, key size, ediv, rand, long-term key and
# whether there is one, the other keys, then two bits: authenticated, Secure Connections
_SECRET = "<7sxHBxH2xQ16sB16xB16xBxIB7x"
_ANSWER_S = 30.0  # SMP's own time limit

Ask = Callable[[int, bytes], Awaitable[bytes]]
Tell = Callable[[int, bytes], None]


class BoardKeys(KeyStore):
    """Bonds that the board itself keeps: each is asked for, and handed over, as a secret."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def get(self, name: str) -> PairingKeys | None:
        """Returns the keys of the host at that address, if the board has them."""
        return _keys(await self._ask(_GET_SECRET, bytes((1, 0)) + _address(name)))

    async def update(self, name: str, keys: PairingKeys) -> None:
        """Hands a host's fresh keys to the board, which may refuse them."""
        key = _address(name)
        for kind, legacy in ((_OURS, keys.ltk_central), (_HOSTS, keys.ltk_peripheral)):
            secret = _secret(key, keys.ltk, legacy)
            await self._ask(_SET_SECRET, bytes((kind, len(key))) + key + secret)

    async def delete(self, name: str) -> None:
        """Has the board drop a host's keys."""
        key = _address(name)
        for kind in (_OURS, _HOSTS):
            await self._ask(_SET_SECRET, bytes((kind, len(key))) + key)

    async def get_all(self) -> list[tuple[str, PairingKeys]]:
        """Returns nothing: no host on this air hides its address."""
        return []


def _address(name: str) -> bytes:
    address = Address(name)
    return bytes((address.address_type & 1,)) + bytes(address)


def _secret(address: bytes, secure: PairingKeys.Key | None, legacy: PairingKeys.Key | None) -> bytes:
    """Returns a host's key as NimBLE has it kept; of a legacy key NimBLE draws what Bumble leaves 0."""
    key = secure or legacy
    if key is None:
        return struct.pack(_SECRET, address, 1, 0, 0, 0, bytes(_KEY_BYTES), 0, 0, 0, 0, 0)
    ediv, rand = (0, 0) if secure else (1, int.from_bytes(os.urandom(8)) | 1)
    return struct.pack(_SECRET, address, 1, _KEY_BYTES, ediv, rand, key.value, 1, 0, 0, 0,
                       bool(key.authenticated) | bool(secure) << 1)


def _keys(value: bytes) -> PairingKeys | None:
    if len(value) != struct.calcsize(_SECRET):
        return None
    told = struct.unpack(_SECRET, value)
    keys = PairingKeys()
    keys.ltk = PairingKeys.Key(value=told[5], authenticated=bool(told[-1] & 1))
    return keys


class _Display(PairingDelegate):
    """Lets the board say which passkey it would display."""

    def __init__(self, security: BoardSecurity, connection: Connection, io: int) -> None:
        super().__init__(PairingDelegate.IoCapability(io))
        self._security = security
        self._connection = connection

    async def generate_passkey(self) -> int:
        return await self._security.passkey(self._connection)


class BoardSecurity:
    """One board's: ask(interrupt, data) -> its answer, tell(interrupt, data)."""

    def __init__(self, device: Device, ask: Ask, tell: Tell) -> None:
        self._keys = BoardKeys(ask)
        self._tell = tell
        self._options: dict[str, Any] = {}
        self._passkeys: dict[int, asyncio.Future[int]] = {}
        self._pairing: set[int] = set()
        self.paired = 0  # hosts that gave a right passkey
        device.keystore = self._keys
        device.pairing_config_factory = self._config

    def configure(self, options: dict[str, Any]) -> None:
        """Takes bond, le_secure, mitm and io, as the board set them."""
        self._options.update(options)

    def _config(self, connection: Connection) -> PairingConfig:
        options = self._options
        return PairingConfig(
            sc=bool(options.get("le_secure")), mitm=bool(options.get("mitm")),
            bonding=bool(options.get("bond")),
            identity_address_type=PairingConfig.AddressType.RANDOM,
            delegate=_Display(self, connection, options.get("io", 3)),
        )

    async def passkey(self, connection: Connection) -> int:
        """Asks the board for the passkey; it may end the link instead."""
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._passkeys[connection.handle] = answer
        self._tell(_PASSKEY, struct.pack(">HBI", connection.handle, _DISPLAY, 0))
        return await asyncio.wait_for(answer, _ANSWER_S)

    def told_passkey(self, data: bytes) -> None:
        """Takes the board's answer to a passkey interrupt."""
        handle, action, number = struct.unpack(">HBI", data)
        answer = self._passkeys.pop(handle, None)
        if action != _DISPLAY or answer is None or answer.done():
            raise ValueError("nobody asked for a passkey")
        answer.set_result(number)

    def watch(self, connection: Connection) -> None:
        """Tells the board what becomes of a connection's encryption."""
        handle = connection.handle

        def began() -> None:
            self._pairing.add(handle)

        def done(keys: PairingKeys) -> None:
            self._pairing.discard(handle)
            self.paired += bool(keys.ltk and keys.ltk.authenticated)
            self._encrypted(connection, keys)

        def failed(_: Any) -> None:
            self._pairing.discard(handle)
            self._encrypted(connection, None)

        async def restored() -> None:
            self._encrypted(connection, await self._keys.get(str(connection.peer_address)))

        def changed() -> None:
            if handle not in self._pairing and connection.encryption:
                connection.cancel_on_disconnection(restored())

        connection.on("pairing_start", began)
        connection.on("pairing", done)
        connection.on("pairing_failure", failed)
        connection.on("connection_encryption_change", changed)
        connection.on("connection_encryption_failure", failed)
        connection.on("disconnection", lambda _: self._pairing.discard(handle))

    def _encrypted(self, connection: Connection, keys: PairingKeys | None) -> None:
        key = keys and (keys.ltk or keys.ltk_peripheral)
        encrypted = bool(key and connection.encryption)
        self._tell(_ENCRYPTION, struct.pack(
            ">HBBBB", connection.handle, encrypted, bool(encrypted and key and key.authenticated),
            bool(encrypted and self._options.get("bond")), _KEY_BYTES if encrypted else 0,
        ))
