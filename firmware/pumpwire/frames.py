"""Writes and reads frames: what one program operation puts on flash. Format: pumpwire.records."""

from .check import crc16
from .deltas import MINUTE_COUNTS, MINUTE_SPAN
from .errors import WireError
from .records import (
    BOOT, CHECK_BYTES, ERASED, HEAD_BYTES, KINDS, MAX_BODY, MINUTE, MINUTE_MS, MINUTE_TICKS,
    RESERVOIR, fields_of,
)
from .varint import MAX_BYTES, fold, get_uint, put_uint, unfold

_UNSIGNED, _SIGNED, _LINEAR, _BYTES = 117, 105, 108, 98  # u, i, l, b
_MINUTE_FORM = 0x80
_RESERVOIR_TOO = 0x40
_DIRECT = 60  # folded differences of counts up to this stand in the first byte
_COUNTS_FOLLOW, _PRESSES_FOLLOW = 61, 62


def _seal(frame, at, seed):
    check = crc16(frame, 0, at, seed)
    frame[at] = check & 255
    frame[at + 1] = check >> 8
    return at + CHECK_BYTES


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
    k = 0
    for code in KINDS[kind][1]:
        if code == _BYTES:
            if at + len(blob) > HEAD_BYTES + MAX_BODY:
                raise WireError("record body over %d bytes" % MAX_BODY, at)
            frame[at : at + len(blob)] = blob
            end = at = at + len(blob)
            continue
        value = values[k]
        if code != _UNSIGNED:
            if code != _SIGNED:
                value = deltas.differ(kind, k, code, value)
            value = fold(value)
        k += 1
        at = put_uint(frame, at, value)
        if value:
            end = at
    frame[0] = kind
    frame[1] = end - HEAD_BYTES
    deltas.passed(kind, dt)
    return _seal(frame, end, seed)


def encode_minute(frame, dt, values, reservoir, seed, deltas):
    """Writes a MINUTE in its short form; returns its length, 0 where that form does not hold.

    values: as in encode; reservoir: the values of a RESERVOIR that goes with it (deltas.rides says
    whether it can), or None. Allocates nothing.
    """
    since = deltas.since_minute
    if since < 0 or since + dt != MINUTE_TICKS or values[0] != MINUTE_MS:
        return 0
    held = deltas.held
    counts = values[1]
    presses = values[2]
    step = counts - held[MINUTE_COUNTS]
    step = step << 1 if step >= 0 else (-step << 1) - 1
    first = _MINUTE_FORM
    at = 1
    if presses:
        at = put_uint(frame, put_uint(frame, 1, step), presses)
        first |= _PRESSES_FOLLOW
    elif step <= _DIRECT:
        first |= step
    else:
        at = put_uint(frame, 1, step)
        first |= _COUNTS_FOLLOW
    held[MINUTE_COUNTS] = counts
    held[MINUTE_SPAN] = MINUTE_MS
    deltas.since_minute = 0
    if reservoir is not None:
        first |= _RESERVOIR_TOO
        step = deltas.differ(RESERVOIR, 0, _LINEAR, reservoir[0])
        at = put_uint(frame, at, fold(step))
    frame[0] = first
    return _seal(frame, at, seed)


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
    if crc16(data, at, stop, seed) != data[stop] | data[stop + 1] << 8:
        raise WireError("record check does not match", at)
    return stop + CHECK_BYTES - at


def _record_bytes(data, at, end):
    if end - at < HEAD_BYTES + CHECK_BYTES or data[at] == 0 or data[at + 1] > MAX_BODY:
        raise WireError("no record", at)
    return HEAD_BYTES + data[at + 1]


def _minute_bytes(data, at, end):
    more = _varints(data, at)
    stop = at + 1
    while more:
        if stop >= end or stop - at > 4 * MAX_BYTES:
            raise WireError("minute cut short", at)
        if data[stop] < 128:
            more -= 1
        stop += 1
    return stop - at


def _varints(data, at):
    """Returns how many varints follow the first byte of a minute's short form."""
    form = data[at] & 63
    if form > _PRESSES_FOLLOW:
        raise WireError("minute of an unknown form", at)
    return max(0, form - _DIRECT) + (1 if data[at] & _RESERVOIR_TOO else 0)


def records_in(data, at):
    """Returns how many records the frame at data[at] holds."""
    return 2 if data[at] & (_MINUTE_FORM | _RESERVOIR_TOO) == _MINUTE_FORM | _RESERVOIR_TOO else 1


def decode(data, at, length, deltas):
    """Returns [(kind, dt, {field: value})] of the checked frame data[at:at+length].

    A kind that this version does not know gives its body, after dt, as {"raw": bytes}. deltas: the
    page's, all earlier frames taken in; of a damaged page they are not to be used any further.
    """
    stop = at + length - CHECK_BYTES
    if data[at] & _MINUTE_FORM:
        return _decode_minute(data, at, stop, deltas)
    kind = data[at]
    if kind == BOOT:
        deltas.reset()
    dt, at = get_uint(data, at + HEAD_BYTES, stop)
    fields = {}
    if kind not in KINDS:
        fields["raw"] = bytes(data[at:stop])
    else:
        for k, (name, code) in enumerate(fields_of(kind)):
            if code == _BYTES:
                fields[name] = bytes(data[at:stop])
                at = stop
                continue
            value = 0
            if at < stop:
                value, at = get_uint(data, at, stop)
            if code != _UNSIGNED:
                value = unfold(value)
                if code != _SIGNED:
                    value = deltas.value(kind, k, code, value)
            fields[name] = value
    deltas.passed(kind, dt)
    return [(kind, dt, fields)]


def _decode_minute(data, at, stop, deltas):
    if deltas.since_minute < 0:
        raise WireError("minute in short form with none before it", at)
    form = data[at] & 63
    reservoir = data[at] & _RESERVOIR_TOO
    _varints(data, at)
    step = form
    presses = 0
    at += 1
    if form > _DIRECT:
        step, at = get_uint(data, at, stop)
        if form == _PRESSES_FOLLOW:
            presses, at = get_uint(data, at, stop)
    counts = deltas.value(MINUTE, MINUTE_COUNTS, 0, unfold(step))
    if counts < 0:
        raise WireError("minute of fewer counts than none", at)
    deltas.held[MINUTE_SPAN] = MINUTE_MS
    fields = {"span_ms": MINUTE_MS, "counts": counts, "presses": presses}
    found = [(MINUTE, MINUTE_TICKS - deltas.since_minute, fields)]
    deltas.since_minute = 0
    if reservoir:
        step, at = get_uint(data, at, stop)
        level_ul = deltas.value(RESERVOIR, 0, _LINEAR, unfold(step))
        found.append((RESERVOIR, 0, {"level_ul": level_ul, "se_ul": deltas.se_ul()}))
    return found
