"""A scan hears the boards among whatever else is on the air: no advertisement ends it.

From the bytes of an advertisement on, through the bench's backend of bleak and the library: what systems
report of strangers besides is played by hand.
"""

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
from bumble.core import AdvertisingData
from bumble.hci import Address
from pumpbench.air.bleak_backend import _Scanner
from pumplog.links import ble_fixes, ble_radio
from pumplog.sync.nearby import boards_nearby
from pumpwire import gatt

S = "11:22:33:44:55:66"
HEART_RATE = "0000180d-0000-1000-8000-00805f9b34fb"
FIELDS = (0x01, 0x02, 0x03, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x16, 0x21, 0xFF)
Told = tuple[BLEDevice, AdvertisementData]


def told(name: str | None, makers: dict[int, bytes], uuids: list[str], rssi: int = -60,
         address: str = S) -> Told:
    """Returns what bleak reports of a device."""
    return (BLEDevice(address, name, None), AdvertisementData(name, makers, {}, uuids, None, rssi, ()))


BOARD = told("B01", {gatt.COMPANY_ID: b"\x01"}, [gatt.SERVICE], address="AA:BB:CC:00:00:01")


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library with its fixes, on a computer that need not have a radio."""
    ble_radio._radio.cache_clear()
    monkeypatch.delenv("PUMPLOG_AIR", raising=False)
    monkeypatch.setattr(_bleio.adapter, "ble_backend", "bleak")


def scan(monkeypatch: pytest.MonkeyPatch, heard: Iterable[Told]) -> list[ble_radio.Heard]:
    """Returns what is made of these reports, and of a board's behind them."""
    reports = [*heard, BOARD]

    async def interval(self: Any, _: float) -> list[Told]:
        return reports

    monkeypatch.setattr(_bleio.common.Adapter, "_scan_for_interval", interval)
    return ble_radio.scan(gatt.SERVICE, until_name="B01")


def on_the_air(raws: Iterable[bytes]) -> list[Told]:
    """Returns what the bench's backend of bleak reports of these advertisements, each from a device."""
    scanner = _Scanner(None, None, "active")
    scanner.seen_devices = {}
    for n, raw in enumerate(raws):
        scanner._heard(SimpleNamespace(
            data=AdvertisingData.from_bytes(raw), rssi=-60, tx_power=0,
            address=Address(":".join(f"{b:02X}" for b in (0xF6, 0x66, *n.to_bytes(4)))),
        ))
    return list(scanner.seen_devices.values())


def boards(found: list[ble_radio.Heard]) -> list[tuple[str, str]]:
    return [(each.name, each.address) for each in found]


STRANGERS = {
    "32-bit uuid": told("x", {}, ["12345678-0000-1000-8000-00805f9b34fb"]),
    "300 bytes of a maker": told("x", {76: bytes(300)}, [HEART_RATE]),
    "as large, with our service": told("B01", {76: bytes(300)}, [gatt.SERVICE]),
    "12 makers": told("x", {k: bytes(25) for k in range(12)}, [HEART_RATE]),
    "16 services of vendors": told("x", {}, [f"{k:08x}-1234-4321-8888-0123456789ab" for k in range(16)]),
    "130 services of the standard": told("x", {}, [f"0000{k:04x}-0000-1000-8000-00805f9b34fb"
                                                   for k in range(130)]),
    "a uuid that is none": told("x", {}, ["no uuid", ""]),
    "a maker that is none": told("x", {70_000: b""}, [gatt.SERVICE]),
    "a name of half characters": told("\ud83d\udcff", {}, [gatt.SERVICE]),
    "a name of 400 bytes": told("\u017b" * 200, {}, [gatt.SERVICE]),
    "no address": told("x", {}, [gatt.SERVICE], address=""),
    "nothing": told(None, {}, []),
    "no uuids at all": told("x", {}, None),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=list(STRANGERS))
def test_a_board_is_heard_beside_any_stranger(stranger: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    found = boards(scan(monkeypatch, [stranger]))
    assert ("B01", BOARD[0].address) in found


def test_random_advertisements_end_no_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(26)
    raws = []
    for _ in range(400):
        fields = b""
        while len(fields) < dice.randrange(255):
            data = dice.randbytes(dice.randrange(40)) or bytes(reversed(UUID(gatt.SERVICE).bytes))
            fields += bytes((len(data) + 1 if dice.random() < 0.8 else dice.randrange(256),
                             dice.choice(FIELDS))) + data
        raws.append(fields if dice.random() < 0.8 else dice.randbytes(dice.randrange(256)))
    reports = on_the_air(raws)
    assert 50 < len(reports) < 400  # some were malformed, and were dropped
    assert ("B01", BOARD[0].address) in boards(scan(monkeypatch, reports))


def test_random_reports_end_no_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(27)

    def anything() -> Told:
        raw = dice.randbytes(dice.randrange(300))
        name = dice.choice([None, "", "B01\x1b[2J", raw.decode("latin-1"),
                            "".join(chr(dice.randrange(0xD7F0, 0xE010)) for _ in range(9))])
        makers = {dice.choice([76, gatt.COMPANY_ID, dice.randrange(1 << 20)]):
                  dice.randbytes(dice.randrange(400)) for _ in range(dice.randrange(3))}
        uuids = [dice.choice([gatt.SERVICE, HEART_RATE, gatt.SERVICE.upper(), str(UUID(
            bytes=dice.randbytes(16))), "180d", "", "x"]) for _ in range(dice.randrange(20))]
        return told(name, makers, uuids, dice.randrange(-127, 128), dice.randbytes(6).hex(":"))

    found = scan(monkeypatch, [anything() for _ in range(2000)])
    assert ("B01", BOARD[0].address) in boards(found) and len(found) > 10


def test_the_library_as_it_is_ends_at_a_large_one_and_says_so_no_longer() -> None:
    ble_fixes.install()
    assert not ble_fixes.FIXES["strangers"][0]()


def test_a_stranger_s_name_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name of escapes and lines, as bytes on the air, is a line of printable characters."""
    uuid = bytes(reversed(UUID(gatt.SERVICE).bytes))
    name = b"\x1b[2J\nB07: \xc2\x9b\xff\xe2\x80\xae"
    raw = bytes((17, 7)) + uuid + bytes((len(name) + 1, 9)) + name
    monkeypatch.setattr(ble_radio, "scan", lambda *_, **__: heard)
    heard = scan_of(raw)
    (near,) = boards_nearby(None, 1)
    assert near.to_text() == (
        "board \\x1b[2J\\nB07: \\x9b\ufffd\\u202e, no patient: signal -60 dBm, nothing new")
    assert near.to_json()["board"] == "\x1b[2J\nB07: \x9b\ufffd\u202e"  # JSON escapes it itself


def scan_of(raw: bytes) -> list[ble_radio.Heard]:
    from adafruit_ble.advertising.standard import ProvideServicesAdvertisement
    from adafruit_ble.uuid import VendorUUID

    ble_fixes.install()
    entry = _bleio.ScanEntry._from_bleak(*on_the_air([raw])[0])
    heard = ble_radio._read(ProvideServicesAdvertisement(entry=entry), VendorUUID(gatt.SERVICE))
    assert heard
    return [heard]
