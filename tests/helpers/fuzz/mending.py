"""Makes check sums fit whatever bytes there are, as somebody who knows the format could: so that what
is behind them is reached too. What it cannot make is a seal: that takes the key.
"""

from __future__ import annotations

import binascii

from pumpwire.check import crc16, frame_check
from pumpwire.page import FOOTER_AT, HEADER_BYTES
from pumpwire.units import PAGE_BYTES

FOOTER_BYTES = PAGE_BYTES - FOOTER_AT


def mend_header(page: bytearray) -> None:
    """Puts magic, version and both checks into a page's first 28 bytes."""
    if len(page) < HEADER_BYTES:
        page += bytes(HEADER_BYTES - len(page))
    page[:3] = b"PL\x02"
    page[14:16] = crc16(page, 0, 14).to_bytes(2, "little")
    page[26:28] = crc16(page, 16, 26, int.from_bytes(page[14:16], "little")).to_bytes(2, "little")


def mend_frames(page: bytearray, end: int) -> int:
    """Makes the check of each frame fit; returns the offset behind the last one."""
    seed = int.from_bytes(page[26:28], "little")
    at = HEADER_BYTES
    end = min(end, len(page))
    while at < end and page[at] != 0xFF:
        if page[at] == 0:
            at += 1
            continue
        stop = _body_end(page, at, end)
        if stop + 2 > end:
            break
        page[stop : stop + 2] = frame_check(page, at, stop, seed).to_bytes(2, "little")
        at = stop + 2
    return at


def _body_end(page: bytearray, at: int, end: int) -> int:
    if page[at] < 0x80:
        return at + 2 + page[at + 1] if at + 1 < end else end
    varints = max(0, (page[at] & 63) - 60) + (page[at] >> 6 & 1)
    at += 1
    while varints and at < end:
        varints -= page[at] < 0x80
        at += 1
    return at


def mend_footer(page: bytearray) -> None:
    """Makes the CRC-32 of a page with a footer fit."""
    used = int.from_bytes(page[FOOTER_AT : FOOTER_AT + 2], "little")
    crc = binascii.crc32(page[FOOTER_AT : FOOTER_AT + 15], binascii.crc32(page[:used]))
    page[FOOTER_AT + 15 : FOOTER_AT + 19] = crc.to_bytes(4, "little")


def closed(body: bytes, footer: bytes) -> bytearray:
    """Returns a page of its first bytes and its last 35."""
    body = body[:FOOTER_AT]
    return bytearray(body) + b"\xff" * (FOOTER_AT - len(body)) + footer
