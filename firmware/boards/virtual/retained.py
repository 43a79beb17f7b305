"""Memory that a reset leaves alone and a power cut empties: a file that the bench then removes."""

import os

LIMIT_BYTES = 256


class Retained:
    """Stands for the ESP32's RTC memory."""

    def __init__(self, path):
        try:
            os.stat(path)
        except OSError:
            open(path, "wb").close()
        self._file = open(path, "r+b", buffering=0)

    def load(self, buf):
        """Fills `buf` with what was saved; returns False if nothing of that length was."""
        self._file.seek(0)
        return self._file.readinto(buf) == len(buf)

    def save(self, buf):
        """Keeps up to 256 bytes; ValueError for more."""
        if len(buf) > LIMIT_BYTES:
            raise ValueError("retained memory holds 256 bytes")
        self._file.seek(0)
        self._file.write(buf)
