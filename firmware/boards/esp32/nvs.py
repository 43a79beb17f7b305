"""Non-volatile settings in the ESP32's own key-value store, namespace `pumplog`."""

from esp32 import NVS
from micropython import const

_NOT_FOUND = const(-0x1102)  # ESP_ERR_NVS_NOT_FOUND as MicroPython gives it in OSError
_MOST_BYTES = const(256)
_KEY_LENGTH = const(15)


class Nvs:
    """Keys of up to 15 characters to up to 256 bytes, on flash when `set` returns."""

    def __init__(self):
        self._nvs = NVS("pumplog")

    def get(self, key):
        """Returns the bytes kept under `key`, or None; OSError when the store cannot be read."""
        buf = bytearray(_MOST_BYTES)
        try:
            n = self._nvs.get_blob(key, buf)
        except OSError as error:
            if error.errno == _NOT_FOUND:
                return None
            raise
        return bytes(buf[:n])

    def set(self, key, data):
        """Keeps `data` under `key`; OSError when the store is full or refuses."""
        if len(key) > _KEY_LENGTH or len(data) > _MOST_BYTES:
            raise ValueError("at most 15 characters and 256 bytes: %s" % key)
        self._nvs.set_blob(key, data)
        self._nvs.commit()
