"""The laptop's stack on the virtual air types a passkey into a pairing by Secure Connections alone.

Who only says to be the board shows its nonce, and would learn the passkey of that nonce: by the older
protocol at once, by trying all of them on what was sent.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from bleak.exc import BleakError
from bumble.device import Device
from bumble.hci import Address
from bumble.keys import MemoryKeyStore
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport import open_transport
from pumpbench.air import bleak_backend
from pumpbench.air.host_keys import HostKeys
from pumpbench.air.server import Air

BOARD, PASSKEY = "F6:66:66:66:66:01", 123456


class Display(PairingDelegate):
    """A board's display, or (without one) none."""

    async def generate_passkey(self) -> int:
        return PASSKEY


@pytest.mark.parametrize("secure, io, why", [
    (True, PairingDelegate.DISPLAY_OUTPUT_ONLY, None),
    (False, PairingDelegate.DISPLAY_OUTPUT_ONLY, "pairing failed"),
    (True, PairingDelegate.NO_OUTPUT_NO_INPUT, "was not asked for"),
    (False, PairingDelegate.NO_OUTPUT_NO_INPUT, "pairing failed"),
], ids=["a board", "older protocol", "no passkey", "older protocol, no passkey"])
def test_a_passkey_is_typed_by_secure_connections_alone(
    secure: bool, io: PairingDelegate.IoCapability, why: str | None, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    typed: list[bool] = []

    async def get_number(self: bleak_backend.Keyboard) -> int | None:
        number = await original(self)
        typed.append(number is not None)
        return number

    original = bleak_backend.Keyboard.get_number
    monkeypatch.setattr(bleak_backend.Keyboard, "get_number", get_number)

    async def work() -> None:
        _, port = await Air().start()
        address = f"127.0.0.1:{port}"
        transport = await open_transport(f"tcp-client:{address}")
        board = Device.with_hci("B01", Address(BOARD), transport.source, transport.sink)
        board.pairing_config_factory = lambda _: PairingConfig(
            sc=secure, mitm=io != PairingDelegate.NO_OUTPUT_NO_INPUT, bonding=True, delegate=Display(io),
            identity_address_type=PairingConfig.AddressType.RANDOM)
        await board.power_on()
        board.keystore = MemoryKeyStore()
        await board.start_advertising(auto_restart=True)
        for name, value in (("_air", address), ("_address", "F1:00:00:00:00:01"), ("_device", None),
                            ("_keys", HostKeys(tmp_path))):
            monkeypatch.setattr(bleak_backend, name, value, raising=False)
        client = bleak_backend._Client(BOARD, disconnected_callback=None, timeout=10.0)
        await client.connect(False, timeout=10)
        if why is None:
            await client.pair(passkey=PASSKEY)
            assert client.is_paired and typed == [True]
        else:
            with pytest.raises(BleakError, match=why):
                await client.pair(passkey=PASSKEY)
            assert True not in typed and not client.is_paired and not list(tmp_path.iterdir())
        await transport.close()

    asyncio.run(asyncio.wait_for(work(), 60))
