"""`make flash`: writes MicroPython with the board's partitions, by the real esptool.

It writes bootloader, partition table and MicroPython, and nothing between or behind them: keys,
firmwares and log of a board that had them stay. The tool esptool compares what lies there with an MD5 of
what was sent.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

from ..errors import UnreachableError
from ..extras import require
from .image import Image

_AGAIN = ("Hold SW2, tap SW3, let go of SW2, and do it again. This repairs a half-written MicroPython"
          " too")
_MOST_S = 900  # an image takes 3 minutes at 115,200 baud


@dataclass(frozen=True)
class Flashed:
    """An image that is on a chip, every part verified."""

    micropython: str  #: its version

    def to_text(self) -> str:
        """Returns what was done and what is next."""
        return (f"MicroPython {self.micropython} is on the chip, every part verified; tap SW3, then make"
                " deploy")


def flash(port: str, image: Image) -> Flashed:
    """Writes an image; UnreachableError if the chip did not take it."""
    require("flash", "esptool")
    parts = [word for at, path in sorted(image.parts.items()) for word in (f"{at:#x}", str(path))]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "esptool", "--chip", "esp32", "--port", port, "write-flash", *parts],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            timeout=_MOST_S)
    except subprocess.TimeoutExpired as error:
        raise UnreachableError(f"esptool was not done with {port} in {_MOST_S // 60} minutes",
                               "use another cable. " + _AGAIN) from error
    if done.returncode or done.stdout.count("Hash of data verified") != len(image.parts):
        words = [line.strip() for line in done.stdout.splitlines() if line.strip()] or ["no word"]
        why = next((line for line in words if "fatal error" in line), words[-1]).rstrip(".")
        raise UnreachableError(f"esptool could not write to {port} ({why})",
                               f"use another cable if it does so again. {_AGAIN}")
    return Flashed(image.version)
