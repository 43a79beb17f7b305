"""NOR flash as cells: programming only clears bits, erasing sets a page, power may fail.

image: pages x 4096 bytes, page 0 first; a blank page is all 0xFF
"""

from typing import Protocol

from ..errors import BenchError

PAGE_BYTES = 4096
BLANK = 0xFF


class PowerCutError(Exception):
    """The power failed during an operation; what it had done so far stays on the cells."""


class _Buffer(Protocol):
    def __len__(self) -> int: ...
    def __setitem__(self, where: slice, what: bytes) -> None: ...


class FlashCells:
    """Flash of `pages` pages of 4 KiB, blank or from an image, that counts what is done to it."""

    def __init__(self, pages: int = 256, image: bytes | None = None) -> None:
        size = pages * PAGE_BYTES
        if image is not None and len(image) != size:
            raise BenchError(f"The flash image has {len(image)} bytes but {pages} pages need {size}",
                             "give the page count it was made with")
        self.pages = pages
        self.programs = 0
        self.erases = 0
        self.programmed_bytes = 0
        self.erases_by_page = [0] * pages
        self._cells = bytearray([BLANK]) * size if image is None else bytearray(image)
        self._cut_in: int | None = None
        self._cut_after_bytes = 0
        self._powered = True

    def cut_at(self, operation: int, after_bytes: int = 0) -> None:
        """Fail the power in the n-th program or erase from now (1 is the next operation).

        The first `after_bytes` bytes of that operation are done, the rest is left as it was.
        """
        self._cut_in, self._cut_after_bytes = operation, after_bytes

    def power_on(self) -> None:
        """Restore the power after a cut, with none planned."""
        self._cut_in, self._powered = None, True

    def read(self, page: int, offset: int, buf: _Buffer) -> None:
        """Fill `buf` from a page, starting at `offset`."""
        start = self._start(page, offset, len(buf))
        buf[:] = bytes(self._cells[start : start + len(buf)])

    def program(self, page: int, offset: int, buf: bytes | bytearray | memoryview) -> None:
        """Clear the bits that are 0 in `buf`, from `offset` in a page; set none."""
        start = self._start(page, offset, len(buf))
        done, torn = self._survivors(len(buf))
        for i in range(done):
            self._cells[start + i] &= buf[i]
        self.programs += 1
        self.programmed_bytes += done
        self._finish(torn, f"program of page {page} at offset {offset}")

    def erase(self, page: int) -> None:
        """Set every bit of a page."""
        start = self._start(page, 0, PAGE_BYTES)
        done, torn = self._survivors(PAGE_BYTES)
        self._cells[start : start + done] = bytes([BLANK]) * done
        self.erases += 1
        self.erases_by_page[page] += 1
        self._finish(torn, f"erase of page {page}")

    def image(self) -> bytes:
        """Return a copy of all cells."""
        return bytes(self._cells)

    def _start(self, page: int, offset: int, length: int) -> int:
        if not self._powered:
            raise PowerCutError("The flash has no power: call power_on() first.")
        if not 0 <= page < self.pages or offset < 0 or offset + length > PAGE_BYTES:
            raise BenchError(f"Flash page {page}, offset {offset}, {length} bytes is outside"
                             f" {self.pages} pages of {PAGE_BYTES}", "correct the address")
        return page * PAGE_BYTES + offset

    def _survivors(self, length: int) -> tuple[int, bool]:
        """Count down to the planned cut; return how many bytes get done and whether it is now."""
        if self._cut_in is None:
            return length, False
        self._cut_in -= 1
        if self._cut_in > 0:
            return length, False
        return min(length, self._cut_after_bytes), True

    def _finish(self, torn: bool, what: str) -> None:
        if torn:
            self._powered = False
            raise PowerCutError(f"The power failed during the {what}.")
