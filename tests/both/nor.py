"""NOR flash for tests, on every runtime: programs clear bits, power can be cut inside an operation."""


class Cut(Exception):
    """Power went."""


class Nor:
    def __init__(self, pages):
        self.pages = pages
        self.cells = bytearray(b"\xff" * (pages * 4096))
        self.operations = 0
        self.cut_at = -1
        self.torn_bytes = 0

    def read(self, page, offset, buf):
        at = page * 4096 + offset
        for i in range(len(buf)):
            buf[i] = self.cells[at + i]

    def program(self, page, offset, buf):
        at = page * 4096 + offset
        length = len(buf)
        cut = self.operations == self.cut_at
        if cut:
            length = min(length, self.torn_bytes)
        for i in range(length):
            self.cells[at + i] &= buf[i]
        self.operations += 1
        if cut:
            raise Cut()

    def erase(self, page):
        at = page * 4096
        cut = self.operations == self.cut_at
        self.cells[at : at + (self.torn_bytes if cut else 4096)] = b"\xff" * (
            self.torn_bytes if cut else 4096
        )
        self.operations += 1
        if cut:
            raise Cut()


def random(n):
    return bytes((7,)) * n
