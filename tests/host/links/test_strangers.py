"""A scan hears the boards among whatever else is on the air: no advertisement ends it.

From the bytes of an advertisement on, through the bench's backend of bleak and the library: what systems
report of strangers besides is played by hand. At large: tests/soak/test_strangers_at_large.py.
"""

from __future__ import annotations

import random
from uuid import UUID

import _bleio
import pytest
from helpers.host.advertised import (
    BOARD,
    HEART_RATE,
    Told,
    any_advertisement,
    any_report,
    on_the_air,
    scan,
    told,
)
from pumplog.links import ble_fixes, ble_radio
from pumplog.sync.nearby import boards_nearby
from pumpwire import gatt

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
    found = scan(monkeypatch, [stranger])
    assert ("B01", BOARD[0].address) in found


def test_random_advertisements_end_no_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(26)
    reports = on_the_air(any_advertisement(dice) for _ in range(400))
    assert 50 < len(reports) < 400  # some were malformed, and were dropped
    assert ("B01", BOARD[0].address) in scan(monkeypatch, reports)


def test_random_reports_end_no_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(27)
    found = scan(monkeypatch, [any_report(dice) for _ in range(2000)])
    assert ("B01", BOARD[0].address) in found and len(found) > 10


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
