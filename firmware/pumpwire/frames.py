"""Writes frames, what one program operation puts on flash, and tells where they end.

Format: pumpwire.records; pumpwire.decoding reads them, which a board does not.
"""

from .check import TABLE, ZEROS, frame_check
from .errors import WireError
from .records import BOOT, CHECK_BYTES, ERASED, HEAD_BYTES, KINDS, MAX_BODY
from .units import const
from .varint import MAX_BYTES, put_uint

_UNSIGNED = const(117)  # u
_SIGNED = const(105)  # i
_DIFFERENCE = const(100)  # d
_LINEAR = const(108)  # l
_BYTES = const(98)  # b
_END = const(32)  # of the codes
_MINUTE_FORM = const(0x80)
_RESERVOIR_TOO = const(0x40)
_DIRECT = const(60)  # folded differences of counts up to this stand in the first byte
_COUNTS_FOLLOW = const(61)
_PRESSES_FOLLOW = const(62)
_MINUTE_TICKS = const(600)  # records.MINUTE_TICKS
_MINUTE_MS = const(60000)  # records.MINUTE_MS
_MINUTE_COUNTS = const(1)  # a cell of Deltas


def encode(frame, kind, dt, values, blob, seed, deltas):
    """Writes a record's frame into `frame` (bytearray of MAX_FRAME); returns its length in bytes.

    dt: ticks since the record before it; values: indexable of ints, one for each field but `b` in
    order; blob: bytes of the `b` field or None; seed: check of the page header; deltas: the page's.
    Ints stay below 2^30, differences and folded fields below 2^28. Allocates nothing when blob is
    None.
    """
    if kind == BOOT:
        deltas.reset()
    at = end = put_uint(frame, HEAD_BYTES, dt)
    held = deltas.held
    cell = deltas.first_cell(kind)
    k = 0
    for code in KINDS[kind]:
        if code == _END:
            break
        if code == _BYTES:
            if at + len(blob) > HEAD_BYTES + MAX_BODY:
                raise WireError("record body over %d bytes" % MAX_BODY, at)
            frame[at : at + len(blob)] = blob
            end = at = at + len(blob)
            continue
        value = values[k]
        if code != _UNSIGNED:
            if code == _DIFFERENCE:
                last = held[cell + k]
                held[cell + k] = value
                value -= last
            elif code == _LINEAR:
                value = deltas.level_step(value)
            value = value << 1 if value >= 0 else (-value << 1) - 1  # varint.fold
        k += 1
        if value < 128:
            frame[at] = value
            at += 1
        else:
            at = put_uint(frame, at, value)
        if value:
            end = at
    frame[0] = kind
    frame[1] = end - HEAD_BYTES
    deltas.passed(kind, dt)
    seed = frame_check(frame, 0, end, seed)
    frame[end] = seed & 255
    frame[end + 1] = seed >> 8
    return end + CHECK_BYTES


def encode_minute(frame, dt, values, reservoir, seed, deltas):
    """Writes a MINUTE in its short form; returns its length, 0 where that form does not hold.

    values: as in encode; reservoir: the values of a RESERVOIR that goes with it (deltas.rides says
    whether it can), or None. Allocates nothing.
    """
    since = deltas.since_minute
    if since + dt != _MINUTE_TICKS or values[0] != _MINUTE_MS:
        return 0
    deltas.since_minute = 0
    held = deltas.held
    counts = values[1]
    step = counts - held[_MINUTE_COUNTS]
    held[_MINUTE_COUNTS] = counts
    step = step << 1 if step >= 0 else (-step << 1) - 1  # varint.fold
    at = 1
    if values[2]:
        first = _MINUTE_FORM | _PRESSES_FOLLOW
        at = put_uint(frame, put_uint(frame, 1, step), values[2])
    elif step <= _DIRECT:
        first = _MINUTE_FORM | step
    else:
        first = _MINUTE_FORM | _COUNTS_FOLLOW
        at = put_uint(frame, 1, step)
    if reservoir is not None:
        first |= _RESERVOIR_TOO
        step = deltas.level_step(reservoir[0])
        step = step << 1 if step >= 0 else (-step << 1) - 1
        if step < 128:
            frame[at] = step
            at += 1
        else:
            at = put_uint(frame, at, step)
    frame[0] = first
    seed = (seed & 255) << 8 ^ TABLE[seed >> 8 ^ first]  # frame_check in place: most are of one byte
    step = ZEROS[first]
    if at > 1:
        for k in range(1, at):
            seed = (seed & 255) << 8 ^ TABLE[seed >> 8 ^ frame[k]]
            step += ZEROS[frame[k]]
        step &= 31
    frame[at] = seed & 0xE0 | step
    frame[at + 1] = seed >> 8 if seed < 0xFF00 else 0xFE
    return at + CHECK_BYTES


def frame_length(data, at, end, seed):
    """Returns the length of the good frame at data[at:end], 0 at the end of the page's records.

    Raises WireError for bytes that are neither; fillers are none.
    """
    if at >= end or data[at] == ERASED:
        return 0
    body = _minute_bytes if data[at] & _MINUTE_FORM else _record_bytes
    stop = at + body(data, at, end)
    if stop + CHECK_BYTES > end:
        raise WireError("record longer than its page", at)
    if frame_check(data, at, stop, seed) != data[stop] | data[stop + 1] << 8:
        raise WireError("record check does not match", at)
    return stop + CHECK_BYTES - at


def _record_bytes(data, at, end):
    if end - at < HEAD_BYTES + CHECK_BYTES or data[at] == 0 or data[at + 1] > MAX_BODY:
        raise WireError("no record", at)
    return HEAD_BYTES + data[at + 1]


def _minute_bytes(data, at, end):
    more = varints_in(data, at)
    stop = at + 1
    while more:
        if stop >= end or stop - at > 4 * MAX_BYTES:
            raise WireError("minute cut short", at)
        if data[stop] < 128:
            more -= 1
        stop += 1
    return stop - at


def varints_in(data, at):
    """Returns how many varints follow the first byte of a minute's short form."""
    form = data[at] & 63
    if form > _PRESSES_FOLLOW:
        raise WireError("minute of an unknown form", at)
    return max(0, form - _DIRECT) + (1 if data[at] & _RESERVOIR_TOO else 0)


def records_in(data, at):
    """Returns how many records the frame at data[at] holds."""
    return 2 if data[at] & (_MINUTE_FORM | _RESERVOIR_TOO) == _MINUTE_FORM | _RESERVOIR_TOO else 1
