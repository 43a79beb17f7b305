"""The stock MicroPython image, with room made in it for the two firmwares and for the log.

The user supplies the image (micropython.org): ESP32_GENERIC-SPIRAM for the reference board, whose module
has PSRAM, or ESP32_GENERIC for a module without. Versions, builds and sums are pinned in
firmware/boards/esp32/image.toml. `stock` reads it, the tool mp-image-tool-esp32 edits its partition
table, and `stock` reads what came of it. It is written in three parts, so that the settings between
them (nvs, at 0x9000) stay as they are.

    0x001000  bootloader           0x00f000  phy_init (as it was)
    0x008000  partition table      0x010000  MicroPython
    0x009000  nvs: keys, settings  0x200000  vfs: /a, /b        0x300000  log
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from ..errors import IntegrityError, NotFoundError, UsageError
from ..extras import require
from . import stock
from .firmware_build import sources

PARTITIONS = {"vfs": (0x200000, 0x100000), "log": (0x300000, 0x100000)}  # label: (address, bytes)
_FAT = (1, 0x81)  # their type and subtype: data, which MicroPython mounts or leaves alone by its label
_GIVEN, _MADE = "stock.bin", "gateway.bin"


@dataclass(frozen=True)
class Pin:
    """What the firmware's sources say of the MicroPython that they are made for."""

    version: str  #: the version, such as "1.27.0"
    also: tuple[str, ...]  #: other versions that are taken
    builds: dict[str, str]  #: {name of a stock build: the machine in its banner}, the board's own first
    sums: dict[str, str]  #: {sha256: the file at micropython.org that has it}

    @property
    def build(self) -> str:
        """The stock build for the reference board."""
        return next(iter(self.builds))


@dataclass(frozen=True)
class Image:
    """An image that is ready to be written."""

    version: str  #: of the MicroPython in it
    build: str  #: the stock build that it was made of, such as "ESP32_GENERIC-SPIRAM"
    sha256: str  #: of the stock image that it was made of
    parts: dict[int, Path]  #: {address in flash: file to write there}


def make(path: Path, sha256: str | None, out: Path) -> Image:
    """Checks a stock image against its pin, gives it its partitions, writes its parts below `out`."""
    wanted = pin()
    try:
        with path.open("rb") as file:
            data = file.read(stock.MOST_BYTES + 1)
    except OSError as error:
        raise NotFoundError(f"image {path} cannot be read ({error.strerror})",
                            f"download {wanted.build}, version {wanted.version}, from"
                            " micropython.org and name it with IMAGE=") from error
    found = stock.read(data, str(path))
    digest = hashlib.sha256(data).hexdigest()
    build = _pinned(found, path, digest, sha256, wanted)
    out.mkdir(parents=True, exist_ok=True)
    edited = _with_partitions(found, data, out)
    parts = {}
    for at, name, part in ((stock.BOOTLOADER, "bootloader", edited.bootloader),
                           (stock.TABLE, "partitions", edited.table),
                           (stock.APP, "micropython", edited.app)):
        parts[at] = out / f"{name}.bin"
        parts[at].write_bytes(part)
    return Image(found.version, build, digest, parts)


def pin() -> Pin:
    """Returns versions, builds and sums that the repository vouches for."""
    told = tomllib.loads((sources() / "boards" / "esp32" / "image.toml").read_text())
    return Pin(told["version"], tuple(told["also"]), told["builds"], told["sha256"])


def _pinned(found: stock.Stock, path: Path, digest: str, asked: str | None, wanted: Pin) -> str:
    """Returns the build that an image is, if it is one for the board and somebody vouches for it."""
    if found.version not in (wanted.version, *wanted.also):
        raise UsageError(f"image {path} is MicroPython {found.version}, and this firmware is made for"
                         f" {wanted.version}",
                         f"download {wanted.build} of that version from micropython.org")
    builds = [name for name, machine in wanted.builds.items() if machine == found.machine]
    if not builds:
        raise UsageError(f"image {path} is MicroPython {found.version} for another machine,"
                         f" {found.machine!r}",
                         f"download {' or '.join(wanted.builds)} from micropython.org, as the board's"
                         " module needs")
    if asked and asked.lower() != digest:
        raise IntegrityError(f"image {path} does not have the sha256 that was given, but {digest}",
                             "it is damaged or another image; download it again")
    if not asked and digest not in wanted.sums:
        raise UsageError(f"image {path} ({builds[0]}, MicroPython {found.version}) has the sha256"
                         f" {digest}, for which nobody vouches yet",
                         f"if it is from micropython.org, say IMAGE_SHA256={digest}")
    return builds[0]


def _with_partitions(found: stock.Stock, data: bytes, out: Path) -> stock.Stock:
    """Returns the image with the board's partitions added, and nothing else in it changed."""
    added = ",".join(f"{label}:fat:{at:#x}:{size:#x}" for label, (at, size) in PARTITIONS.items())
    (out / _GIVEN).write_bytes(data)
    # by their names in their folder: the tool takes /dev/shm/x.bin and COM3.bin for ports, and waits
    _tool(out, "mp_image_tool_esp32.main", _GIVEN, "-o", _MADE, "--add", added)
    edited = stock.read((out / _MADE).read_bytes(), str(out / _MADE))
    rows = {**found.rows, **{label: (*_FAT, *place) for label, place in PARTITIONS.items()}}
    if (edited.bootloader, edited.app, edited.rows) != (found.bootloader, found.app, rows):
        raise IntegrityError(f"image {out / _MADE} is not what mp-image-tool-esp32 was to make",
                             "install pumplog's versions of the tools again")
    return edited


def _tool(folder: Path, module: str, *arguments: str) -> None:
    """Runs a tool as it comes, in a folder; UsageError with its last words if it fails."""
    require("flash", module.partition(".")[0])
    done = subprocess.run([sys.executable, "-P", "-W", "ignore", "-m", module, *arguments],
                          cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace")
    if done.returncode or "rror" in done.stderr:
        words = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise UsageError(f"{module} does not take this image ({words[-1] if words else 'no word'})",
                         "give a stock image for the ESP32 with 4 MB of flash")
