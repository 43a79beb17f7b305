"""Each fix of adafruit-blinka-bleio: the defect is there, it is gone once fixed, and a release that
has fixed it is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError as CallTimeout
from types import SimpleNamespace
from typing import Any

import _bleio
import pytest
from _bleio.common import Adapter, Characteristic
from bleak.exc import BleakError
from pumplog import host
from pumplog.links import ble_fixes

ADDRESS = "AA:BB:CC:DD:EE:FF"
TOUCHED = ((Adapter, "_cached_device"), (Adapter, "delete_connection"), (Adapter, "await_bleak"),
           (Adapter, "start_scan"), (Characteristic, "_from_bleak"), (_bleio.ScanEntry, "_from_bleak"))

# kept as this file is collected, which is before any test has applied a fix
INSTALLED = {(owner, name): owner.__dict__[name] for owner, name in TOUCHED}


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The library as it was installed, whatever a test before has applied; after it as it was found."""
    kept = {(owner, name): owner.__dict__[name] for owner, name in TOUCHED}
    for (owner, name), value in INSTALLED.items():
        setattr(owner, name, value)
    monkeypatch.setattr(ble_fixes, "_applied", None)
    monkeypatch.setattr(_bleio.adapter, "ble_backend", None)
    yield
    for (owner, name), value in kept.items():
        setattr(owner, name, value)


def fix(name: str) -> None:
    needed, apply = ble_fixes.FIXES[name]
    assert needed(), f"bleio has fixed {name}: take that fix out"
    apply()
    assert name == "backend" or not needed(), f"{name} is not fixed"


def run(work: Callable[[], Any]) -> Any:
    return _bleio.adapter.await_bleak(work())


def test_all_are_needed_by_the_pinned_release_and_applied_once() -> None:
    assert ble_fixes.install() == list(ble_fixes.FIXES)
    fixed = Adapter.await_bleak
    assert ble_fixes.install() == list(ble_fixes.FIXES) and Adapter.await_bleak is fixed


def test_backend() -> None:
    fix("backend")
    assert _bleio.adapter.ble_backend == "bleak" and not _bleio.adapter._use_hcitool


def test_cache() -> None:
    adapter = SimpleNamespace(_cached_devices={})
    device = SimpleNamespace(address=ADDRESS)
    Adapter._cache_device(adapter, device)
    fix("cache")
    assert Adapter._cached_device(adapter, _bleio.Address(string=ADDRESS)) is device
    assert Adapter._cached_device(adapter, _bleio.Address(string="AA:BB:CC:DD:EE:00")) is None
    on_a_mac = SimpleNamespace(address="8F0A0000-5F2E-4C7B-9D3A-70756D706C67")  # a UUID of the Mac's own
    Adapter._cache_device(adapter, on_a_mac)
    assert Adapter._cached_device(adapter, _bleio.Address(string=on_a_mac.address)) is on_a_mac


def test_strangers() -> None:
    large = SimpleNamespace(rssi=0, local_name=None, manufacturer_data={76: bytes(300)},
                            service_uuids=["0000180d-0000-1000-8000-00805f9b34fb"])
    stranger = SimpleNamespace(address=ADDRESS, name=None)
    with pytest.raises(ValueError):
        assert _bleio.ScanEntry._from_bleak(stranger, large).advertisement_bytes
    fix("strangers")
    assert not _bleio.ScanEntry._from_bleak(stranger, large).advertisement_bytes
    board = SimpleNamespace(rssi=0, local_name="B01", manufacturer_data={}, service_uuids=[])
    assert _bleio.ScanEntry._from_bleak(stranger, board).advertisement_bytes == b"\x04\x09B01"


@pytest.mark.parametrize("told, expected", [
    (["write", "indicate"], Characteristic.WRITE | Characteristic.INDICATE),
    (["write-without-response"], Characteristic.WRITE_NO_RESPONSE),
    (["read", "notify", "extended-properties"], Characteristic.READ | Characteristic.NOTIFY),
])
def test_properties(told: list[str], expected: int) -> None:
    fix("properties")
    made = Characteristic._from_bleak(None, SimpleNamespace(
        properties=told, uuid="8f0a0006-5f2e-4c7b-9d3a-70756d706c67"))
    assert made.properties == expected


def test_disconnect() -> None:
    fix("disconnect")
    first, second = object(), object()
    adapter = SimpleNamespace(_connections=[first, second])
    for _ in range(2):
        Adapter.delete_connection(adapter, first)
    assert adapter._connections == [second]


def test_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ble_fixes, "CALL_TIMEOUT_S", 0.05)
    fix("deadline")
    ble_fixes.FIXES["errors"][1]()  # goes on top of it; its probes may take longer than such a deadline

    async def hang() -> None:
        await asyncio.Event().wait()

    with pytest.raises(CallTimeout):
        run(hang)


def test_errors_go_on_top_of_the_deadline() -> None:
    fix("deadline")
    fix("errors")

    async def answer() -> int:
        return 7

    assert run(answer) == 7


@pytest.mark.parametrize("step_s", [-3600, 3600])
def test_clock(step_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """The computer's clock is set in the third interval of a scan."""
    waited_s = 0.0

    async def interval(self: Any, _: float) -> list[Any]:
        nonlocal waited_s
        waited_s += 0.1
        return []

    fix("clock")
    monkeypatch.setattr(_bleio.adapter, "ble_backend", "bleak")
    monkeypatch.setattr(Adapter, "_scan_for_interval", interval)
    monkeypatch.setattr(_bleio.common, "time", SimpleNamespace(
        time=lambda: waited_s + (step_s if waited_s > 0.25 else 0), monotonic=lambda: waited_s))
    monkeypatch.setattr(host, "waited_s", lambda: waited_s)
    assert list(_bleio.adapter.start_scan(timeout=4.0)) == []
    assert 4.0 <= waited_s < 4.2


def test_errors() -> None:
    fix("errors")

    async def fail() -> None:
        raise BleakError("the adapter is off")

    with pytest.raises(_bleio.BluetoothError, match="the adapter is off") as raised:
        run(fail)
    assert isinstance(raised.value.__cause__, BleakError)


def test_a_release_that_has_fixed_all_is_left_alone() -> None:
    def cached(self: Any, address: Any) -> Any:
        return self._cached_devices.get(address.string)

    def delete(self: Any, connection: Any) -> None:
        pass

    def await_bleak(self: Any, work: Any, timeout: float | None = 30.0) -> Any:
        work.close()
        raise _bleio.BluetoothError("of its own")

    def from_bleak(cls: Any, service: Any, told: Any) -> Any:
        return SimpleNamespace(properties=Characteristic.WRITE)

    def small(cls: Any, device: Any, told: Any) -> Any:
        return cls(address=_bleio.Address(string=ADDRESS), rssi=0, connectable=False,
                   scan_response=False, data_dict={})

    _bleio.ScanEntry._from_bleak = classmethod(small)
    Adapter._cached_device, Adapter.delete_connection = cached, delete
    Adapter.start_scan = lambda self, timeout: iter(())
    Adapter.await_bleak, Characteristic._from_bleak = await_bleak, classmethod(from_bleak)
    assert ble_fixes.install() == ["backend"]  # which is a setting, and does no harm
    assert (Adapter._cached_device, Adapter.delete_connection) == (cached, delete)
    assert Adapter.await_bleak is await_bleak
