"""NOR flash for tests, on every runtime: programs clear bits, power can go inside an operation.

Reads and programs of a record's size allocate nothing, so that they can be made in a locked heap.
"""

from helpers.on_board import dice

_RECORD_BYTES = 64
PREFIX, BITS, UNSTABLE, NEARLY, BARELY = 0, 1, 2, 3, 4  # how an operation is torn: see Nor.cut
TEARS = 5


class CutError(Exception):
    """Power went."""


class Nor:
    """cut_at: the operation (counted from 0) in which power goes; bad: pages that refuse every
    program; stuck: {address: (mask, value)} of bits that never change; before: None, or called
    before each operation with (page, offset, bytes to program or None for an erase)."""

    def __init__(self, pages, cells=None):
        self.pages = pages
        self.cells = bytearray(b"\xff" * (pages * 4096)) if cells is None else bytearray(cells)
        self.unstable = {}  # address: mask of bits that read as they like
        self.stuck = {}
        self.bad = ()
        self.before = None
        self.programs = self.programmed_bytes = 0
        self.erases = 0
        self.wear = [0] * pages
        self.reads = self.read_bytes = 0
        self.cut_at = -1
        self.torn_bytes = 0
        self.tear = PREFIX

    def copy(self):
        """Returns flash of the same cells, with nothing planned."""
        other = Nor(self.pages, self.cells)
        other.unstable = self.unstable.copy()
        other.stuck = self.stuck
        other.bad = self.bad
        return other

    def cut(self, operations, torn_bytes, tear=PREFIX):
        """Cuts power after so many more operations, inside the next.

        PREFIX: torn_bytes of it are done. BITS: a random part of the bits that were to change did.
        UNSTABLE: as BITS, and of the others some read as they like until programmed or erased.
        NEARLY, BARELY: as UNSTABLE, with few bits left to change, or few that did: at its very end
        and its very beginning an operation mostly reads as done, or as not begun.
        """
        self.cut_at = self.programs + self.erases + operations
        self.torn_bytes = torn_bytes
        self.tear = tear

    def _cuts(self):
        return self.programs + self.erases == self.cut_at

    def read(self, page, offset, buf):
        at = page * 4096 + offset
        n = len(buf)
        self.reads += 1
        self.read_bytes += n
        if n > _RECORD_BYTES:
            buf[:] = memoryview(self.cells)[at : at + n]
        else:
            for i in range(n):
                buf[i] = self.cells[at + i]
        if self.unstable:
            for each in self.unstable:
                if at <= each < at + n:
                    buf[each - at] ^= dice.bits(8) & self.unstable[each]

    def program(self, page, offset, buf):
        if page in self.bad:
            raise OSError(5)
        if self.before is not None:
            self.before(page, offset, buf)
        at = page * 4096 + offset
        cut = self._cuts()
        if cut:
            self.torn_program(page, offset, buf)
        elif not self.unstable:
            for i in range(len(buf)):
                self.cells[at + i] &= buf[i]
        else:
            self._settle(at, buf)
        if self.stuck:
            self._stick()
        self.programs += 1
        self.programmed_bytes += len(buf)
        if cut:
            raise CutError()

    def _settle(self, at, buf):
        for i in range(len(buf)):
            self.cells[at + i] &= buf[i]
            if at + i in self.unstable:
                self.unstable[at + i] &= buf[i]
                if not self.unstable[at + i]:
                    del self.unstable[at + i]

    def torn_program(self, page, offset, buf):
        """Does a part of a program, as `cut` says."""
        at = page * 4096 + offset
        if self.tear == PREFIX:
            self._settle(at, bytes(buf[: self.torn_bytes]))
            return
        rare = dice.bits(3)
        for i in range(len(buf)):
            change = (self.cells[at + i] | self.unstable.get(at + i, 0)) & ~buf[i]
            done, undecided = self._torn(change, rare)
            self._settle(at + i, bytes((255 & ~done,)))
            mask = undecided | self.unstable.get(at + i, 0)
            if mask:
                self.unstable[at + i] = mask

    def _torn(self, change, rare):
        """Returns (bits that did change, bits that read as they like) of those that were to."""
        if self.tear == BITS:
            return change & dice.bits(8), 0
        if self.tear == UNSTABLE:
            done = change & dice.bits(8)
            return done, change & ~done & dice.bits(8)
        few = change
        for _ in range(rare + 1):
            few &= dice.bits(8)
        half = few & dice.bits(8)
        if self.tear == NEARLY:
            return change & ~few, half
        return few & ~half, half

    def erase(self, page):
        if self.before is not None:
            self.before(page, 0, None)
        cut = self._cuts()
        if cut:
            self.torn_erase(page)
        else:
            self._erase_bytes(page * 4096, 4096)
        if self.stuck:
            self._stick()
        self.erases += 1
        self.wear[page] += 1
        if cut:
            raise CutError()

    def _erase_bytes(self, at, n):
        self.cells[at : at + n] = b"\xff" * n
        if self.unstable:
            for each in list(self.unstable):
                if at <= each < at + n:
                    del self.unstable[each]

    def torn_erase(self, page):
        """Does a part of an erase, as `cut` says: whole bytes, of the others some bits unstable."""
        at = page * 4096
        if self.tear == PREFIX:
            self._erase_bytes(at, min(4096, self.torn_bytes))
            return
        if self.tear in (NEARLY, BARELY):
            self._torn_erase_bits(at)
            return
        share = dice.bits(2)  # of the bytes, from none to nearly all
        run = 1 << dice.bits(3)  # bytes that fare alike
        for start in range(at, at + 4096, run):
            if dice.bits(2) < share:
                self._erase_bytes(start, run)
            elif self.tear == UNSTABLE:
                for each in range(start, start + run):
                    mask = ~self.cells[each] & dice.bits(8) & 255
                    if mask:
                        self.unstable[each] = mask
                        self.cells[each] |= mask

    def _torn_erase_bits(self, at):
        rare = dice.bits(3)
        for each in range(at, at + 4096):
            change = ~self.cells[each] & 255 | self.unstable.get(each, 0)
            if change:
                done, undecided = self._torn(change, rare)
                self.cells[each] |= done | undecided  # those read as 1 or 0 from here on
                undecided |= self.unstable.get(each, 0) & ~done
                self.unstable.pop(each, 0)
                if undecided:
                    self.unstable[each] = undecided

    def _stick(self):
        for at in self.stuck:
            mask, value = self.stuck[at]
            self.cells[at] = self.cells[at] & ~mask | value & mask


def random(n):
    return bytes((7,)) * n
