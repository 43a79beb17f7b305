"""The stock MicroPython image, with room made in it for the two firmwares and for the log.

The user supplies the image (micropython.org, ESP32_GENERIC). It is pinned by version and sha256 in
firmware/boards/esp32/image.toml. The tool mp-image-tool-esp32 edits its partition table. The result is
cut into the parts that are written one by one, so that the settings between them (nvs, at 0x9000) stay
as they are.

    0x001000  bootloader           0x00f000  phy_init (as it was)
    0x008000  partition table      0x010000  MicroPython
    0x009000  nvs: keys, settings  0x200000  vfs: /a, /b        0x300000  log
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from ..errors import IntegrityError, NotFoundError, UsageError
from ..extras import require
from .firmware_build import sources

PARTITIONS = {"vfs": (0x200000, 0x100000), "log": (0x300000, 0x100000)}  # label: (address, bytes)
_FIRST = 0x1000  # where an image for the ESP32 begins
_SECTION = {"bootloader": (0x1000, 0x8000), "partitions": (0x8000, 0x9000),
            "micropython": (0x10000, None)}
_BANNER = re.compile(rb"MicroPython v(\d+\.\d+(?:\.\d+)?)(\S*) on \d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Image:
    """An image that is ready to be written."""

    version: str  #: of the MicroPython in it
    sha256: str  #: of the stock image that it was made of
    parts: dict[int, Path]  #: {address in flash: file to write there}


def make(stock: Path, sha256: str | None, out: Path) -> Image:
    """Checks a stock image against its pin, gives it its partitions, cuts it into parts below `out`."""
    try:
        data = stock.read_bytes()
    except OSError as error:
        raise NotFoundError(f"image {stock} cannot be read ({error.strerror})",
                            f"download ESP32_GENERIC, version {pin()[0]}, from"
                            " micropython.org and name it with IMAGE=") from error
    found = hashlib.sha256(data).hexdigest()
    version = _version(data, stock)
    _pinned(stock, version, found, sha256)
    out.mkdir(parents=True, exist_ok=True)
    whole = out / f"gateway-{found[:12]}.bin"
    added = ",".join(f"{label}:fat:{at:#x}:{size:#x}" for label, (at, size) in PARTITIONS.items())
    _tool("mp_image_tool_esp32.main", str(stock), "-o", str(whole), "--add", added)
    edited = whole.read_bytes()
    parts = {}
    for name, (begin, end) in _SECTION.items():
        path = out / f"{name}.bin"
        part = edited[begin - _FIRST : end and end - _FIRST]
        path.write_bytes(part.rstrip(b"\xff").ljust(16, b"\xff") if name != "partitions" else part)
        parts[begin] = path
    for begin in (0x1000, 0x10000):
        told = _tool("esptool", "--chip", "esp32", "image-info", str(parts[begin]))
        if "(invalid" in told or "Checksum:" not in told:
            raise IntegrityError(f"image {stock} is damaged",
                                 f"esptool finds a wrong checksum in what goes to {begin:#x}; download"
                                 " it again")
    return Image(version, found, parts)


def pin() -> tuple[str, list[str]]:
    """Returns the version and the sums that the repository vouches for."""
    pin = tomllib.loads((sources() / "boards" / "esp32" / "image.toml").read_text())
    return str(pin["version"]), list(pin["sha256"])


def _pinned(stock: Path, version: str, found: str, asked: str | None) -> None:
    wanted, sums = pin()
    if version != wanted:
        raise UsageError(f"image {stock} is MicroPython {version}, and this firmware is made for"
                         f" {wanted}",
                         "download ESP32_GENERIC of that version from micropython.org")
    if asked and asked.lower() != found:
        raise IntegrityError(f"image {stock} does not have the sha256 that was given, but {found}",
                             "it is damaged or another image; download it again")
    if not asked and found not in sums:
        raise UsageError(f"image {stock} (MicroPython {version}) has the sha256 {found}, for which"
                         " nobody vouches yet",
                         f"if it is from micropython.org, say IMAGE_SHA256={found}")


def _version(data: bytes, stock: Path) -> str:
    banner = _BANNER.search(data)
    if data[:1] != b"\xe9" or banner is None:
        raise UsageError(f"{stock} is no MicroPython image for the ESP32",
                         "take the .bin of ESP32_GENERIC")
    if banner[2]:
        raise UsageError(f"{stock} is a preview of MicroPython ({(banner[1] + banner[2]).decode()})",
                         "take a release")
    return banner[1].decode()


def _tool(module: str, *arguments: str) -> str:
    """Runs a tool as it comes; UsageError with its last words if it fails."""
    require("flash", module.partition(".")[0])
    done = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True,
                          errors="replace")
    said = done.stdout + done.stderr
    if done.returncode or "rror" in done.stderr:
        words = [line.strip() for line in said.splitlines() if line.strip()]
        raise UsageError(f"{module} does not take this image ({words[-1] if words else 'no word'})",
                         "give a stock image for the ESP32 with 4 MB of flash")
    return said
