"""Fixes of adafruit-blinka-bleio 4.1.2, applied from outside as the radio is first used.

Theory. The library gives one small interface over the Bluetooth of Linux, Windows and macOS, and it is
used as it is installed: no fork, no copy, no pinned patch. Eight places of it lose boards or hang a
pull. Each is replaced here at run time, in its class, by a few lines. A fix outlives its reason easily,
so each is a pair in FIXES: a question and a fix. The question tries the defect on the installed library,
without a radio; only if the defect shows is the fix applied. A release that no longer has it is left
alone, and the test that plays the defect then fails, which says: take this fix out.

    backend     On Linux as root the library runs hcitool and hcidump, tools that BlueZ has deprecated,
                and reads their output without a deadline. Fix: the setting that has bleak used
                everywhere. It does no harm, so the question only asks whether the choice exists.
    cache       Scanned devices are kept under the address as text and looked up by the address as an
                object: never found, so each connection scans once more, for up to ten seconds. Asked by
                keeping a device and looking it up.
    strangers   What a device advertises is put together again as the 255 bytes of a field that once
                were, and a larger one, or a UUID that is none, ends the scan: a single stranger, and no
                board is heard. Fix: what cannot be read is an advertisement that says nothing. Asked by
                reading a large one.
    properties  A characteristic's properties are BlueZ's bits, read as _bleio's: one that can only be
                written with an acknowledgement is then written without, and commands are lost. Asked by
                making such a characteristic.
    disconnect  disconnect() after the link was lost raises ValueError, for the library already forgot
                the connection. Asked by having a connection forgotten twice.
    deadline    A call into bleak may wait for ever: a board that goes away in the wrong moment hangs the
                pull. Asked by reading the default of `timeout`. CALL_TIMEOUT_S is above every wait that
                ends well: pairing, at 30 s in the Bluetooth specification, is the longest.
    clock       A scan ends by the time of day: it lasts an hour more if that is set back an hour, and
                ends at once if it is set forward. Asked by having a scan watched. What takes its place
                also goes on after a slice that fails, as where another program begins to scan.
    errors      bleak's errors pass through as they are, although the interface promises BluetoothError.
                Asked by having a call fail. The cause stays: it tells a wanted pairing from a lost link.

Invariants: install() applies each fix at most once a process. `errors` goes on top of `deadline`, both
wrap await_bleak, so FIXES keeps their order. Only ble_peer and ble_radio touch the library's
inside besides, for what it does not offer: bonds, a board's notifications, advertised services.

Weighed and left: asking for the library's version (a fix that was backported, or a release that brought
a defect back, would be missed). Also left: _bleio.PacketBuffer and CharacteristicBuffer for what a board
sends (they drop bytes silently, so ble_peer has a queue of its own).
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import _bleio
from _bleio import Address, ScanEntry, common
from _bleio.common import Adapter, Characteristic
from adafruit_ble.advertising import Advertisement
from bleak.exc import BleakError

from .. import host

CALL_TIMEOUT_S = 40.0
_FAILED_SLICES = 5  # of a scan, one after the other: a second and more
_PROPERTIES = {
    "broadcast": "BROADCAST", "read": "READ", "write-without-response": "WRITE_NO_RESPONSE",
    "write": "WRITE", "notify": "NOTIFY", "indicate": "INDICATE",
}
_ADDRESS, _UUID = "00:00:00:00:00:00", "00002a52-0000-1000-8000-00805f9b34fb"
_applied: list[str] | None = None


def install() -> list[str]:
    """Applies the fixes that are still needed, once a process; returns their names."""
    global _applied
    if _applied is None:
        _applied = [name for name, (needed, fix) in FIXES.items() if _fixed(needed, fix)]
    return _applied


def _fixed(needed: Callable[[], bool], fix: Callable[[], None]) -> bool:
    wanted = needed()
    if wanted:
        fix()
    return wanted


def _calls_hcitool() -> bool:
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


def _fix_cache() -> None:
    def cached(self: Any, address: Any) -> Any:
        return self._cached_devices.get(address.string)

    Adapter._cached_device = cached


def _strangers_end_the_scan() -> bool:
    """Has an advertisement read that is larger than one field."""
    device = SimpleNamespace(address=_ADDRESS, name=None)
    told = SimpleNamespace(rssi=0, local_name=None, manufacturer_data={0: bytes(255)},
                           service_uuids=[_UUID])
    try:
        return Advertisement(entry=ScanEntry._from_bleak(device, told)).address is None
    except ValueError:
        return True


def _fix_strangers() -> None:
    original = ScanEntry._from_bleak.__func__

    def from_bleak(cls: Any, device: Any, told: Any) -> Any:
        try:
            entry = original(cls, device, told)
            Advertisement(entry=entry)  # what comes of it later
        except Exception:  # whatever the library makes of it
            return cls(address=Address(string=_ADDRESS), rssi=0, connectable=False, scan_response=False,
                       data_dict={})
        return entry

    ScanEntry._from_bleak = classmethod(from_bleak)


def _properties_are_of_bluez() -> bool:
    """Has a characteristic made that can only be written with an acknowledgement."""
    offered = SimpleNamespace(properties=["write"], uuid=_UUID)
    return bool(Characteristic._from_bleak(None, offered).properties != Characteristic.WRITE)


def _fix_properties() -> None:
    original = Characteristic._from_bleak.__func__

    def from_bleak(cls: Any, service: Any, offered: Any) -> Any:
        made = original(cls, service, offered)
        made._properties = sum(getattr(Characteristic, _PROPERTIES[name])
                               for name in offered.properties if name in _PROPERTIES)
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


def _fix_disconnect() -> None:
    def delete(self: Any, connection: Any) -> None:
        if connection in self._connections:
            self._connections.remove(connection)

    Adapter.delete_connection = delete


def _waits_for_ever() -> bool:
    """Looks for a deadline of the library's own."""
    return inspect.signature(Adapter.await_bleak).parameters["timeout"].default is None


def _fix_deadline() -> None:
    original = Adapter.await_bleak

    def await_bleak(self: Any, work: Any, timeout: float | None = CALL_TIMEOUT_S) -> Any:
        return original(self, work, timeout)

    Adapter.await_bleak = await_bleak


def _scans_by_the_time_of_day() -> bool:
    """Has a scan without any time run where the time of day is watched."""
    asked: list[bool] = []

    def of_day() -> float:
        asked.append(True)
        return 0.0

    adapter = SimpleNamespace(_clear_device_cache=lambda: None, _use_hcitool=False, _SCAN_INTERVAL=0.0,
                              _scan_for_interval=lambda _: None, await_bleak=lambda _: [])
    kept = common.time
    common.time = SimpleNamespace(time=of_day, monotonic=time.monotonic)
    try:
        list(Adapter.start_scan(adapter, timeout=0.0))
    finally:
        common.time = kept
    return bool(asked)


def _fix_clock() -> None:
    def start_scan(self: Any, prefixes: bytes = b"", *, timeout: float | None = None,
                   minimum_rssi: int = -80, **_: Any) -> Iterator[Any]:
        self._clear_device_cache()
        self._scanning_in_progress = True
        end_s = float("inf") if timeout is None else host.waited_s() + timeout
        failed = 0
        while self._scanning_in_progress and host.waited_s() < end_s:
            try:
                heard = self.await_bleak(self._scan_for_interval(self._SCAN_INTERVAL))
            except Exception:
                self._scanner = None  # it may be half begun, or half ended
                failed += 1
                if failed == _FAILED_SLICES:
                    raise
                time.sleep(self._SCAN_INTERVAL)
                continue
            failed = 0
            for device, told in heard:
                if told.rssi >= minimum_rssi:
                    self._cache_device(device)
                    entry = ScanEntry._from_bleak(device, told)
                    if entry.matches(prefixes, match_all=False):
                        yield entry

    Adapter.start_scan = start_scan


def _errors_are_of_bleak() -> bool:
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


def _fix_errors() -> None:
    original = Adapter.await_bleak

    def await_bleak(self: Any, work: Any, *deadline: Any, **named: Any) -> Any:
        try:
            return original(self, work, *deadline, **named)
        except BleakError as error:
            raise _bleio.BluetoothError(str(error)) from error

    Adapter.await_bleak = await_bleak


# name: (whether the installed library needs it, what applies it)
FIXES: dict[str, tuple[Callable[[], bool], Callable[[], None]]] = {
    "backend": (_calls_hcitool, _use_bleak),
    "cache": (_cache_misses, _fix_cache),
    "strangers": (_strangers_end_the_scan, _fix_strangers),
    "properties": (_properties_are_of_bluez, _fix_properties),
    "disconnect": (_disconnects_once, _fix_disconnect),
    "deadline": (_waits_for_ever, _fix_deadline),
    "clock": (_scans_by_the_time_of_day, _fix_clock),
    "errors": (_errors_are_of_bleak, _fix_errors),
}
