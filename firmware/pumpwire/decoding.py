"""Reads frames, pages and attestations: the host's one reader. A board writes them and never comes here.

Formats: pumpwire.records, pumpwire.page, pumpwire.seal.
"""

import struct

from . import seal
from .deltas import LEVEL_STEP, SE, Deltas
from .errors import WireError
from .frames import records_in, varints_in
from .hmac import hmac_sha256
from .page import (
    FOOTER_AT, HEADER_BYTES, SEAL_BYTES, check_footer, read_footer, read_header, walk,
)
from .records import (
    BOOT, CHECK_BYTES, HEAD_BYTES, KINDS, MINUTE, MINUTE_MS, MINUTE_TICKS, RESERVOIR, fields_of,
)
from .units import PAGE_BYTES, SMALL_INT_LIMIT, TICK_MS, const
from .varint import get_uint, unfold

_UNSIGNED = const(117)  # u
_SIGNED = const(105)  # i
_LINEAR = const(108)  # l
_BYTES = const(98)  # b
_MINUTE_FORM = const(0x80)
_RESERVOIR_TOO = const(0x40)
_DIRECT = const(60)
_PRESSES_FOLLOW = const(62)
_MINUTE_COUNTS = const(1)  # a cell of Deltas
_SEAL_AT = const(19)  # in the footer
ATTESTATION_BYTES = 44
_MAC_AT = const(28)
_ATTESTED = ("log_id", "next_seq", "first_seq", "used", "crc", "previous", "key_id")


def _value(deltas, kind, k, code, difference):
    """Returns field k's value of its difference, and holds it: the reverse of what encode does."""
    held = deltas.held
    cell = deltas.first_cell(kind) + k
    last = held[cell]
    if code == _LINEAR:
        difference += held[LEVEL_STEP]
    value = last + difference
    if not -SMALL_INT_LIMIT < value < SMALL_INT_LIMIT:
        raise WireError("difference out of range")
    if code == _LINEAR:
        held[LEVEL_STEP] = difference if last else 0
    held[cell] = value
    return value


def decode_frame(data, at, length, deltas):
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
                    value = _value(deltas, kind, k, code, value)
            fields[name] = value
    deltas.passed(kind, dt)
    return [(kind, dt, fields)]


def _decode_minute(data, at, stop, deltas):
    if deltas.since_minute < 0:
        raise WireError("minute in short form with none before it", at)
    if deltas.since_minute > MINUTE_TICKS:
        raise WireError("minute before the record before it", at)
    form = data[at] & 63
    reservoir = data[at] & _RESERVOIR_TOO
    varints_in(data, at)
    step = form
    presses = 0
    at += 1
    if form > _DIRECT:
        step, at = get_uint(data, at, stop)
        if form == _PRESSES_FOLLOW:
            presses, at = get_uint(data, at, stop)
    counts = _value(deltas, MINUTE, _MINUTE_COUNTS, 0, unfold(step))
    if counts < 0:
        raise WireError("minute of fewer counts than none", at)
    fields = {"span_ms": MINUTE_MS, "counts": counts, "presses": presses}
    found = [(MINUTE, MINUTE_TICKS - deltas.since_minute, fields)]
    deltas.since_minute = 0
    if reservoir:
        step, at = get_uint(data, at, stop)
        level_ul = _value(deltas, RESERVOIR, 0, _LINEAR, unfold(step))
        found.append((RESERVOIR, 0, {"level_ul": level_ul, "se_ul": deltas.held[SE]}))
    return found


def sealed(data, footer, key):
    """Returns whether the seal fits the page's bytes; key: the one of
    footer.key_id."""
    view = memoryview(data)
    made = hmac_sha256(key, view[: footer.used], view[FOOTER_AT : FOOTER_AT + _SEAL_AT])
    return made[:SEAL_BYTES] == footer.seal


class Record:
    """One decoded record: seq, kind (int), boot, uptime_ms since that boot, fields {name: value}."""

    def __init__(self, seq, kind, boot, uptime_ms, fields):
        self.seq = seq
        self.kind = kind
        self.boot = boot
        self.uptime_ms = uptime_ms
        self.fields = fields


def decode_page(data):
    """Decodes a page, closed or open, whole or its first bytes: the host's one reader.

    Returns (Header, [Record], closed, error): error is None or the WireError that ended the
    reading; the records before it are good. A closed page whose check sum does not match gives an
    error too; its seal is for pumpwire.page.sealed. Raises WireError only where the header itself
    cannot be read.
    """
    if len(data) > PAGE_BYTES:
        raise WireError("page of %d bytes" % len(data), PAGE_BYTES)
    header = read_header(data)
    found = []
    error = damage = None
    stop = data
    deltas = Deltas()
    boot = header.boot
    ticks = header.base_s * 10 + header.base_tick
    footer = read_footer(data)
    if footer is not None:
        try:
            check_footer(data, footer)
            stop = memoryview(data)[: footer.used]
        except WireError as wrong:
            damage = wrong  # which record has it, its own check tells
    try:
        for at, length in walk(stop, header):
            for kind, dt, fields in decode_frame(data, at, length, deltas):
                if kind == BOOT:
                    boot = fields["boot"]
                    ticks = 0
                ticks += dt
                found.append(
                    Record(header.first_seq + len(found), kind, boot, ticks * TICK_MS, fields)
                )
        if damage is None and footer is not None and footer.count != len(found):
            damage = WireError("page footer does not fit its records", FOOTER_AT + 2)
    except WireError as wrong:
        error = wrong
    error = error or damage
    return header, found, footer is not None and error is None, error


def read_attestation(data):
    """Returns {field: value} of an attestation, its mac not judged; raises WireError."""
    if len(data) != ATTESTATION_BYTES:
        raise WireError("attestation of %d bytes" % len(data))
    return dict(zip(_ATTESTED, struct.unpack_from(seal.FORMAT, data, 0)))


def attested(data, key, nonce):
    """Returns whether an attestation was made under `key` for this nonce."""
    return hmac_sha256(key, seal.DOMAIN, data[: _MAC_AT], nonce)[:16] == bytes(data[_MAC_AT :])


def count_records(data, header):
    """Returns (number of records, offset behind the last good frame): bytes that follow are filler,
    erased, torn or decayed."""
    count = 0
    used = HEADER_BYTES
    try:
        for at, length in walk(data, header):
            count += records_in(data, at)
            used = at + length
    except WireError:
        pass  # what lies before it is good
    return count, used
