"""MicroPython's `esp32` for the virtual board: how much memory its chip, one with PSRAM, has left.

The radio of the virtual board says what it takes (bluetooth.py).
"""

from chip_memory import chip

HEAP_DATA = 4


def idf_heap_info(capabilities):
    """Returns (size, free, largest piece, fewest free so far) of each region."""
    return chip.info()
