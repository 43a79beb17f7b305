"""The formats, both ways, cut short and corrupted."""

from pumpwire import check, commands, entries, page, racp, records, serial_frame, stream, varint
from pumpwire.errors import WireError


def _page(count):
    data = bytearray(page.build_header(5, 100, 1, 0, 0, 0))
    header = page.read_header(data)
    frame = bytearray(records.MAX_FRAME)
    for i in range(count):
        n = records.encode(frame, records.MINUTE, 60000, (60000, i * 37, i & 3), None, header.seed)
        data += frame[:n]
    return data


def test_crc16_is_ccitt_false():
    assert check.crc16(b"123456789", 0, 9) == 0x29B1


def test_varints_round_trip_and_refuse():
    for value in (0, 1, 127, 128, 16383, 16384, (1 << 30) - 1):
        buf = bytearray(6)
        end = varint.put_uint(buf, 0, value)
        assert varint.get_uint(buf, 0, end) == (value, end)
        assert varint.unfold(varint.fold(value)) == value
        assert varint.unfold(varint.fold(-value)) == -value
    for bad in (b"", b"\x80", b"\x80\x00", b"\x80\x80\x80\x80\x80\x01"):
        try:
            varint.get_uint(bad, 0, len(bad))
            raise AssertionError(bad)
        except WireError:
            pass


def test_every_kind_round_trips():
    frame = bytearray(records.MAX_FRAME)
    for kind in records.KINDS:
        fields = records.fields_of(kind)
        values = []
        want = {}
        blob = None
        for i, (name, code) in enumerate(fields):
            if code == ord("b"):
                blob = want[name] = b"entry bytes"
            else:
                values.append(-i if code == ord("i") else 300 * i)
                want[name] = values[-1]
        n = records.encode(frame, kind, 12345, values, blob, 0x1234)
        assert records.frame_length(frame, 0, n, 0x1234) == n
        assert records.decode(frame, 0, n) == (kind, 12345, want)


def test_unknown_kind_is_kept_raw():
    frame = bytearray(b"\xc8\x03\x05ab\0\0")
    crc = check.crc16(frame, 0, 5, 9)
    frame[5] = crc & 255
    frame[6] = crc >> 8
    assert records.decode(frame, 0, records.frame_length(frame, 0, 7, 9))[2] == {"raw": b"ab"}


def test_page_cut_anywhere_gives_its_first_records():
    data = _page(6)
    whole = page.decode_page(data)[1]
    for n in range(page.HEADER_BYTES, len(data)):
        found = page.decode_page(data[:n])[1]
        assert [(r.seq, r.uptime_ms, r.fields) for r in found] == [
            (r.seq, r.uptime_ms, r.fields) for r in whole[: len(found)]
        ]


def test_no_flipped_bit_in_a_page_passes():
    data = _page(4)
    whole = [(r.seq, r.fields) for r in page.decode_page(data)[1]]
    for at in range(len(data)):
        for bit in range(8):
            data[at] ^= 1 << bit
            try:
                _, found, _, error = page.decode_page(data)
                assert [(r.seq, r.fields) for r in found] == whole[: len(found)]
                assert error is not None or len(found) < len(whole)
            except WireError:
                pass
            data[at] ^= 1 << bit


def test_closed_page_and_its_seal():
    data = _page(3)
    used = len(data)
    data += b"\xff" * (4096 - used)
    data[page.FOOTER_AT :] = page.build_footer(data, used, 3)
    _, found, closed, error = page.decode_page(data)
    assert closed and error is None and len(found) == 3
    data[page.FOOTER_AT + 5] ^= 1
    assert page.decode_page(data)[3] is not None


def test_newer_page_is_refused_by_version():
    data = bytearray(_page(1))
    data[2] = 9
    crc = check.crc16(data, 0, 14)
    data[14] = crc & 255
    data[15] = crc >> 8
    assert page.read_prefix(data) == (9, 5, 100)
    try:
        page.read_header(data)
        raise AssertionError()
    except WireError as error:
        assert "version 9" in str(error)


def test_segments_fed_byte_by_byte():
    reader = stream.SegmentReader()
    out = []
    data = stream.segment_head(7, 32, 5) + b"hello" + stream.segment_head(9, 0, 2) + b"ok"
    for i in range(len(data)):
        out += reader.feed(data[i : i + 1])
    assert b"".join([p[2] for p in out if p[0] == 7]) == b"hello"
    assert out[0] == (7, 32, b"h") and out[-1] == (9, 1, b"k")


def test_packets_are_checked():
    packet = bytearray(20)
    packet[2:6] = b"data"
    n = stream.seal_packet(packet, 65535, 6)
    assert stream.open_packet(bytes(packet[:n])) == (65535, b"data")
    for at in range(n):
        bad = bytearray(packet[:n])
        bad[at] ^= 4
        try:
            stream.open_packet(bad)
            raise AssertionError()
        except WireError:
            pass


def test_serial_frames_survive_noise_and_never_hold_an_interrupt():
    body = bytes(range(256))
    wire = bytes(serial_frame.wrap(4, body))
    assert 3 not in wire
    reader = serial_frame.FrameReader()
    out = []
    for byte in b">>> print(1)\r\n" + wire + b"junk" + wire:
        out += reader.feed(bytes((byte,)))
    assert out == [(4, body), (4, body)] and reader.damaged == 2


def test_entries_commands_and_requests_round_trip():
    data = entries.pack(b"u" * 16, b"AB", 1, 2, 3, entries.BAG, (4, 5, 6))
    assert entries.unpack(data)[6] == {"morphine_ug": 4, "bupivacaine_ug": 5, "volume_ul": 6}
    assert commands.read_request(commands.request(3, 9, 123456, b"x")) == (3, 9, 123456, b"x")
    assert commands.read_response(commands.response(3, 9, 1, b"y")) == (3, 9, 1, b"y")
    assert racp.read_request(racp.report_from(42)) == (racp.REPORT, 42, 0)
    assert racp.report_from(42) == b"\x01\x03\x01\x2a\x00\x00\x00"
    assert racp.read_request(b"\x02\x01")[2] == racp.NO_SUCH_OP
    assert racp.read_request(b"\x01\x04\x01")[2] == racp.NO_SUCH_OPERATOR
    assert racp.read_response(racp.count_response(70000)) == (racp.COUNT, 1, 70000)
