"""The formats, both ways, cut short and corrupted."""

from helpers.on_board.page_maker import PageMaker
from pumpwire import (
    receiving, decoding, check, commands, entries, page, racp, records, serial_frame, stream, varint,
)
from pumpwire.errors import WireError
from pumpwire.hmac import hmac_sha256


_KEY = b"k" * 32


def _page(count):
    maker = PageMaker()
    for i in range(count):
        maker.put(records.MINUTE, 600 * (i + 1), (60000, i * 37, i & 3))
    return maker


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


def test_page_cut_anywhere_gives_its_first_records():
    data = _page(6).data
    whole = decoding.decode_page(data)[1]
    for n in range(page.HEADER_BYTES, len(data)):
        found = decoding.decode_page(data[:n])[1]
        assert [(r.seq, r.uptime_ms, r.fields) for r in found] == [
            (r.seq, r.uptime_ms, r.fields) for r in whole[: len(found)]
        ]


def test_no_flipped_bit_in_a_page_passes():
    data = _page(4).data
    whole = [(r.seq, r.fields) for r in decoding.decode_page(data)[1]]
    for at in range(len(data)):
        for bit in range(8):
            data[at] ^= 1 << bit
            try:
                _, found, _, error = decoding.decode_page(data)
                assert [(r.seq, r.fields) for r in found] == whole[: len(found)]
                assert error is not None or len(found) < len(whole)
            except WireError:
                pass
            data[at] ^= 1 << bit


def test_closed_page_its_check_sum_and_its_seal():
    data = bytearray(_page(3).closed(9, page.FLAG_REFUSED, b"previous", _KEY))
    _, found, closed, error = decoding.decode_page(data)
    assert closed and error is None and len(found) == 3
    footer = page.read_footer(data)
    assert (footer.count, footer.key_id, footer.flags) == (3, 9, page.FLAG_REFUSED)
    assert bytes(footer.previous) == b"previous"
    assert decoding.sealed(data, footer, _KEY)
    assert not decoding.sealed(data, footer, b"another key")
    for at in list(range(footer.used)) + list(range(page.FOOTER_AT, 4096)):
        data[at] ^= 16
        try:
            _, _, closed, error = decoding.decode_page(data)
            assert error is not None and not closed or at >= 4080
        except WireError:
            assert at < page.HEADER_BYTES
        changed = page.read_footer(data)
        assert not decoding.sealed(data, changed, _KEY)
        data[at] ^= 16


def test_hmac_is_that_of_rfc_4231():
    assert hmac_sha256(b"Jefe", b"what do ya want ", b"for nothing?") == bytes.fromhex(
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    long_key = hmac_sha256(b"\xaa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First")
    assert long_key[:4] == b"\x60\xe4\x31\x59"


def test_newer_page_is_refused_by_version():
    data = bytearray(_page(1).data)
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
    reader = receiving.SegmentReader()
    out = []
    data = stream.segment_head(7, 32, 5) + b"hello" + stream.segment_head(9, 0, 2) + b"ok"
    for i in range(len(data)):
        out += reader.feed(data[i : i + 1])
    assert b"".join([p[2] for p in out if p[0] == 7]) == b"hello"
    assert out[0] == (7, 32, b"h") and out[-1] == (9, 1, b"k")


def test_the_stream_says_where_it_ends():
    reader = receiving.SegmentReader()
    data = stream.segment_head(7, 32, 5) + b"hello" + stream.segment_head(7, 37, 0)
    for i in range(len(data)):
        assert not reader.ended
        reader.feed(data[i : i + 1])
    assert reader.ended
    try:
        reader.feed(b"?")
        raise AssertionError()
    except WireError:
        pass


def _packet(index, tag=0, data=b"data"):
    packet = bytearray(20)
    packet[1 : 1 + len(data)] = data
    return bytes(packet[: stream.seal_packet(packet, index, tag, 1 + len(data))])


def _taken(packet, expected, tag=0):
    """Returns the index that a packet is taken for, None: it is not taken for any."""
    try:
        return receiving.open_packet(packet, expected, tag)[0]
    except WireError:
        return None


def test_packets_are_checked():
    packet = _packet(65535)
    assert receiving.open_packet(packet, 65530) == (65535, b"data")
    for at in range(len(packet)):
        bad = bytearray(packet)
        bad[at] ^= 4
        assert _taken(bad, 65535) is None
        assert _taken(packet[:at], 65535) is None


def test_without_a_tag_the_check_is_the_plain_crc():
    packet = _packet(5)
    assert check.crc16(packet, 0, 5) == packet[5] | packet[6] << 8


def test_a_packet_within_the_window_is_found_from_its_byte():
    for expected in (0, 1, 63, 64, 127, 128, 255, 256, 300, 70000):
        for index in range(max(0, expected - stream.WINDOW), expected + stream.WINDOW):
            assert _taken(_packet(index), expected) == index


def test_a_packet_of_another_place_or_report_is_never_taken():
    """The same byte, the same data: a multiple of 256 packets away, or under another tag."""
    packet = _packet(300, 9)
    for expected in range(300 % 256, 65536, 256):
        assert _taken(packet, expected, 9) == (300 if expected == 300 else None)
    for tag in range(256):
        for expected in (44, 300, 556):
            assert (_taken(packet, expected, tag) == 300) == (tag == 9 and expected == 300)


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
    assert receiving.read_response(commands.response(3, 9, 1, b"y")) == (3, 9, 1, b"y")
    assert racp.read_request(receiving.report_from(42)) == (racp.REPORT, 42, racp.NO_END, 0)
    assert receiving.report_from(42) == b"\x01\x03\x01\x2a\x00\x00\x00"
    tagged = receiving.report_from(42, 5)
    assert tagged == receiving.report_from(42) + b"\x05"
    assert racp.read_request(tagged) == (racp.REPORT, 42, racp.NO_END, 0)
    ranged = b"\x01\x04\x01\x05\x00\x00\x00\x09\x00\x00\x00"
    assert racp.read_request(ranged) == racp.read_request(ranged + b"\x05") == (racp.REPORT, 5, 9, 0)
    for bad in (receiving.count_from(42) + b"\x05", tagged + b"\x05", ranged + b"\x05\x05", ranged[:10]):
        assert racp.read_request(bad)[3] == racp.BAD_OPERAND
    assert racp.read_request(b"\x02\x01")[3] == racp.NO_SUCH_OP
    assert racp.read_request(b"\x01\x02\x01")[3] == racp.NO_SUCH_OPERATOR
    assert receiving.read_answer(racp.count_response(70000)) == (racp.COUNT, 1, 70000)
