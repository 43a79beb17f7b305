"""The log's raw flash: the `log` partition through MicroPython's extended block protocol.

On that protocol `writeblocks` with an offset programs without erasing, as NOR flash does: it can
only clear bits. Source: ports/esp32/esp32_partition.c of MicroPython 1.27.0.
"""

import errno

from esp32 import Partition
from micropython import const

_BLOCK_COUNT = const(4)
_BLOCK_ERASE = const(6)


class Flash:
    """pages: how many of 4096 bytes. Every call raises OSError when the flash refuses."""

    def __init__(self, label="log"):
        try:
            self._partition = Partition(label)  # in blocks of 4096 bytes
        except OSError:
            raise OSError(
                errno.ENODEV, "no flash partition '%s': write the board's image again" % label
            )
        self.pages = self._partition.ioctl(_BLOCK_COUNT, 0)

    def read(self, page, offset, buf):
        """Fills `buf` with the bytes at `offset` of `page`."""
        self._partition.readblocks(page, buf, offset)

    def program(self, page, offset, buf):
        """Clears the bits that are 0 in `buf`. Allocates nothing."""
        self._partition.writeblocks(page, buf, offset)

    def erase(self, page):
        """Sets the page to FF: 45 to 400 ms, in which nothing else runs."""
        if self._partition.ioctl(_BLOCK_ERASE, page):
            raise OSError(errno.EIO)
