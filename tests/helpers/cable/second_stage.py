"""What starts on an ESP32 that has a given flash, by the rules of its bootloaders; for tests.

It is written from ESP-IDF 5.5 alone and shares nothing with the image tool. Sources, below
components/bootloader_support/src: esp_image_format.c (verify_image_header, process_segment,
verify_segment_header, process_checksum, verify_simple_hash), flash_partitions.c
(esp_partition_table_verify), bootloader_utility.c (which application starts); the chip's addresses are
those of components/soc/esp32/include/soc/soc.h.
"""

from __future__ import annotations

import functools
import hashlib
import operator
import struct
from dataclasses import dataclass

ROM_LOADS_AT = 0x1000
TABLE_AT, TABLE_END = 0x8000, 0x8C00
PAGE = 0x10000  # of the flash cache
MAPPED = ((0x3F400000, 0x3F800000), (0x400D0000, 0x40400000))  # read through the cache
LOADED = ((0x3FFAE000, 0x40000000), (0x40078000, 0x400C0000), (0x400C0000, 0x400C2000),
          (0x3FF80000, 0x3FF82000), (0x50000000, 0x50002000))  # copied to memory
PADDING = 0x10000000  # below this no address is loaded


class NoStartError(Exception):
    """The chip would not start; the text says why."""


@dataclass(frozen=True)
class Started:
    """What starts, and what it finds."""

    partitions: dict[str, tuple[int, int, int, int]]  # {label: (type, subtype, address, bytes)}
    app: bytes  # what the second stage verified


def start(flash: bytes) -> Started:
    """Starts a chip with this flash; NoStartError if it would stay in its loader or restart for ever."""
    _verified(flash, ROM_LOADS_AT, TABLE_AT)
    chip_bytes = 1 << 20 << (flash[ROM_LOADS_AT + 3] >> 4)  # the second stage takes it from its header
    _hold(chip_bytes <= len(flash), "the header says more flash than there is")
    partitions = _table(flash, chip_bytes)
    factory = [row for row in partitions.values() if row[:2] == (0, 0)]
    _hold(len(factory) == 1, "no factory application")
    _, _, at, size = factory[0]
    return Started(partitions, _verified(flash, at, at + size))


def _hold(good: bool, why: str) -> None:
    if not good:
        raise NoStartError(why)


def _within(places: tuple[tuple[int, int], ...], address: int, size: int) -> bool:
    return any(low <= address and address + size <= high for low, high in places)


def _verified(flash: bytes, at: int, end: int) -> bytes:
    magic, segments = flash[at], flash[at + 1]
    _hold(magic == 0xE9 and segments <= 16, f"no image at {at:#x}")
    chip, = struct.unpack_from("<H", flash, at + 12)
    _hold(chip == 0, f"image at {at:#x} is for chip {chip}")
    here, check = at + 24, 0xEF
    for _ in range(segments):
        address, size = struct.unpack_from("<II", flash, here)
        here += 8
        _hold(size % 4 == 0 and here + size <= end, f"segment of {size} bytes at {here:#x}")
        if _within(MAPPED, address, size):
            _hold(here % PAGE == address % PAGE, f"segment at {here:#x} cannot be mapped")
        elif address >= PADDING:
            _hold(_within(LOADED, address, size), f"segment at {here:#x} has no memory to go to")
        check ^= functools.reduce(operator.xor, flash[here : here + size], 0)
        here += size
    here = (here - at + 16) // 16 * 16 + at
    _hold(flash[here - 1] == check, f"checksum of the image at {at:#x}")
    if flash[at + 23]:
        _hold(hashlib.sha256(flash[at:here]).digest() == flash[here : here + 32],
              f"SHA-256 of the image at {at:#x}")
        here += 32
    _hold(here <= end, f"image at {at:#x} is longer than its partition")
    return flash[at:here]


def _table(flash: bytes, chip_bytes: int) -> dict[str, tuple[int, int, int, int]]:
    found, sums = {}, 0
    for at in range(TABLE_AT, TABLE_END, 32):
        magic, kind, subtype, address, size, label = struct.unpack_from("<HBBII16s", flash, at)
        if magic == 0x50AA:
            _hold(address + size <= chip_bytes, f"partition {label!r} is beyond the flash")
            found[label.rstrip(b"\0").decode()] = (kind, subtype, address, size)
        elif magic == 0xEBEB:
            _hold(not sums and hashlib.md5(flash[TABLE_AT:at]).digest() == flash[at + 16 : at + 32],
                  "MD5 of the partition table")
            sums += 1
        elif (magic, kind, subtype) == (0xFFFF, 0xFF, 0xFF):
            return found
        else:
            break
    raise NoStartError("the partition table does not end")
