"""The host's side of a link: what it asks for, and how it puts together what comes.

A board answers and sends and never comes here. Formats: pumpwire.racp, pumpwire.stream,
pumpwire.commands.
"""

import struct

from . import commands, names
from .check import crc16
from .errors import WireError
from .racp import (
    ABORT, AT_LEAST, BY_SEQ, COUNT, COUNT_RESPONSE, NULL, RANGE, REPORT, RESPONSE, SUCCESS,
)
from .stream import FLOW_MASK, PACKET_OVERHEAD, SEGMENT_HEAD, seed, segment_head


def report_from(seq, tag=0):
    """Returns the request for all records from `seq` on, in a report of that tag."""
    request = struct.pack("<BBBI", REPORT, AT_LEAST, BY_SEQ, seq)
    return request + bytes((tag,)) if tag else request


def report_between(first, last, tag=0):
    """Returns the request for the records first..last, in a report of that tag."""
    request = struct.pack("<BBBII", REPORT, RANGE, BY_SEQ, first, last)
    return request + bytes((tag,)) if tag else request


def count_from(seq):
    """Returns the request for the number of records from `seq` on."""
    return struct.pack("<BBBI", COUNT, AT_LEAST, BY_SEQ, seq)


def abort():
    """Returns the request that ends a report."""
    return bytes((ABORT, NULL))


def read_answer(data):
    """Returns (op answered, code, count) of an indication; count is None but for a count."""
    if len(data) == 4 and data[0] == RESPONSE:
        return data[2], data[3], None
    if len(data) == 6 and data[0] == COUNT_RESPONSE:
        return COUNT, SUCCESS, struct.unpack_from("<I", data, 2)[0]
    raise WireError("not a control point response")


def flow(expected, again, tag=0):
    """Returns the FLOW write: index expected next, and whether to send again from there."""
    return struct.pack("<HBB", expected & FLOW_MASK, 1 if again else 0, tag)


def open_packet(data, expected, tag=0):
    """Returns (index, bytes of the stream) of a packet of this report; raises WireError.

    expected: the index expected next, to which the packet's is near.
    """
    if len(data) < PACKET_OVERHEAD:
        raise WireError("packet cut short", len(data))
    index = expected - 128 + ((data[0] - expected + 128) & 255)
    end = len(data) - 2
    if crc16(data, 0, end, seed(index, tag)) != data[end] | data[end + 1] << 8:
        raise WireError("packet check does not match", end)
    return index, data[1:end]


def read_response(data):
    """Returns (op, id, result, body); raises WireError."""
    if len(data) < 3 or data[0] < 0x80:
        raise WireError("not a command response")
    return data[0] & 0x7F, data[1], data[2], data[3:]


class SegmentReader:
    """Turns stream bytes, however cut, back into segments. ended: the stream is complete."""

    def __init__(self):
        self._held = bytearray()
        self.ended = False

    def feed(self, data):
        """Takes bytes; returns the segments that came to hand: [(first_seq, offset, bytes)].

        A segment is given out piece by piece as its bytes come, so that a transfer that breaks
        off loses nothing that arrived.
        """
        self._held += data
        out = []
        while len(self._held) >= SEGMENT_HEAD:
            first_seq, offset, length = struct.unpack_from("<IHH", self._held, 0)
            if offset + length > 4096 or length == 0 and len(self._held) > SEGMENT_HEAD:
                raise WireError("segment of %d bytes at %d" % (length, offset))
            if length == 0:
                self.ended = True
            if len(self._held) == SEGMENT_HEAD:
                break
            piece = bytes(self._held[SEGMENT_HEAD : SEGMENT_HEAD + length])
            out.append((first_seq, offset, piece))
            rest = self._held[SEGMENT_HEAD + len(piece) :]
            if len(piece) < length:
                rest = bytearray(segment_head(first_seq, offset + len(piece), length - len(piece)))
            self._held = bytearray(rest)
        return out


def read_status(data):
    """Returns what a STATUS says, {name: value}; an older firmware says nothing of its chip."""
    values = struct.unpack_from(commands.STATUS_BODY, data)
    at = struct.calcsize(commands.STATUS_BODY)
    if len(data) >= at + struct.calcsize(commands.STATUS_CHIP):
        values += struct.unpack_from(commands.STATUS_CHIP, data, at)
    return dict(zip(names.STATUS_FIELDS + names.STATUS_CHIP_FIELDS, values))
