"""A stock image of MicroPython for the ESP32, read by the rules by which that chip starts it.

A file begins at 0x1000 of the flash. It holds bootloader, partition table and MicroPython, and FF
between them. Both programs have their SHA-256 behind them, the table its MD5: so every byte of a file
has a sum or is FF, and no changed bit passes. The banner says for what machine the image was built.

Sources: ESP-IDF 5.5, components/bootloader_support, src/esp_image_format.c (headers, segments, sums),
src/flash_partitions.c (table) and include/esp_app_format.h (chips); MicroPython 1.27.0,
ports/esp32/makeimg.py (places) and shared/runtime/pyexec.c (banner).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from ..errors import IntegrityError, UsageError

BOOTLOADER, TABLE, SETTINGS, APP = 0x1000, 0x8000, 0x9000, 0x10000  # where each begins
_FLASH_MB = 4
MOST_BYTES = (_FLASH_MB << 20) - BOOTLOADER  # what is longer does not fit the board's flash
_HEADER = 24  # bytes of a program before its first segment
_MOST_SEGMENTS = 16
_ROW = 32  # bytes of a partition's row
_SUM_ROW = b"\xeb\xeb" + b"\xff" * 14  # the MD5 of the rows before it follows
_CHIPS = {2: "ESP32-S2", 5: "ESP32-C3", 9: "ESP32-S3", 12: "ESP32-C2", 13: "ESP32-C6", 16: "ESP32-H2",
          18: "ESP32-P4", 20: "ESP32-C61", 23: "ESP32-C5"}  # 0: ESP32
_VERSION = re.compile(rb"MicroPython v(\d+\.\d+(?:\.\d+)?)(\S*) on \d{4}-\d\d-\d\d")
_MACHINE = re.compile(rb"(?<![ -~]); ([ -~]+ with [ -~]+)\0")
_TAKE = "take the .bin of ESP32_GENERIC-SPIRAM"

Rows = dict[str, tuple[int, int, int, int]]  # {label: (type, subtype, address, bytes)}


@dataclass(frozen=True)
class Stock:
    """What an image holds, every sum of it right."""

    version: str  #: of the MicroPython in it, such as "1.27.0"
    machine: str  #: what it was built for, in the words of its banner
    bootloader: bytes  #: what goes to 0x1000
    table: bytes  #: what goes to 0x8000
    rows: Rows  #: the partitions that the table names
    app: bytes  #: MicroPython itself: what goes to 0x10000


def read(data: bytes, name: str) -> Stock:
    """Reads an image; UsageError if it is for something else, IntegrityError if it is damaged."""
    if data[:4] == b"UF2\n":
        raise UsageError(f"{name} is a UF2 file, which is for other chips than the ESP32", _TAKE)
    if data[:1] != b"\xe9" or len(data) < _HEADER:
        raise UsageError(f"{name} is no MicroPython image for the ESP32", _TAKE)
    if len(data) > MOST_BYTES:
        raise UsageError(f"{name} is larger than the {_FLASH_MB} MB of flash that the board has", _TAKE)
    chip = int.from_bytes(data[12:14], "little")
    if chip:
        machine = _MACHINE.search(data)
        raise UsageError(f"{name} is an image for the {_CHIPS.get(chip, f'chip of number {chip}')}"
                         f"{f' ({machine[1].decode()})' if machine else ''}, and the board has an ESP32",
                         _TAKE)
    flash = b"\xff" * BOOTLOADER + data
    try:
        bootloader = _program(flash, BOOTLOADER, TABLE)
        rows = _rows(flash[TABLE:SETTINGS])
        app = _program(flash, APP, APP + _room(rows))
        for begin, end in ((BOOTLOADER + len(bootloader), TABLE), (SETTINGS, APP),
                           (APP + len(app), len(flash))):
            if flash[begin:end].strip(b"\xff"):
                raise ValueError(f"bytes that belong to nothing between {begin:#x} and {end:#x}")
    except ValueError as error:
        raise IntegrityError(f"image {name} is damaged: {error}", "download it again") from error
    if 1 << (data[3] >> 4) < _FLASH_MB:
        raise UsageError(f"{name} is for less than the {_FLASH_MB} MB of flash that the board has",
                         _TAKE)
    return Stock(*_banner(app, name), bootloader, flash[TABLE:SETTINGS], rows, app)


def _program(flash: bytes, at: int, end: int) -> bytes:
    """Returns bootloader or application with its sums; ValueError if they are not right."""
    header = flash[at : at + _HEADER]
    if len(header) < _HEADER or header[0] != 0xE9 or not 1 <= header[1] <= _MOST_SEGMENTS:
        raise ValueError(f"no program in what goes to {at:#x}")
    here = at + _HEADER
    for _ in range(header[1]):
        here += 8 + int.from_bytes(flash[here + 4 : here + 8], "little")
    here = (here // 16 + 1) * 16  # room for a check byte, up to the next full 16
    if here + 32 > min(end, len(flash)):
        raise ValueError(f"it ends within what goes to {at:#x}")
    if not header[23] or hashlib.sha256(flash[at:here]).digest() != flash[here : here + 32]:
        raise ValueError(f"wrong checksum in what goes to {at:#x}")
    return flash[at : here + 32]


def _rows(table: bytes) -> Rows:
    found: Rows = {}
    for at in range(0, len(table), _ROW):
        row = table[at : at + _ROW]
        if row[:16] == _SUM_ROW:
            if row[16:] != hashlib.md5(table[:at]).digest() or table[at + _ROW :].strip(b"\xff"):
                break
            return found
        if row[:2] != b"\xaa\x50":
            break
        label = row[12:28].rstrip(b"\0").decode("ascii", "replace")
        found[label] = (row[2], row[3], int.from_bytes(row[4:8], "little"),
                        int.from_bytes(row[8:12], "little"))
    raise ValueError(f"no partition table with its checksum in what goes to {TABLE:#x}")


def _room(rows: Rows) -> int:
    """Returns how long the application may be: the partition that it lies in."""
    for kind, _, at, size in rows.values():
        if kind == 0 and at == APP:
            return size
    raise ValueError(f"no partition for a program at {APP:#x}")


def _banner(app: bytes, name: str) -> tuple[str, str]:
    """Returns version and machine."""
    version, machine = _VERSION.search(app), _MACHINE.search(app)
    if version is None or machine is None:
        raise UsageError(f"{name} is no MicroPython image for the ESP32", _TAKE)
    if version[2]:
        raise UsageError(f"{name} is a preview of MicroPython ({(version[1] + version[2]).decode()})",
                         "take a release")
    return version[1].decode(), machine[1].decode()
