"""Mends of adafruit-blinka-bleio 4.1.2, from outside. Each asks the library whether it is still needed,
and steps aside once a release has mended it; tests/host/test_ble_mends.py plays both.

1. Linux as root shells out to hcitool: bleak is used everywhere.
2. The cache of scanned devices is filled by address text and looked up by object: never hit.
3. Properties come in the bits of BlueZ, not of _bleio: a write-only characteristic is then
   written unacknowledged.
4. disconnect() after a lost link raises ValueError.
5. Nothing has a deadline: a call into bleak can wait for ever; its errors are not BluetoothError.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import _bleio
from _bleio.common import Adapter, Characteristic
from bleak.exc import BleakError

CALL_TIMEOUT_S = 40.0
_PROPERTIES = {
    "broadcast": "BROADCAST", "read": "READ", "write-without-response": "WRITE_NO_RESPONSE",
    "write": "WRITE", "notify": "NOTIFY", "indicate": "INDICATE",
}
_ADDRESS, _UUID = "00:00:00:00:00:00", "00002a52-0000-1000-8000-00805f9b34fb"
_applied: list[str] | None = None


def install() -> list[str]:
    """Applies what is still needed, once; returns the names of what was."""
    global _applied
    if _applied is None:
        _applied = [name for name, (needed, mend) in MENDS.items() if _mended(needed, mend)]
    return _applied


def _mended(needed: Callable[[], bool], mend: Callable[[], None]) -> bool:
    wanted = needed()
    if wanted:
        mend()
    return wanted


def _shells_out() -> bool:
    return hasattr(_bleio.adapter, "_use_hcitool")


def _use_bleak() -> None:
    _bleio.adapter.ble_backend = "bleak"


def _cache_misses() -> bool:
    """Asks for a device by the address that it was kept under."""
    if not hasattr(Adapter, "_cached_device"):
        return False  # it keeps none, or in another way
    adapter = SimpleNamespace(_cached_devices={})
    device = SimpleNamespace(address=_ADDRESS)
    Adapter._cache_device(adapter, device)
    return Adapter._cached_device(adapter, _bleio.Address(string=_ADDRESS)) is not device


def _mend_cache() -> None:
    def cached(self: Any, address: Any) -> Any:
        return self._cached_devices.get(address.string)

    Adapter._cached_device = cached


def _properties_are_bluez_s() -> bool:
    """Has a characteristic made that can only be written with an acknowledgement."""
    told = SimpleNamespace(properties=["write"], uuid=_UUID)
    return bool(Characteristic._from_bleak(None, told).properties != Characteristic.WRITE)


def _mend_properties() -> None:
    original = Characteristic._from_bleak.__func__

    def from_bleak(cls: Any, service: Any, told: Any) -> Any:
        made = original(cls, service, told)
        made._properties = sum(getattr(Characteristic, _PROPERTIES[name])
                               for name in told.properties if name in _PROPERTIES)
        return made

    Characteristic._from_bleak = classmethod(from_bleak)


def _disconnects_once() -> bool:
    """Has a connection forgotten that is not there any more."""
    if not hasattr(Adapter, "delete_connection"):
        return False
    try:
        Adapter.delete_connection(SimpleNamespace(_connections=[]), object())
    except ValueError:
        return True
    return False


def _mend_disconnect() -> None:
    def delete(self: Any, connection: Any) -> None:
        if connection in self._connections:
            self._connections.remove(connection)

    Adapter.delete_connection = delete


def _waits_for_ever() -> bool:
    """Looks for a deadline of the library's own."""
    return inspect.signature(Adapter.await_bleak).parameters["timeout"].default is None


def _mend_await() -> None:
    original = Adapter.await_bleak

    def await_bleak(self: Any, work: Any, timeout: float | None = CALL_TIMEOUT_S) -> Any:
        return original(self, work, timeout)

    Adapter.await_bleak = await_bleak


def _errors_are_bleak_s() -> bool:
    """Fails a call as bleak does."""
    async def fail() -> None:
        raise BleakError("tried")

    try:
        _bleio.adapter.await_bleak(fail())
    except BleakError as error:
        return not isinstance(error, _bleio.BluetoothError)
    except _bleio.BluetoothError:
        pass
    return False


def _mend_errors() -> None:
    original = Adapter.await_bleak

    def await_bleak(self: Any, work: Any, *deadline: Any, **named: Any) -> Any:
        try:
            return original(self, work, *deadline, **named)
        except BleakError as error:
            raise _bleio.BluetoothError(str(error)) from error

    Adapter.await_bleak = await_bleak


MENDS: dict[str, tuple[Callable[[], bool], Callable[[], None]]] = {
    "backend": (_shells_out, _use_bleak),
    "cache": (_cache_misses, _mend_cache),
    "properties": (_properties_are_bluez_s, _mend_properties),
    "disconnect": (_disconnects_once, _mend_disconnect),
    "deadline": (_waits_for_ever, _mend_await),
    "errors": (_errors_are_bleak_s, _mend_errors),
}
