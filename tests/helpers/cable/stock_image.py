"""A stock image as MicroPython publishes them, as far as tools look: headers, checksums, partition
table."""

from __future__ import annotations

import hashlib
import struct

from pumplog.deploy import image

STOCK = (("nvs", 1, 2, 0x9000, 0x6000), ("phy_init", 1, 1, 0xF000, 0x1000),
         ("factory", 0, 0, 0x10000, 0x1F0000))
VERSION = image.pin().version
MACHINE = "Generic ESP32 module with ESP32"
BANNER = f"MicroPython v{VERSION} on 2025-12-09\0; {MACHINE}\0".encode()


def partition_table(rows: tuple[tuple[str, int, int, int, int], ...]) -> bytes:
    """Returns a partition table as it lies at 0x8000, with its MD5."""
    table = b"".join(struct.pack("<HBBII16sI", 0x50AA, kind, subtype, at, size, label.encode(), 0)
                     for label, kind, subtype, at, size in rows)
    return table + b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(table).digest()


def program(body: bytes, flash_mb: int = 4) -> bytes:
    """Returns an application image of one segment: header, checksum, sha256."""
    body = body.ljust(-(-len(body) // 4) * 4, b"\0")
    flash = (flash_mb.bit_length() - 1) << 4
    header = struct.pack("<BBBBI", 0xE9, 1, 2, flash, 0x40080000)  # DIO, 40 MHz
    header += struct.pack("<B3sHBHH4sB", 0xEE, b"\0\0\0", 0, 0, 0, 0xFFFF, b"\0\0\0\0", 1)
    image = header + struct.pack("<II", 0x3FFB0000, len(body)) + body
    image += b"\0" * (15 - len(image) % 16)
    check = 0xEF
    for byte in body:
        check ^= byte
    image += bytes((check,))
    return image + hashlib.sha256(image).digest()


def stock_image(banner: bytes = BANNER, flash_mb: int = 4, salt: bytes = b"") -> bytes:
    """Returns the file's bytes: they begin at 0x1000 of the flash."""
    image = program(b"second stage", flash_mb).ljust(0x7000, b"\xff")
    image += partition_table(STOCK).ljust(0x8000, b"\xff")
    return image + program(banner + bytes(5000) + salt)
