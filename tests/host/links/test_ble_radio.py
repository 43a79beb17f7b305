"""The radio link's own small logic, on a connection that is not there."""

from __future__ import annotations

import queue
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bleak.exc import BleakDBusError, BleakError, BleakGATTProtocolError, BleakGATTProtocolErrorCode
from pumplog import host
from pumplog.errors import NotPairedError, RefusedError, UnreachableError
from pumplog.links import ble_radio
from pumplog.links.ble_peer import GattPeer


def peer(connected: bool) -> GattPeer:
    made = GattPeer.__new__(GattPeer)
    made._connection = SimpleNamespace(connected=connected)
    made._arrived = queue.SimpleQueue()
    return made


def test_a_lost_link_is_noticed_long_before_the_timeout() -> None:
    with pytest.raises(UnreachableError, match="the radio link broke"):
        peer(connected=False).receive(timeout_s=36_000)  # would hang for ten hours


def test_what_came_before_the_link_broke_is_still_given_out() -> None:
    gone = peer(connected=False)
    gone._arrived.put(("uuid", b"last"))
    assert gone.receive(timeout_s=36_000) == ("uuid", b"last")


def test_silence_on_a_good_link_is_none() -> None:
    assert peer(connected=True).receive(timeout_s=0.01) is None
    assert peer(connected=True).receive(timeout_s=0.3) is None


# What follows plays what the documentation of bleak says of systems that nobody has tried it on.


@pytest.mark.parametrize("cause", [
    BleakGATTProtocolError(BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHENTICATION),  # macOS, Windows
    BleakGATTProtocolError(BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION),
    BleakDBusError("org.bluez.Error.NotPermitted", ["Not paired"]),
    BleakError("Could not read characteristic handle 7: Access Denied"),  # Windows
], ids=["authentication", "encryption", "BlueZ", "Windows"])
def test_on_every_system_it_is_seen_that_a_value_wants_a_pairing(cause: Exception) -> None:
    from _bleio.exceptions import BluetoothError

    def read() -> None:
        raise BluetoothError("as fixed") from cause

    with pytest.raises(RefusedError):
        peer(connected=True)._guard(read)


def test_another_error_is_no_want_of_pairing() -> None:
    from _bleio.exceptions import BluetoothError

    def read() -> None:
        raise BluetoothError("as fixed") from BleakError("Could not read: Unreachable")

    with pytest.raises(UnreachableError):
        peer(connected=True)._guard(read)


class MacClient:
    """As bleak's for macOS: the system pairs and forgets by itself, and says nothing."""

    async def unpair(self) -> None:
        raise NotImplementedError("Pairing is not available in Core Bluetooth.")


def on_a_mac(monkeypatch: pytest.MonkeyPatch) -> GattPeer:
    monkeypatch.setattr(ble_radio.sys, "platform", "darwin")
    monkeypatch.delenv("PUMPLOG_AIR", raising=False)
    made = peer(connected=True)
    made._connection._bleio_connection = SimpleNamespace(
        _bleak_client=SimpleNamespace(_backend=MacClient()))
    return made


def test_a_mac_does_not_say_whether_it_is_paired_and_pairs_in_its_settings(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    mac = on_a_mac(monkeypatch)
    assert not ble_radio.pairs_itself() and mac.paired is None
    with pytest.raises(NotPairedError, match="in its own settings"):
        mac.pair(123456)


def test_a_mac_forgets_in_its_settings_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotPairedError, match="settings only: remove it there"):
        on_a_mac(monkeypatch).unpair()


def test_a_board_is_known_by_its_name_whatever_its_address_looks_like(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a Mac an address is a UUID of that Mac's own."""
    from _bleio import Address, ScanEntry
    from adafruit_ble.advertising.standard import ProvideServicesAdvertisement
    from pumpwire import gatt

    entry = ScanEntry(address=Address(string="6C1D3A64-3F0C-4F9B-9C55-0A7C3E6B2D11"), rssi=-60,
                      connectable=True, scan_response=False, data_dict={
        0x07: bytes(reversed(bytes.fromhex(gatt.SERVICE.replace("-", "")))), 0x09: b"B01",
        0xFF: b"\xff\xff\x01"})
    told = ProvideServicesAdvertisement(entry=entry)
    radio = SimpleNamespace(start_scan=lambda *_, **__: iter([told]), stop_scan=lambda: None)
    monkeypatch.setattr(ble_radio, "_radio", lambda: radio)
    (heard,) = ble_radio.scan(gatt.SERVICE, until_name="B01")
    assert (heard.name, heard.address, heard.has_news) == (
        "B01", "6C1D3A64-3F0C-4F9B-9C55-0A7C3E6B2D11", True)


WITHOUT_BUMBLE = EntryPoint("air", "no_such_bench:install", "pumplog.radios")


@pytest.mark.parametrize("installed", [(), (WITHOUT_BUMBLE,)],
                         ids=["no bench", "a bench without its extra"])
def test_an_air_that_is_not_installed_is_a_sentence(
    installed: tuple[EntryPoint, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUMPLOG_AIR", "127.0.0.1:9")
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: installed)
    ble_radio._radio.cache_clear()
    with pytest.raises(UnreachableError, match=r"pip install 'pumplog\[bench\]'") as told:
        ble_radio.scan("d8c20001-1f0c-4b6a-9a4e-2f6d5b7a1c3e")
    assert told.value.exit_code == 3 and "\n" not in str(told.value)


def test_an_air_that_is_gone_is_as_a_computer_without_bluetooth(monkeypatch: pytest.MonkeyPatch) -> None:
    def install(*_: Any) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setenv("PUMPLOG_AIR", "127.0.0.1:9")
    monkeypatch.setattr("importlib.metadata.entry_points",
                        lambda **_: (SimpleNamespace(load=lambda: install),))
    ble_radio._radio.cache_clear()
    with pytest.raises(UnreachableError, match=r"cannot be used \(.*Connection refused\)") as told:
        ble_radio.scan("d8c20001-1f0c-4b6a-9a4e-2f6d5b7a1c3e")
    assert told.value.exit_code == 3 and "\n" not in str(told.value)


def test_the_air_stands_in_for_the_radio_and_is_told_whose_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    called: list[tuple[Any, ...]] = []
    air = SimpleNamespace(load=lambda: lambda *arguments: called.append(arguments))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: (air,))
    ble_radio._take_to_the_air("127.0.0.1:9")
    assert called == [("127.0.0.1:9", host.host_id(), tmp_path / "pumplog" / "bonds")]
