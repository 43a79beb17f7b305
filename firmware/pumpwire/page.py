"""The log's page: 4096 bytes that can be read alone. All ints little-endian.

     0   2  magic "PL"
     2   1  format version (1)
     3   1  0
     4   4  log_id       random, made when the log was first formatted
     8   4  first_seq    sequence number of the page's first record
    12   2  0
    14   2  check        CRC-16 of bytes 0..13; bytes 0..15 never change meaning in any version
    16   4  boot         boot number
    20   4  base_s       seconds of uptime at the page's base time
    24   2  base_ms      and its milliseconds
    26   4  previous     CRC-32 in the footer of the page before (0 for the first page)
    30   2  check        CRC-16 of bytes 16..29, started from the check at 14; seeds every frame
    32      records, one frame after the other (pumpwire.records), then erased bytes (0xFF)
  4088   2  used         offset behind the last good frame; bytes between it and the footer
                         that are not erased were torn by a power cut
  4090   2  count        number of records
  4092   4  seal         CRC-32 of bytes 0..used-1 and of bytes 4088..4091

A page without a footer (16 erased bits at 4088) is the open page, or was open when power failed.
The keyed seal over each page comes with format version 2.
"""

import binascii
import struct

from .check import crc16
from .errors import WireError
from .records import decode, frame_length
from .units import PAGE_BYTES

MAGIC = b"PL"
VERSION = 1
PREFIX_BYTES = 16
HEADER_BYTES = 32
FOOTER_AT = 4088
FOOTER_BYTES = 8

_PREFIX = "<2sBBIIH"
_REST = "<IIHI"
_FOOTER = "<HHI"


class Header:
    """What a page's first 32 bytes say; `seed` starts every frame's check."""

    def __init__(self, version, log_id, first_seq, boot, base_s, base_ms, previous, seed):
        self.version = version
        self.log_id = log_id
        self.first_seq = first_seq
        self.boot = boot
        self.base_s = base_s
        self.base_ms = base_ms
        self.previous = previous
        self.seed = seed


def build_header(log_id, first_seq, boot, base_s, base_ms, previous):
    """Returns the 32 bytes that open a page."""
    data = bytearray(HEADER_BYTES)
    struct.pack_into(_PREFIX, data, 0, MAGIC, VERSION, 0, log_id, first_seq, 0)
    prefix_check = crc16(data, 0, 14)
    struct.pack_into("<H", data, 14, prefix_check)
    struct.pack_into(_REST, data, 16, boot, base_s, base_ms, previous)
    struct.pack_into("<H", data, 30, crc16(data, 16, 30, prefix_check))
    return data


def read_prefix(data):
    """Returns (version, log_id, first_seq) of the frozen 16-byte prefix; raises WireError."""
    if len(data) < PREFIX_BYTES:
        raise WireError("page cut short", len(data))
    magic, version, _, log_id, first_seq, _ = struct.unpack_from(_PREFIX, data, 0)
    if magic != MAGIC:
        raise WireError("not a pumplog page", 0)
    if crc16(data, 0, 14) != data[14] | data[15] << 8:
        raise WireError("page prefix check does not match", 14)
    return version, log_id, first_seq


def read_header(data):
    """Returns the Header of a page's bytes (32 or more); raises WireError."""
    version, log_id, first_seq = read_prefix(data)
    if version != VERSION:
        raise WireError("page format version %d, this software reads %d" % (version, VERSION), 2)
    if len(data) < HEADER_BYTES:
        raise WireError("page cut short", len(data))
    seed = data[30] | data[31] << 8
    if crc16(data, 16, 30, data[14] | data[15] << 8) != seed:
        raise WireError("page header check does not match", 30)
    boot, base_s, base_ms, previous = struct.unpack_from(_REST, data, 16)
    return Header(version, log_id, first_seq, boot, base_s, base_ms, previous, seed)


def seal_of(data, used, count):
    """Returns the CRC-32 that seals a page whose records end at `used`."""
    crc = binascii.crc32(memoryview(data)[:used])
    return binascii.crc32(struct.pack("<HH", used, count), crc) & 0xFFFFFFFF


def build_footer(data, used, count):
    """Returns the 8 bytes that close the page `data` (its first `used` bytes or more)."""
    return struct.pack(_FOOTER, used, count, seal_of(data, used, count))


def read_footer(data):
    """Returns (used, count, seal), or None for a page that is still open; does not check the seal."""
    if len(data) < PAGE_BYTES:
        return None
    used, count, seal = struct.unpack_from(_FOOTER, data, FOOTER_AT)
    if used == 0xFFFF:
        return None
    return used, count, seal


class Record:
    """One decoded record: seq, kind (int), boot, uptime_ms since that boot, fields {name: value}."""

    def __init__(self, seq, kind, boot, uptime_ms, fields):
        self.seq = seq
        self.kind = kind
        self.boot = boot
        self.uptime_ms = uptime_ms
        self.fields = fields


def walk(data, header):
    """Yields (offset, length) of each good frame; raises WireError at bytes that are none."""
    at = HEADER_BYTES
    end = min(len(data), FOOTER_AT)
    while True:
        length = frame_length(data, at, end, header.seed)
        if length == 0:
            return
        yield at, length
        at += length


def decode_page(data):
    """Decodes a page, closed or open, whole or its first bytes: the host's one reader.

    Returns (Header, [Record], closed, error): error is None or the WireError that ended the
    reading; the records before it are good. A closed page whose seal does not match gives an
    error too. Raises WireError only where the header itself cannot be read.
    """
    header = read_header(data)
    found = []
    error = None
    used = HEADER_BYTES
    time_ms = header.base_s * 1000 + header.base_ms
    try:
        footer = read_footer(data)
        stop = data if footer is None else memoryview(data)[: max(footer[0], HEADER_BYTES)]
        for at, length in walk(stop, header):
            kind, dt_ms, fields = decode(data, at, length)
            time_ms += dt_ms
            found.append(Record(header.first_seq + len(found), kind, header.boot, time_ms, fields))
            used = at + length
        if footer is not None:
            if footer[0] != used or footer[1] != len(found):
                raise WireError("page footer does not fit its records", FOOTER_AT)
            if seal_of(data, used, len(found)) != footer[2]:
                raise WireError("page seal does not match", FOOTER_AT + 4)
    except WireError as wrong:
        error = wrong
        footer = None
    return header, found, footer is not None, error
