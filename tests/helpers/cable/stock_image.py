"""A stock image as MicroPython publishes them, as far as tools look: headers, checksums, partition
table."""

from __future__ import annotations

import hashlib
import struct

STOCK = (("nvs", 1, 2, 0x9000, 0x6000), ("phy_init", 1, 1, 0xF000, 0x1000),
         ("factory", 0, 0, 0x10000, 0x1F0000))
BANNER = b"MicroPython v1.26.1 on 2025-09-11; Generic ESP32 module with ESP32\0"


def partition_table(rows: tuple[tuple[str, int, int, int, int], ...]) -> bytes:
    """Returns a partition table as it lies at 0x8000, with its MD5."""
    table = b"".join(struct.pack("<HBBII16sI", 0x50AA, kind, subtype, at, size, label.encode(), 0)
                     for label, kind, subtype, at, size in rows)
    return table + b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(table).digest()


def _app(body: bytes) -> bytes:
    """Returns an application image of one segment: header, checksum, sha256."""
    body = body.ljust(-(-len(body) // 4) * 4, b"\0")
    header = struct.pack("<BBBBI", 0xE9, 1, 2, 0x20, 0x40080000)  # DIO, 4 MB, 40 MHz
    header += struct.pack("<B3sHBHH4sB", 0xEE, b"\0\0\0", 0, 0, 0, 0xFFFF, b"\0\0\0\0", 1)
    image = header + struct.pack("<II", 0x3FFB0000, len(body)) + body
    image += b"\0" * (15 - len(image) % 16)
    check = 0xEF
    for byte in body:
        check ^= byte
    image += bytes((check,))
    return image + hashlib.sha256(image).digest()


def stock_image(banner: bytes = BANNER) -> bytes:
    """Returns the file's bytes: they begin at 0x1000 of the flash."""
    image = _app(b"second stage").ljust(0x7000, b"\xff")
    image += partition_table(STOCK).ljust(0x8000, b"\xff")
    return image + _app(banner + bytes(5000))
