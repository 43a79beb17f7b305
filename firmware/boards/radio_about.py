"""What the radio says of the board in the standard's own services: Device Information, Elapsed Time."""

import sys

import bluetooth
from gateway.version import FIRMWARE
from micropython import const
from pumpwire import gatt

_READ_SECURED = const(0x0602)  # read, encrypted, authenticated


class About:
    """open: handles that strangers may read, once `register` was told the handles."""

    def services(self):
        """Returns both services as gatts_register_services takes them."""
        about = []
        for uuid in gatt.ABOUT:
            is_open = uuid in gatt.OPEN_ABOUT
            about.append((bluetooth.UUID(uuid), bluetooth.FLAG_READ if is_open else _READ_SECURED))
        time = ((bluetooth.UUID(gatt.CURRENT_ELAPSED_TIME), _READ_SECURED),)
        return (
            (bluetooth.UUID(gatt.DEVICE_INFORMATION), tuple(about)),
            (bluetooth.UUID(gatt.ELAPSED_TIME), time),
        )

    def register(self, ble, about, time, name):
        """Takes the handles of both services; puts in place what never changes."""
        version = "%d.%d.%d" % (FIRMWARE // 10000, FIRMWARE // 100 % 100, FIRMWARE % 100)
        module = getattr(sys.implementation, "_machine", "unknown")
        values = {
            gatt.MANUFACTURER: "pumplog", gatt.MODEL: "bedside gateway", gatt.SERIAL: name,
            gatt.FIRMWARE_REVISION: version, gatt.HARDWARE_REVISION: module,
        }
        opened = []
        for uuid, handle in zip(gatt.ABOUT, about):
            ble.gatts_write(handle, values[uuid].encode())
            if uuid in gatt.OPEN_ABOUT:
                opened.append(handle)
        self.open = tuple(opened)
        self._time = time[0]

    def refresh(self, ble, uptime, secured):
        """Puts the time where the stack reads it, as long as somebody may."""
        ble.gatts_write(self._time, gatt.elapsed(uptime.s, uptime.ms) if secured else b"")
