"""Memory that a reset leaves alone and a power cut empties: a file that the bench then removes."""

LIMIT_BYTES = 256


class Retained:
    """Stands for the ESP32's RTC memory."""

    def __init__(self, path):
        self._path = path

    def load(self, buf):
        """Fills `buf` with what was saved; returns False if nothing of that length was."""
        try:
            with open(self._path, "rb") as file:
                kept = file.read()
        except OSError:
            return False
        if len(kept) != len(buf):
            return False
        buf[:] = kept
        return True

    def save(self, buf):
        """Keeps up to 256 bytes; ValueError for more."""
        if len(buf) > LIMIT_BYTES:
            raise ValueError("retained memory holds 256 bytes")
        with open(self._path, "wb") as file:
            file.write(buf)
