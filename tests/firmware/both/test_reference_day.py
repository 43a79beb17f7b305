"""The reference day: its pages' bytes are those of the vector, and hold every event of it."""

import binascii
import hashlib

from helpers.on_board.places import VECTORS
from helpers.on_board import reference_day
from helpers.on_board.day_log import KEY, DayLog
from pumpwire import decoding, page, records

FOLDER = VECTORS + "/reference_day/"


def _events():
    with open(FOLDER + "days.txt") as file:
        return next(reference_day.read(file))[1]


def _vector():
    """Returns (programs, the SHA-256 of the pages that they make)."""
    programs = []
    digest = None
    with open(FOLDER + "pages.hex") as file:
        for line in file:
            words = line.split()
            if words[0] != "#":
                programs.append((int(words[0]), int(words[1]), binascii.unhexlify(words[2])))
            elif len(words) == 2:
                digest = words[1]
    return programs, digest


def _pages(programs):
    """Returns the pages as flash holds them after these program operations, the open one cut short."""
    found = []
    for number, offset, data in programs:
        while number >= len(found):
            found.append(bytearray(b"\xff" * 4096))
        found[number][offset : offset + len(data)] = data
        if offset:
            used = offset + len(data)
    while found[-1][page.PREFIX_BYTES] == records.ERASED:
        found.pop()  # a slot made ready for the next page
    found[-1] = found[-1][:used]
    return found


def test_the_day_has_its_make_up():
    kinds = [kind for _, kind, _ in _events()]
    assert len(kinds) == reference_day.EVENTS == 1748
    assert kinds.count(records.MINUTE) == 1440 and kinds.count(records.RESERVOIR) == 288
    assert kinds.count(records.BOLUS) + kinds.count(records.DEMAND) == 20
    assert kinds.count(records.DEMAND) > 0


def test_its_events_are_written_as_the_vectors_bytes():
    programs, digest = _vector()
    log = DayLog(_events())
    assert log.programs == programs
    assert log.pages == [bytes(data) for data in _pages(programs)]
    whole = hashlib.sha256(b"".join(log.pages)).digest()
    assert binascii.hexlify(whole).decode() == digest


def test_the_vectors_bytes_hold_every_event_bit_for_bit():
    events = _events()
    seq = 0
    found = []
    pages = _pages(_vector()[0])
    for data in pages:
        header, decoded, closed, error = decoding.decode_page(data)
        assert error is None and header.first_seq == seq and closed == (data is not pages[-1])
        if closed:
            assert decoding.sealed(data, page.read_footer(data), KEY)
        for record in decoded:
            assert record.seq == seq
            seq += 1
            values = tuple([record.fields[name] for name, _ in records.fields_of(record.kind)])
            found.append((record.uptime_ms // 100, record.kind, values))
    assert found[0][1] == records.BOOT and found[1:] == events


def test_one_program_operation_holds_a_minute_and_its_reservoir():
    events = _events()
    frames = [p for p in _vector()[0] if page.HEADER_BYTES <= p[1] < page.FOOTER_AT]
    # Besides BOOT: reservoirs whose standard error changed, in a frame of their own.
    alone = len(frames) - 1 - len(reference_day.steps(events))
    assert 0 <= alone < 20
