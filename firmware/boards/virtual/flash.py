"""NOR flash cells in a file: programming only clears bits, erasing sets 4096 bytes to FF."""

PAGE_BYTES = 4096
_ERASED = b"\xff" * 256  # a whole page of it would take its heap from the firmware


class Flash:
    """The raw partition of a virtual board. `operations` counts programs and erases."""

    def __init__(self, path):
        self._file = open(path, "r+b")
        size = self._file.seek(0, 2)
        self.pages = size // PAGE_BYTES
        self.operations = 0

    def read(self, page, offset, buf):
        """Fills `buf` with the bytes at `offset` of `page`."""
        self._file.seek(page * PAGE_BYTES + offset)
        self._file.readinto(buf)

    def program(self, page, offset, buf):
        """Clears the bits that are 0 in `buf`."""
        at = page * PAGE_BYTES + offset
        self._file.seek(at)
        cells = bytearray(self._file.read(len(buf)))
        for i in range(len(buf)):
            cells[i] &= buf[i]
        self._file.seek(at)
        self._file.write(cells)
        self.operations += 1

    def erase(self, page):
        """Sets the page to FF."""
        self._file.seek(page * PAGE_BYTES)
        for _ in range(PAGE_BYTES // len(_ERASED)):
            self._file.write(_ERASED)
        self.operations += 1

    def close(self):
        """Lets the file go, as a power cut does."""
        self._file.close()
