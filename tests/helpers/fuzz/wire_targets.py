"""The parsers of what comes over the air or the serial line, whole, byte by byte, and cut anywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pumpwire import commands, entries, pairing, proofs, racp, receiving, serial_frame, stream
from pumpwire.check import crc16
from pumpwire.errors import WireError

TAG = 5


def _open(packet: bytes) -> tuple[int, bytes]:
    return receiving.open_packet(packet, 0)


SMALL: tuple[Callable[[bytes], Any], ...] = (
    receiving.read_answer, _open, stream.read_flow, racp.read_request,
    commands.read_request, receiving.read_response, entries.unpack, proofs.unseal, pairing.read_value,
)
Pieces = list[tuple[int, int, bytes]]


def fuzz_wire(data: bytes) -> None:
    """The first byte says which parser takes the rest, and how it is cut."""
    if not data:
        return
    which, rest = data[0] & 15, data[1:]
    if which < len(SMALL):
        read_small(which, rest)
    elif which < 12:
        read_segments(rest, 1 + (data[0] >> 4))
    elif which < 14:
        read_packets(rest, 1 + (data[0] >> 4) * 16)
    else:
        read_serial(rest, 1 + (data[0] >> 4))


def read_small(which: int, data: bytes) -> None:
    """Reads a message of one piece."""
    try:
        SMALL[which](data)
    except WireError as wrong:
        assert 0 <= wrong.offset <= len(data)


def _fed(data: bytes, step: int) -> tuple[Pieces, bool]:
    """Returns (what a reader of segments gives of data fed in steps, whether it refused some)."""
    reader = receiving.SegmentReader()
    out: Pieces = []
    for at in range(0, len(data), step):
        try:
            out += reader.feed(data[at : at + step])
        except WireError:
            return out, True
    return out, False


def _joined(pieces: Pieces) -> Pieces:
    """Returns pieces with those that follow each other made one."""
    out: Pieces = []
    for first_seq, offset, piece in pieces:
        if out and (out[-1][0], out[-1][1] + len(out[-1][2])) == (first_seq, offset):
            out[-1] = (first_seq, out[-1][1], out[-1][2] + piece)
        else:
            out.append((first_seq, offset, piece))
    return out


def read_segments(data: bytes, step: int) -> None:
    """Reads a stream of segments, in steps and byte by byte: both give the same bytes."""
    slow, refused = _fed(data, 1)
    fast, refused_too = _fed(data, step)
    assert refused == refused_too
    assert sum(len(piece) for _, _, piece in slow) <= len(data)
    assert all(piece and offset + len(piece) <= 4096 for _, offset, piece in slow + fast)
    if not refused:
        assert _joined(slow) == _joined(fast)


def read_packets(data: bytes, step: int) -> None:
    """Takes packets of `step` bytes with their checks made to fit, then the segments in them."""
    reader = receiving.SegmentReader()
    for index, at in enumerate(range(0, len(data), step)):
        body = bytes((index & 255,)) + data[at : at + step]
        packet = body + crc16(body, 0, len(body), stream.seed(index, TAG)).to_bytes(2, "little")
        assert receiving.open_packet(packet, index, TAG) == (index, body[1:])
        bent = bytearray(packet)
        bent[at % len(packet)] ^= 1 + at % 255
        try:
            receiving.open_packet(bent, index, TAG)
            raise AssertionError("a bent packet was taken")  # an error within 16 bits is always seen
        except WireError:
            pass
        try:
            reader.feed(body[1:])
        except WireError:
            return


def read_serial(data: bytes, step: int) -> None:
    """Reads a serial line in steps and byte by byte: both give the same frames, and none too long."""
    one, other = serial_frame.FrameReader(), serial_frame.FrameReader()
    slow = [frame for byte in data for frame in one.feed(bytes((byte,)))]
    fast = [frame for at in range(0, len(data), step) for frame in other.feed(data[at : at + step])]
    assert slow == fast and one.damaged == other.damaged
    for channel, body in slow:
        assert len(body) <= serial_frame.MAX_DATA
        assert serial_frame.FrameReader().feed(serial_frame.wrap(channel, body)) == [(channel, body)]
