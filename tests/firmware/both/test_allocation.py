"""A tick allocates nothing: the heap is locked over each, on the real sampler, tracker and log.

(Frames of large functions do not count: where the heap is locked, MicroPython puts them on the stack,
else on the heap until they return. Only ticks that write a record have such: 420 bytes on 32 bits.)
"""

import sys

from helpers.on_board.desk_board import DeskBoard
from helpers.on_board.locked_run import LOCKS, raises_memory_error, run
from pumpwire import commands, decoding, page, receiving, records, serial_frame, uuids
from pumpwire.errors import WireError
from pumpwire.units import TICKS_WRAP

TWELVE_HOURS = 12 * 3600 * 10  # ticks


def _records(flash):
    data = bytearray(page.PAGE_BYTES)
    out = []
    for slot in range(flash.pages):
        flash.read(slot, 0, data)
        try:
            out += decoding.decode_page(data)[1]
        except WireError:
            pass
    return out


def test_no_tick_allocates_whatever_it_records():
    board = DeskBoard(TWELVE_HOURS, begin_ms=TICKS_WRAP - 3600000)  # its clock wraps in the second hour
    run(board)
    answers = []
    for answer in board.answers:
        answers += serial_frame.FrameReader().feed(answer)
    assert [channel for channel, _ in answers] == [uuids.COMMAND] * 5
    assert [receiving.read_response(body)[2] for _, body in answers] == [commands.OK] * 5
    found = _records(board.flash)
    kinds = {record.kind for record in found}
    assert kinds >= {records.MINUTE, records.DEMAND, records.BOLUS, records.RESERVOIR, records.PUMP,
                     records.BAG, records.GAP, records.LOST}, kinds
    outcomes = {r.fields["outcome"] for r in found if r.kind == records.DEMAND}
    assert outcomes >= {records.GIVEN, records.DENIED}
    sources = {r.fields["source"] for r in found if r.kind == records.BOLUS}
    assert sources >= {records.PATIENT, records.CLINICIAN}
    assert board.flash.erases >= board.flash.pages  # the log went round its ring


def test_a_tick_that_allocates_is_found_out():
    data = bytearray(8)
    numbers = [TICKS_WRAP - 1]
    for spoil in (lambda: [1], lambda: data[2:4], lambda: memoryview(data)[2:4],
                  lambda: numbers[0] / 7, lambda: "%d" % numbers[0], lambda: data.append):
        assert not LOCKS or raises_memory_error(DeskBoard(10, spoil=spoil))
    for spoil in (lambda: numbers[0] - 1, lambda: data[2], lambda: None):
        assert not raises_memory_error(DeskBoard(10, spoil=spoil))


def test_an_int_of_2_to_the_30th_is_found_out_on_32_bits():
    numbers = [TICKS_WRAP - 1]
    board = DeskBoard(10, spoil=lambda: numbers[0] + 1)
    assert raises_memory_error(board) == (sys.maxsize < 1 << 32)
