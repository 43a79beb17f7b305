"""The transfer: a stream of bytes cut into packets, each a notification or a serial frame.

    packet    0  2  index      0, 1, 2 ... within this report, modulo 65536
              2  n  bytes      the next bytes of the stream, across segment boundaries
            2+n  2  check      CRC-16 over index and bytes
    stream    segments, one after the other:
              0  4  first_seq  of the page
              4  2  offset     where in the page these bytes lie
              6  2  length     how many follow
              8     bytes

The host writes to FLOW what it has: `<u16 index expected next> <u8 again>`. The board keeps at
most WINDOW packets beyond the last index so told; `again` 1 makes it go back to that index
(the host saw a gap, a bad check, or silence).
"""

import struct

from .check import crc16
from .errors import WireError

WINDOW = 64
ACK_EVERY = 16
PACKET_OVERHEAD = 4
SEGMENT_HEAD = 8
INDEX_MASK = 0xFFFF


def segment_head(first_seq, offset, length):
    """Returns the 8 bytes before a segment's own."""
    return struct.pack("<IHH", first_seq, offset, length)


def seal_packet(packet, index, end):
    """Puts index and check around packet[2:end]; returns the packet's length."""
    packet[0] = index & 255
    packet[1] = index >> 8
    check = crc16(packet, 0, end)
    packet[end] = check & 255
    packet[end + 1] = check >> 8
    return end + 2


def read_flow(data):
    """Returns (index expected, again) of a FLOW write; raises WireError."""
    if len(data) != 3 or data[2] > 1:
        raise WireError("flow write of %d bytes" % len(data))
    return data[0] | data[1] << 8, data[2] == 1
