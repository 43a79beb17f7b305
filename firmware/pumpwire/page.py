"""The log's page: 4096 bytes that can be read alone. All ints little-endian.

     0   2  magic "PL"
     2   1  format version (2)
     3   1  0
     4   4  log_id       random, made when the log was first formatted
     8   4  first_seq    sequence number of the page's first record
    12   2  0
    14   2  check        CRC-16 of bytes 0..13; bytes 0..15 never change meaning in any version
    16   4  boot         boot number at the page's base time
    20   4  base_s       seconds of that boot's uptime at the base time
    24   1  base_tick    and tenths of a second
    25   1  0
    26   2  check        CRC-16 of bytes 16..25, started from the check at 14; seeds every frame
    28      frames, one after the other (pumpwire.records), then erased bytes (0xFF)
  4061   2  used         offset behind the last good frame or filler
  4063   2  count        number of records
  4065   2  key_id       tells the key of the seal, 0: there was none yet (pumpwire.seal)
  4067   1  flags        FLAG_REFUSED, FLAG_DECAYED
  4068   8  previous     the first 8 bytes of the seal of the page before, 0 for the log's first
  4076   4  CRC-32       of bytes 0..used-1 and 4061..4075
  4080  16  seal         the first 16 bytes of HMAC-SHA256, under the device key, of bytes 0..used-1
                         and 4061..4079; 0 without a key

A page without a footer (16 erased bits at 4061) is the open page, or one that still waits for its
footer: at most one, the page before the open one, while the board runs.
"""

import binascii
import struct

from .check import crc16
from .errors import WireError
from .frames import frame_length
from .hmac import Hmac
from .records import FILLER
from .units import PAGE_BYTES

MAGIC = b"PL"
VERSION = 2
PREFIX_BYTES = 16
HEADER_BYTES = 28
FOOTER_AT = 4061
FOOTER_BYTES = 35
PREVIOUS_BYTES = 8
SEAL_BYTES = 16
FLAG_REFUSED = 1  # cells of this page refused a program: it is not used again
FLAG_DECAYED = 2  # cells changed while the page was open: not all of its records can be read

_PREFIX = "<2sBBIIH"
_REST = "<IIBB"
_FOOTER = "<HHHB8sI16s"
_CRC_AT = 15  # in the footer
_SEAL_AT = 19


class Header:
    """What a page's first 28 bytes say; `seed` starts every frame's check."""

    def __init__(self, log_id, first_seq, boot, base_s, base_tick, seed):
        self.log_id = log_id
        self.first_seq = first_seq
        self.boot = boot
        self.base_s = base_s
        self.base_tick = base_tick
        self.seed = seed


class Footer:
    """What a page's last 35 bytes say."""

    def __init__(self, used, count, key_id, flags, previous, crc, seal):
        self.used = used
        self.count = count
        self.key_id = key_id
        self.flags = flags
        self.previous = previous
        self.crc = crc
        self.seal = seal


def put_header(data, log_id, first_seq, boot, base_s, base_tick):
    """Writes the 28 bytes that open a page into `data`; allocates nothing."""
    struct.pack_into(_PREFIX, data, 0, MAGIC, VERSION, 0, log_id, first_seq, 0)
    check = crc16(data, 0, 14)
    data[14] = check & 255
    data[15] = check >> 8
    struct.pack_into(_REST, data, 16, boot, base_s, base_tick, 0)
    check = crc16(data, 16, 26, check)
    data[26] = check & 255
    data[27] = check >> 8


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
    """Returns the Header of a page's bytes (28 or more); raises WireError."""
    version, log_id, first_seq = read_prefix(data)
    if version != VERSION:
        raise WireError("page format version %d, this software reads %d" % (version, VERSION), 2)
    if len(data) < HEADER_BYTES:
        raise WireError("page cut short", len(data))
    seed = data[26] | data[27] << 8
    if crc16(data, 16, 26, data[14] | data[15] << 8) != seed:
        raise WireError("page header check does not match", 26)
    boot, base_s, base_tick, _ = struct.unpack_from(_REST, data, 16)
    return Header(log_id, first_seq, boot, base_s, base_tick, seed)


def build_footer(pieces, used, count, key_id, flags, previous, key):
    """Returns the 35 bytes that close a page; pieces: its first `used` bytes, cut anyhow.

    previous: the first bytes of the seal of the page before; key: the device key, or None without
    one: key_id is then 0.
    """
    crc = 0
    code = Hmac(key) if key else None
    for piece in pieces:
        crc = binascii.crc32(piece, crc)
        if code:
            code.update(piece)
    footer = bytearray(FOOTER_BYTES)
    struct.pack_into("<HHHB8s", footer, 0, used, count, key_id, flags, previous)
    crc = binascii.crc32(memoryview(footer)[:_CRC_AT], crc) & 0xFFFFFFFF
    struct.pack_into("<I", footer, _CRC_AT, crc)
    if code:
        code.update(memoryview(footer)[:_SEAL_AT])
        footer[_SEAL_AT:] = code.digest()[:SEAL_BYTES]
    return footer


def read_footer(data):
    """Returns the Footer, None of a page that is still open; checks nothing."""
    if len(data) < PAGE_BYTES:
        return None
    footer = Footer(*struct.unpack_from(_FOOTER, data, FOOTER_AT))
    return None if footer.used == 0xFFFF else footer


def check_footer(data, footer):
    """Raises WireError unless the footer's CRC-32 fits the page's bytes; the seal is not judged."""
    if not HEADER_BYTES <= footer.used <= FOOTER_AT:
        raise WireError("page footer out of range", FOOTER_AT)
    view = memoryview(data)
    crc = binascii.crc32(view[FOOTER_AT : FOOTER_AT + _CRC_AT], binascii.crc32(view[: footer.used]))
    if crc & 0xFFFFFFFF != footer.crc:
        raise WireError("page check sum does not match", FOOTER_AT + _CRC_AT)


def walk(data, header):
    """Yields (offset, length) of each good frame; raises WireError at bytes that are none."""
    at = HEADER_BYTES
    end = min(len(data), FOOTER_AT)
    while True:
        while at < end and data[at] == FILLER:
            at += 1
        length = frame_length(data, at, end, header.seed)
        if length == 0:
            return
        yield at, length
        at += length
