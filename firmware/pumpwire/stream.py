"""The transfer: a stream of bytes cut into packets, each a notification or a serial frame.

    packet    0  1  index      the low byte of 0, 1, 2 ... within this report
              1  n  bytes      the next bytes of the stream, across segment boundaries
            1+n  2  check      CRC-16 over index and bytes, its start 0xFFFF exclusive-or
                               (tag << 8 | index >> 8 & 255)
    stream    segments, one after the other:
              0  4  first_seq  of the page
              4  2  offset     where in the page these bytes lie
              6  2  length     how many follow; 0: this is where the report ends
              8     bytes
    flow      0  2  index      expected next, modulo 65536
              2  1  again      1: send again from there (a gap, a bad check, silence); else 0
              3  1  tag        the report's

The host writes flow to FLOW. The board keeps at most WINDOW packets beyond the last index so told.

A report has a tag, one byte that the host chose in its request (pumpwire.racp), 0 without. Tag and
the index's high byte are not sent; they are what the check starts from. A CRC of the same bytes from
another start is always another one, so a packet is taken only at its own place of its own report,
however late, doubled or out of order it comes: not 256 packets later, and not after an abort.
The byte that is sent only has to say where to try, the place nearest to what the host expects: on a
link that keeps order no packet is more than WINDOW away from it.

What a report sends is settled as it begins: records that come meanwhile are the next one's. A packet
sent again is the same to the bit.
"""

import struct

from .check import START, crc16
from .errors import WireError

WINDOW = 64
ACK_EVERY = 16
PACKET_OVERHEAD = 3
SEGMENT_HEAD = 8
FLOW_MASK = 0xFFFF


def segment_head(first_seq, offset, length):
    """Returns the 8 bytes before a segment's own."""
    return struct.pack("<IHH", first_seq, offset, length)


def seed(index, tag):
    """Returns what the check of a report's packet starts from."""
    return START ^ (tag << 8 | index >> 8 & 255)


def seal_packet(packet, index, tag, end):
    """Puts index and check around packet[1:end]; returns the packet's length."""
    packet[0] = index & 255
    check = crc16(packet, 0, end, seed(index, tag))
    packet[end] = check & 255
    packet[end + 1] = check >> 8
    return end + 2


def read_flow(data):
    """Returns (index expected, again, tag) of a FLOW write; raises WireError."""
    if len(data) != 4 or data[2] > 1:
        raise WireError("flow write of %d bytes" % len(data))
    return data[0] | data[1] << 8, data[2] == 1, data[3]
