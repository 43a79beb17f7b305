"""Frames: every kind and every form, both ways, cut short and corrupted."""

from helpers.on_board.page_maker import PageMaker
from pumpwire import decoding, check, frames, page, records
from pumpwire.deltas import Deltas
from pumpwire.errors import WireError

_MINUTE = (60000, 17, 0)


def _decoded(data):
    header, found, _, error = decoding.decode_page(data)
    assert error is None, error
    assert [r.seq for r in found] == list(range(header.first_seq, header.first_seq + len(found)))
    return [(r.kind, r.uptime_ms, r.fields) for r in found]


def _refused(do):
    try:
        do()
    except WireError:
        return True
    return False


def test_every_kind_round_trips():
    for kind in records.KINDS:
        values = []
        want = {}
        blob = None
        for i, (name, code) in enumerate(records.fields_of(kind)):
            if code == ord("b"):
                blob = want[name] = b"entry bytes"
            else:
                values.append(-i if code == ord("i") else 300 * i)
                want[name] = values[-1]
        maker = PageMaker()
        maker.put(kind, 12345, values, blob)
        assert _decoded(maker.data) == [(kind, 1234500, want)]


def test_differences_start_anew_at_zero_and_go_either_way():
    maker = PageMaker()
    want = []
    for i, level in enumerate((250000, 249900, 249800, 249701, 0, -1, 300000)):
        maker.put(records.RESERVOIR, i * 10, (level, 500 + i))
        want.append((records.RESERVOIR, i * 1000, {"level_ul": level, "se_ul": 500 + i}))
    bolus = [1100, 180300, 1050, 49721, 1, 0, 0, 1000]
    names = [name for name, _ in records.fields_of(records.BOLUS)]
    for i in range(3):
        maker.put(records.BOLUS, 100 + i, bolus)
        want.append((records.BOLUS, 10000 + 100 * i, dict(zip(names, bolus))))
        bolus = [value * 2 for value in bolus]
    assert _decoded(maker.data) == want


def test_steady_minutes_take_three_bytes_and_four_with_the_reservoir():
    maker = PageMaker()
    maker.put(records.MINUTE, 600, _MINUTE)
    maker.put(records.RESERVOIR, 600, (250000, 500))
    sizes = []
    for i in range(2, 12):
        level = (250000 - 17 * i, 500) if i % 5 == 0 else None
        sizes.append(len(maker.put(records.MINUTE, 600 * i, (60000, 17 + (i & 1), 0), None, level)))
    assert sizes == [3, 3, 3, 5, 3, 3, 3, 3, 4, 3]  # the first step of the level is news
    kinds = [kind for kind, _, _ in _decoded(maker.data)]
    assert kinds.count(records.MINUTE) == 11 and kinds.count(records.RESERVOIR) == 3


def test_a_minute_of_any_counts_and_presses_round_trips():
    maker = PageMaker()
    want = []
    counts = 0
    for i in range(140):
        counts = (counts * 31 + i * i) % (1 << (i % 20))
        values = (60000, counts, i % 7 // 4)
        maker.put(records.MINUTE, 600 * (i + 1), values)
        fields = dict(zip(("span_ms", "counts", "presses"), values))
        want.append((records.MINUTE, 60000 * (i + 1), fields))
    assert _decoded(maker.data) == want


def test_what_stands_between_two_minutes_does_not_lengthen_them():
    maker = PageMaker()
    maker.put(records.MINUTE, 600, _MINUTE)
    maker.put(records.DEMAND, 777, (900, records.GIVEN, 0, 0))
    maker.put(records.LOOP, 1200, (3600, 4, 0))
    assert len(maker.put(records.MINUTE, 1200, _MINUTE)) == 3
    assert [at_ms for _, at_ms, _ in _decoded(maker.data)] == [60000, 77700, 120000, 120000]


def test_a_minute_that_is_not_the_usual_one_takes_the_long_form():
    maker = PageMaker()
    maker.put(records.MINUTE, 600, _MINUTE)
    for ticks, values in ((1201, (60100, 17, 0)), (1801, (60100, 17, 0)), (2400, (59900, 17, 0))):
        assert maker.put(records.MINUTE, ticks, values)[0] == records.MINUTE
    assert [f["span_ms"] for _, _, f in _decoded(maker.data)] == [60000, 60100, 60100, 59900]


def test_a_boot_in_a_page_begins_time_and_differences_anew():
    maker = PageMaker(boot=7, base_ticks=5000)
    maker.put(records.MINUTE, 5600, _MINUTE)
    maker.data += bytes(40)  # filler over what a torn write may have touched
    maker.put(records.BOOT, 3, (8, 1, 100))
    maker.put(records.MINUTE, 603, _MINUTE)
    _, found, _, error = decoding.decode_page(maker.data)
    assert error is None
    assert [(r.boot, r.uptime_ms) for r in found] == [(7, 560000), (8, 300), (8, 60300)]
    assert decoding.count_records(maker.data, page.read_header(maker.data)) == (3, len(maker.data))


def test_unknown_kind_is_kept_raw_and_passed_over():
    maker = PageMaker()
    maker.put(records.MINUTE, 600, _MINUTE)
    body = bytes((100, 3, 5)) + b"ab"
    crc = check.frame_check(body, 0, 5, maker.seed)
    maker.data += body + bytes((crc & 255, crc >> 8))
    maker._ticks += 5
    maker._deltas.passed(100, 5)
    maker.put(records.MINUTE, 1200, _MINUTE)
    found = _decoded(maker.data)
    assert found[1] == (100, 60500, {"raw": b"ab"}) and found[2][1] == 120000


def test_a_later_versions_field_is_passed_over_and_an_earlier_ones_lack_is_zero():
    frame = bytearray((records.DEMAND, 6, 1, 9, 2, 1, 1, 77, 0, 0))
    crc = check.frame_check(frame, 0, 8, 9)
    frame[8] = crc & 255
    frame[9] = crc >> 8
    assert decoding.decode_frame(frame, 0, frames.frame_length(frame, 0, 10, 9), Deltas()) == [
        (records.DEMAND, 1, {"ago_ms": 9, "outcome": 2, "reason": 1, "inferred": 1})]
    short = bytearray(records.MAX_FRAME)
    n = frames.encode(short, records.DEMAND, 1, (0, 0, 0, 0), None, 9, Deltas())
    assert n == records.HEAD_BYTES + 1 + records.CHECK_BYTES
    assert decoding.decode_frame(short, 0, n, Deltas())[0][2]["inferred"] == 0


def test_forms_that_no_writer_makes_are_refused():
    def frame(body):
        data = bytearray(body) + bytes(2)
        crc = check.frame_check(data, 0, len(body), 9)
        data[-2] = crc & 255
        data[-1] = crc >> 8
        return data

    for body in (b"\xbf", b"\xbd\x80\x80\x80\x80\x80\x01", b"\x03\xfb", b"\x03"):
        data = frame(body)
        assert _refused(lambda data=data: decoding.decode_frame(
            data, 0, frames.frame_length(data, 0, len(data), 9), Deltas())), body
    first = frame(b"\x80")  # no minute before it
    assert _refused(lambda: decoding.decode_frame(first, 0, 3, Deltas()))
    negative = Deltas()
    negative.since_minute = 0
    fewer = frame(b"\x81")
    assert _refused(lambda: decoding.decode_frame(fewer, 0, 3, negative))
    far = Deltas()
    jump = frame(bytes((records.MINUTE, 7, 1, 0)) + b"\xff\xff\xff\xff\x7f")
    assert _refused(lambda: decoding.decode_frame(jump, 0, len(jump), far))


def test_writing_allocates_nothing():
    try:
        import micropython
        from micropython import heap_lock, heap_unlock
    except ImportError:
        return  # CPython has no heap to lock
    del micropython
    frame = bytearray(records.MAX_FRAME)
    deltas = Deltas()
    header = bytearray(page.HEADER_BYTES)
    minute = [60000, 17, 0]
    level = [250000, 500]
    bolus = [1100, 180300, 1050, 49721, 1, 0, 0, 1000]
    log_id = 0xFEDCBA98
    heap_lock()
    try:
        page.put_header(header, log_id, 77, 3, 100, 5)
        frames.encode(frame, records.MINUTE, 600, minute, None, 77, deltas)
        frames.encode(frame, records.RESERVOIR, 0, level, None, 77, deltas)
        for _ in range(20):
            minute[1] += 170
            level[0] -= 100
            frames.encode_minute(frame, 600, minute, level if deltas.rides(level) else None, 77, deltas)
        frames.encode(frame, records.BOLUS, 60, bolus, None, 77, deltas)
        deltas.reset()
    finally:
        heap_unlock()
    assert page.read_prefix(header) == (page.VERSION, log_id, 77)


def test_no_frame_ends_in_an_erased_byte():
    """So none passes of whose last byte nothing was written, none that a torn length makes longer."""
    frame = bytearray(records.MAX_FRAME)
    deltas = Deltas()
    would = 0
    for seed in range(0, 65536, 37):
        deltas.reset()
        deltas.since_minute = 0
        n = frames.encode_minute(frame, 600, _MINUTE, None, seed, deltas)
        assert frame[n - 1] != 0xFF and frames.frame_length(frame, 0, n, seed) == n
        would += check.crc16(frame, 0, n - 2, seed) >= 0xFF00
        n = frames.encode(frame, records.DEMAND, 5, (900, 2, 1, 1), None, seed, deltas)
        assert frame[n - 1] != 0xFF and frames.frame_length(frame, 0, n, seed) == n
        frame[n - 1] = 0xFF
        assert _refused(lambda n=n, seed=seed: frames.frame_length(frame, 0, n, seed))
    assert would > 2


def test_no_write_of_a_minute_that_power_cut_short_is_taken_for_a_good_one():
    """Every minute of a byte, with every set of bits that may have been left at 1 (16 checks each)."""
    for seed in (0x1234, 0xBEEF):
        for first in range(0x80, 0xBD, 3):
            made = bytearray((first, 0, 0))
            whole = check.frame_check(made, 0, 1, seed)
            for torn in range(first, 0xBD):
                if torn & first != first:
                    continue
                made[0] = torn
                there = check.frame_check(made, 0, 1, seed)
                # a check that this torn byte would need, and that the torn one can have become?
                assert there == whole and torn == first or there & whole != whole, (first, torn)
