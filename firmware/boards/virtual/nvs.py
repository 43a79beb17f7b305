"""Non-volatile settings of a virtual board: a JSON file of hex strings."""

import json


class Nvs:
    """Keys to bytes, written through at once."""

    def __init__(self, path):
        self._path = path
        with open(path) as file:
            self._values = json.load(file)

    def get(self, key):
        """Returns the bytes kept under `key`, or None."""
        text = self._values.get(key)
        return None if text is None else bytes.fromhex(text)

    def set(self, key, data):
        """Keeps `data` under `key`, within the limits of the ESP32's store."""
        if len(key) > 15 or len(data) > 256:
            raise ValueError("at most 15 characters and 256 bytes: %s" % key)
        self._values[key] = bytes(data).hex()
        with open(self._path, "w") as file:
            json.dump(self._values, file)
