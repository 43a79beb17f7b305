"""What strangers advertise, as bytes on the air and as bleak reports it; and what a scan makes of it."""

from __future__ import annotations

import random
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import _bleio
import pytest
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bumble.core import UUID as BumbleUUID
from bumble.core import AdvertisingData
from bumble.hci import Address
from pumpbench.air.bleak_backend import _Scanner
from pumplog.links import ble_radio
from pumpwire import gatt

HEART_RATE = "0000180d-0000-1000-8000-00805f9b34fb"
FIELDS = (0x01, 0x02, 0x03, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x16, 0x21, 0xFF)
Told = tuple[BLEDevice, AdvertisementData]


def told(name: str | None, makers: dict[int, bytes], uuids: list[str], rssi: int = -60,
         address: str = "11:22:33:44:55:66") -> Told:
    """Returns what bleak reports of a device."""
    return (BLEDevice(address, name, None), AdvertisementData(name, makers, {}, uuids, None, rssi, ()))


BOARD = told("B01", {gatt.COMPANY_ID: b"\x01"}, [gatt.SERVICE], address="AA:BB:CC:00:00:01")


def any_report(dice: random.Random) -> Told:
    """Returns a random report of bleak, such as no device would give."""
    raw = dice.randbytes(dice.randrange(300))
    name = dice.choice([None, "", "B01\x1b[2J", raw.decode("latin-1"),
                        "".join(chr(dice.randrange(0xD7F0, 0xE010)) for _ in range(9))])
    makers = {dice.choice([76, gatt.COMPANY_ID, dice.randrange(1 << 20)]):
              dice.randbytes(dice.randrange(400)) for _ in range(dice.randrange(3))}
    uuids = [dice.choice([gatt.SERVICE, HEART_RATE, gatt.SERVICE.upper(), str(UUID(
        bytes=dice.randbytes(16))), "180d", "", "x"]) for _ in range(dice.randrange(20))]
    return told(name, makers, uuids, dice.randrange(-127, 128), dice.randbytes(6).hex(":"))


def any_advertisement(dice: random.Random) -> bytes:
    """Returns random bytes of an advertisement, of fields for the most part."""
    fields = b""
    while len(fields) < dice.randrange(255):
        data = dice.randbytes(dice.randrange(40)) or bytes(reversed(UUID(gatt.SERVICE).bytes))
        length = len(data) + 1 if dice.random() < 0.8 else dice.randrange(256)
        fields += bytes((length, dice.choice(FIELDS))) + data
    return fields if dice.random() < 0.8 else dice.randbytes(dice.randrange(256))


def on_the_air(raws: Iterable[bytes]) -> list[Told]:
    """Returns what the bench's backend of bleak reports of these advertisements, each from a device."""
    known = len(BumbleUUID.UUIDS)
    scanner = _Scanner(None, None, "active")
    scanner.seen_devices = {}
    for n, raw in enumerate(raws):
        scanner._heard(SimpleNamespace(
            data=AdvertisingData.from_bytes(raw), rssi=-60, tx_power=0,
            address=Address(":".join(f"{b:02X}" for b in (0xF6, 0x66, *n.to_bytes(4)))),
        ))
    del BumbleUUID.UUIDS[known:]  # Bumble looks through all that it ever met
    return list(scanner.seen_devices.values())


def scan(monkeypatch: pytest.MonkeyPatch, heard: Iterable[Told]) -> list[tuple[str, str]]:
    """Returns (name, address) of what a scan makes of these reports, and of BOARD's behind them."""
    reports = [*heard, BOARD]

    async def interval(self: Any, _: float) -> list[Told]:
        return reports

    ble_radio._radio.cache_clear()
    monkeypatch.delenv("PUMPLOG_AIR", raising=False)
    monkeypatch.setattr(_bleio.adapter, "ble_backend", "bleak")
    monkeypatch.setattr(_bleio.common.Adapter, "_scan_for_interval", interval)
    found = ble_radio.scan(gatt.SERVICE, until_name="B01")
    return [(each.name, each.address) for each in found]
