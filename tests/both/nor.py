"""NOR flash for tests, on every runtime: programs clear bits, power can be cut inside an operation.

Reads and programs of a record's size allocate nothing, so that they can be made in a locked heap.
"""

_RECORD_BYTES = 64


class Cut(Exception):
    """Power went."""


class Nor:
    """cut_at: the operation (counted from 0) in which power goes, once torn_bytes of it are done;
    bad: pages that refuse every program."""

    def __init__(self, pages):
        self.pages = pages
        self.cells = bytearray(b"\xff" * (pages * 4096))
        self.bad = ()
        self.programs = 0
        self.erases = 0
        self.cut_at = -1
        self.torn_bytes = 0

    def cut(self, operations, torn_bytes):
        """Cuts power after so many more operations, inside the next."""
        self.cut_at = self.programs + self.erases + operations
        self.torn_bytes = torn_bytes

    def _cuts(self):
        return self.programs + self.erases == self.cut_at

    def read(self, page, offset, buf):
        at = page * 4096 + offset
        if len(buf) > _RECORD_BYTES:
            buf[:] = memoryview(self.cells)[at : at + len(buf)]
            return
        for i in range(len(buf)):
            buf[i] = self.cells[at + i]

    def program(self, page, offset, buf):
        if page in self.bad:
            raise OSError(5)
        at = page * 4096 + offset
        length = len(buf)
        cut = self._cuts()
        if cut:
            length = min(length, self.torn_bytes)
        for i in range(length):
            self.cells[at + i] &= buf[i]
        self.programs += 1
        if cut:
            raise Cut()

    def erase(self, page):
        at = page * 4096
        cut = self._cuts()
        length = min(4096, self.torn_bytes) if cut else 4096
        self.cells[at : at + length] = b"\xff" * length
        self.erases += 1
        if cut:
            raise Cut()


def random(n):
    return bytes((7,)) * n
