"""Reading of pages, frames and attestations, held against what must be so whatever the bytes are."""

from __future__ import annotations

import hmac
from collections.abc import Collection

from pumplog.store import BAD, SEALED, UNREAD, Reading, read_page
from pumplog.store.page_reading import footer_fits
from pumpwire import decoding, frames, page
from pumpwire.deltas import Deltas
from pumpwire.errors import WireError
from pumpwire.records import BOOT

from helpers.docs import log_format_reader as second_reader
from helpers.fuzz.genuine import ATTESTATION, KEY, KEYS, SEALED_PAGES
from helpers.fuzz.mending import FOOTER_BYTES, closed, mend_footer, mend_frames, mend_header

CLOSED, MEND_HEADER, MEND_FRAMES, MEND_FOOTER, COUNTED = 1, 2, 4, 8, 16


def page_of(data: bytes) -> bytes:
    """Returns the page that a fuzzer's input stands for.

    Its first byte says how: CLOSED: the last 35 bytes are the footer; MEND_...: checks are made to fit;
    COUNTED: the footer's `used` and `count` too. 0: the bytes themselves.
    """
    if not data:
        return b""
    how, made = data[0], bytearray(data[1:])
    footer = b""
    if how & CLOSED:
        made, footer = made[:-FOOTER_BYTES], bytes(made[-FOOTER_BYTES:].rjust(FOOTER_BYTES, b"\0"))
    if how & MEND_HEADER:
        mend_header(made)
    used = mend_frames(made, page.FOOTER_AT) if how & MEND_FRAMES and len(made) >= 28 else len(made)
    if not footer:
        return bytes(made)
    made = closed(made, footer)
    if how & COUNTED:
        made[page.FOOTER_AT : page.FOOTER_AT + 2] = min(used, page.FOOTER_AT).to_bytes(2, "little")
        made[page.FOOTER_AT + 2 : page.FOOTER_AT + 4] = _count(made).to_bytes(2, "little")
    if how & MEND_FOOTER:
        mend_footer(made)
    return bytes(made)


def _count(made: bytearray) -> int:
    try:
        return decoding.count_records(made, page.read_header(made))[0]
    except WireError:
        return 0


def read_any_page(data: bytes, twice: bool = True, genuine: Collection[bytes] = SEALED_PAGES,
                  fuzzed: bool = False) -> Reading:
    """Reads a page and holds it against what must be so; returns what it says.

    twice: by the second reader too, which is slow; genuine: the pages that may be taken for sealed;
    fuzzed: by a fuzzer, which watches comparisons and so learns codes: they must be the right ones.
    """
    reading = read_page(data, KEYS)
    if reading.state == SEALED:
        assert data in genuine or fuzzed and second_reader.sealed(data, KEY), (
            "a changed page was taken for a sealed one")
    try:
        header, found, is_closed, wrong = decoding.decode_page(data)
    except WireError:
        assert reading.state in (BAD, UNREAD) and not reading.records
        return reading
    assert is_closed <= (wrong is None)
    uptime_ms = 0
    for seq, record in enumerate(found, header.first_seq):
        assert record.seq == seq
        assert record.uptime_ms >= (0 if record.kind == BOOT else uptime_ms), "time went back"
        uptime_ms = record.uptime_ms
    if reading.state not in (BAD, UNREAD):
        assert [one.seq for one in reading.records] == [one.seq for one in found]
    if twice:
        _by_the_document(data, header, found, is_closed)
    return reading


def _by_the_document(data: bytes, header: page.Header, found: list[decoding.Record],
                     is_closed: bool) -> None:
    """Holds what was read against a second reader, made from docs/LOG_FORMAT.md alone."""
    read = second_reader.read_page(data)
    footer = page.read_footer(data)
    mine = [(one.seq, one.kind, one.boot, one.uptime_ms, one.fields) for one in found]
    if footer is not None and footer.flags & page.FLAG_DECAYED and footer_fits(data, footer):
        is_closed = footer.count <= len(mine)  # what lies behind `count` is what decayed
        mine = mine[: footer.count]
    assert (read.log_id, read.first_seq, read.closed) == (header.log_id, header.first_seq, is_closed)
    assert read.records == mine
    if is_closed and footer is not None:
        assert decoding.sealed(data, footer, KEY) == second_reader.sealed(data, KEY)


def fuzz_page(data: bytes) -> None:
    """A page: what a fuzzer's bytes stand for in page_of."""
    read_any_page(page_of(data), fuzzed=True)


def fuzz_frames(data: bytes) -> None:
    """Frames of any bytes, their checks made to fit, in a page of this log."""
    made = bytearray(page.HEADER_BYTES) + data[: page.FOOTER_AT - page.HEADER_BYTES]
    mend_header(made)
    mend_frames(made, len(made))
    read_any_page(bytes(made))


def read_any_frame(data: bytes, seed: int) -> int:
    """Reads the frame at the start of `data`; returns how many records it has, 0: it is none."""
    try:
        length = frames.frame_length(data, 0, len(data), seed)
        if not length:
            return 0
        assert 2 < length <= len(data)
        found = decoding.decode_frame(data, 0, length, Deltas())
    except WireError:
        return 0
    assert len(found) == frames.records_in(data, 0)
    return len(found)


def fuzz_attestation(data: bytes) -> None:
    """A board's word on where its log ends: only one under its key holds."""
    read_any_attestation(data, ATTESTATION.nonce, fuzzed=True)


def read_any_attestation(data: bytes, nonce: bytes, fuzzed: bool = False) -> None:
    """Reads an attestation: it must not hold unless board and nonce are those of the genuine one.

    fuzzed: as of read_any_page.
    """
    try:
        told = decoding.read_attestation(data)
    except WireError:
        return
    assert len(data) == 44 and 0 <= told["used"] < 65536
    if decoding.attested(data, KEY, nonce):
        right = hmac.digest(KEY, b"pumplog attest" + data[:28] + nonce, "sha256")[:16]
        assert (data, nonce) == (ATTESTATION.said, ATTESTATION.nonce) or fuzzed and data[28:] == right, (
            "a changed attestation holds")
