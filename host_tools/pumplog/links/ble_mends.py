"""Mends of adafruit-blinka-bleio 4.1.2, from outside; each steps aside once a release has it.

1. Linux as root shells out to hcitool: bleak is used everywhere.
2. The cache of scanned devices is filled by address text and looked up by object: never hit.
3. Properties come in the bits of BlueZ, not of _bleio: a write-only characteristic is then
   written unacknowledged.
4. disconnect() after a lost link raises ValueError.
5. Nothing has a deadline: a call into bleak can wait for ever; its errors are not BluetoothError.
"""

from __future__ import annotations

from typing import Any

import _bleio
from _bleio.common import Adapter, Characteristic
from bleak.exc import BleakError

CALL_TIMEOUT_S = 40.0
_PROPERTIES = {
    "broadcast": "BROADCAST", "read": "READ", "write-without-response": "WRITE_NO_RESPONSE",
    "write": "WRITE", "notify": "NOTIFY", "indicate": "INDICATE",
}
_done = False


def install() -> None:
    """Applies what is needed, once."""
    global _done
    if _done:
        return
    _done = True
    _bleio.adapter.ble_backend = "bleak"
    _mend_cache()
    _mend_properties()
    _mend_disconnect()
    _mend_await()


def _mend_cache() -> None:
    if hasattr(Adapter, "_cached_device"):
        def cached(self: Any, address: Any) -> Any:
            return self._cached_devices.get(address.string) or self._cached_devices.get(address)

        Adapter._cached_device = cached


def _mend_properties() -> None:
    original = Characteristic._from_bleak.__func__

    def from_bleak(cls: Any, service: Any, told: Any) -> Any:
        made = original(cls, service, told)
        made._properties = sum(getattr(Characteristic, _PROPERTIES[name])
                               for name in told.properties if name in _PROPERTIES)
        return made

    Characteristic._from_bleak = classmethod(from_bleak)


def _mend_disconnect() -> None:
    def delete(self: Any, connection: Any) -> None:
        if connection in self._connections:
            self._connections.remove(connection)

    Adapter.delete_connection = delete


def _mend_await() -> None:
    original = Adapter.await_bleak

    def await_bleak(self: Any, work: Any, timeout: float | None = None) -> Any:
        try:
            return original(self, work, CALL_TIMEOUT_S if timeout is None else timeout)
        except BleakError as error:
            raise _bleio.BluetoothError(str(error)) from error

    Adapter.await_bleak = await_bleak
