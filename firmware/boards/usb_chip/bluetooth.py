"""MicroPython's `bluetooth` for the virtual chip: a radio that takes every call and hears nobody.

With PUMPBENCH_AIR in the environment boards/virtual/bluetooth.py, in the folder USB_CHIP_VIRTUAL, takes
its place.
"""

from chip_memory import RADIO_PIECES, chip

FLAG_READ, FLAG_WRITE_NO_RESPONSE, FLAG_WRITE, FLAG_NOTIFY, FLAG_INDICATE = 2, 4, 8, 16, 32


class UUID:
    def __init__(self, value):
        if isinstance(value, int):
            self._bytes = bytes((value & 255, value >> 8))
        else:
            self._bytes = bytes(reversed(bytes.fromhex(value.replace("-", ""))))

    def __iter__(self):
        return iter(self._bytes)


class BLE:
    _on = False

    def active(self, on=None):
        if on is not None and on != BLE._on:
            BLE._on = on
            chip.take(b"radio", *RADIO_PIECES) if on else chip.give(b"radio")
        return BLE._on

    def config(self, *names, **options):
        pass

    def irq(self, handler):
        pass

    def gap_advertise(self, interval_us, adv_data=None, *, resp_data=None, connectable=True):
        pass

    def gap_disconnect(self, conn):
        return False

    def gap_passkey(self, conn, action, passkey):
        pass

    def gatts_register_services(self, services):
        handle = 16
        out = []
        for _, characteristics in services:
            out.append(tuple(range(handle, handle + 3 * len(characteristics), 3)))
            handle += 3 * len(characteristics)
        return tuple(out)

    def gatts_set_buffer(self, handle, length, append=False):
        pass

    def gatts_read(self, handle):
        return b""

    def gatts_write(self, handle, data, send_update=False):
        pass

    def gatts_notify(self, conn, handle, data=None):
        pass

    def gatts_indicate(self, conn, handle, data=None):
        pass
