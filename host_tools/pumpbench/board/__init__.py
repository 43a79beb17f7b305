"""The board: the real firmware under the real MicroPython, on pins that the bedside drives.

In: a folder with its flash, compiled firmware, and the pins. Out: a program that runs in lockstep with
simulated time (`RunningBoard`), on the virtual air (`VirtualBoard`), or in real time at the end of a USB
cable (`UsbBoard`).
"""

from .firmware import compiled_firmware
from .usb_board import UsbBoard, fresh_flash
from .virtual_board import AIR_HEAP, RunningBoard, VirtualBoard

__all__ = ["AIR_HEAP", "RunningBoard", "UsbBoard", "VirtualBoard", "compiled_firmware", "fresh_flash"]
