"""Registers the radio's services, and is let go: on the ESP32 code lives on the heap.

Beside the log service there are two of the standard's own: Device Information and Elapsed Time.
"""

import sys

import bluetooth
from gateway.version import FIRMWARE
from micropython import const
from pumpwire import gatt, uuids

_READ_SECURED = const(0x0600)  # encrypted 0x0200, authenticated 0x0400: not named in `bluetooth`
_WRITE_SECURED = const(0x3000)
_BUFFER_BYTES = const(244)  # of a write
_FLAGS = {
    uuids.INFO: bluetooth.FLAG_READ,
    uuids.STATUS: bluetooth.FLAG_READ | _READ_SECURED,
    uuids.RACP: bluetooth.FLAG_WRITE | bluetooth.FLAG_INDICATE | _WRITE_SECURED,
    uuids.LOG: bluetooth.FLAG_NOTIFY,
    uuids.FLOW: bluetooth.FLAG_WRITE_NO_RESPONSE | _WRITE_SECURED,
    uuids.COMMAND: bluetooth.FLAG_WRITE | bluetooth.FLAG_INDICATE | _WRITE_SECURED,
    uuids.PAIRING: bluetooth.FLAG_READ,
}


def _about_flags(number):
    return bluetooth.FLAG_READ | (0 if number in gatt.OPEN_ABOUT else _READ_SECURED)


def register(ble):
    """Registers all services; returns ({channel: handle}, handles that strangers may read, handle of the
    serial number, of the elapsed time, the advertisement's bytes, the scan response's but for the name
    and the last byte, the flag of that byte that says has news)."""
    channels = sorted(_FLAGS)
    of_time = (gatt.CURRENT_ELAPSED_TIME, bluetooth.FLAG_READ | _READ_SECURED)
    services = (
        (gatt.SERVICE, [(gatt.CHARACTERISTICS[channel], _FLAGS[channel]) for channel in channels]),
        (gatt.DEVICE_INFORMATION, [(number, _about_flags(number)) for number in gatt.ABOUT]),
        (gatt.ELAPSED_TIME, [of_time]),
    )
    handles, about, time = ble.gatts_register_services(tuple(
        (bluetooth.UUID(service), tuple((bluetooth.UUID(uuid), flags) for uuid, flags in chars))
        for service, chars in services
    ))
    for handle in handles:
        ble.gatts_set_buffer(handle, _BUFFER_BYTES)
    of = dict(zip(channels, handles))
    opened = tuple(of[channel] for channel in uuids.OPEN)
    values = _about_values()
    for number, handle in zip(gatt.ABOUT, about):
        if number in gatt.OPEN_ABOUT:
            opened += (handle,)
        if number == gatt.SERIAL:
            serial = handle
        else:
            ble.gatts_write(handle, values[number].encode())
    uuid = bytes(bluetooth.UUID(gatt.SERVICE))  # type: ignore[call-overload]
    company = bytes((4, 0xFF, gatt.COMPANY_ID & 255, gatt.COMPANY_ID >> 8))
    return of, opened, serial, time[0], b"\x02\x01\x06\x11\x07" + uuid, company, gatt.HAS_NEWS


def _about_values():
    """Returns what Device Information says, but for the serial number, which is the board's name."""
    version = (FIRMWARE // 10000, FIRMWARE // 100 % 100, FIRMWARE % 100)
    return {
        gatt.MANUFACTURER: "pumplog", gatt.MODEL: "bedside gateway",
        gatt.FIRMWARE_REVISION: "%d.%d.%d" % version,
        gatt.HARDWARE_REVISION: getattr(sys.implementation, "_machine", "unknown"),
    }
