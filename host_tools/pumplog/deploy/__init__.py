"""Firmware onto a board: images with a log partition, two firmwares side by side, names and keys.

In: a board on its cable, the firmware's sources, a plan of what a board is to be called. Out: what was
written and came up, and a diagnosis of what a board holds. esptool writes the flash, mpremote does
everything else: they are called as they come. They are of the extras "flash" and "board".
"""

from . import diagnosis, examining, labels, provisioning
from .firmware_build import build, sources

__all__ = ["build", "diagnosis", "examining", "labels", "provisioning", "sources"]
