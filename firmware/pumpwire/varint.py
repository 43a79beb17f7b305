"""Variable-length ints: seven bits a byte, low bits first; signed ones folded (0, -1, 1, -2, ...)."""

from .errors import WireError

MAX_BYTES = 5  # 2^30 takes five bytes; longer ones are refused


def put_uint(data, at, value):
    """Writes `value` (0 <= value < 2^30) at data[at:]; returns the offset behind it."""
    while value > 127:
        data[at] = value & 127 | 128
        value >>= 7
        at += 1
    data[at] = value
    return at + 1


def fold(value):
    """Returns the unsigned form of a signed int."""
    return value << 1 if value >= 0 else (-value << 1) - 1


def unfold(value):
    """Returns the signed int of its unsigned form."""
    return value >> 1 if value & 1 == 0 else -((value + 1) >> 1)


def get_uint(data, at, end):
    """Returns (value, offset behind it) of the varint at data[at:end]; raises WireError."""
    value = 0
    shift = 0
    start = at
    while True:
        if at >= end:
            raise WireError("varint cut short", start)
        if at - start >= MAX_BYTES:
            raise WireError("varint too long", start)
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            if byte == 0 and at - start > 1:
                raise WireError("varint with a needless byte", start)
            return value, at
        shift += 7
