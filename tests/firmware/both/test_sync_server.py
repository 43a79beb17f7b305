"""The transfer: what arrives is what lies on flash, whatever gets lost on the way."""

import struct

from helpers.on_board import dice

from gateway.clock import Uptime
from gateway.event_log import EventLog
from gateway.sync_server import SyncServer
from helpers.on_board.nor import Nor, random
from pumpwire import receiving, decoding, racp, records, stream
from pumpwire.errors import WireError


def _filled(n):
    flash = Nor(8)
    log = EventLog(flash, Uptime(), random)
    log.mount(1, 10000)
    _more(log, n)
    return flash, log


def _more(log, n):
    for i in range(n):
        log.values[0] = 60000
        log.values[1] = i
        log.values[2] = 0
        log.append(records.MINUTE)


class Host:
    """Puts pages together as the host does; loses a share of packets."""

    def __init__(self, loss):
        self.loss = loss
        self.expected = 0
        self.reader = receiving.SegmentReader()
        self.pages = {}

    def take(self, packet):
        if dice.chance(self.loss):
            return
        index, body = receiving.open_packet(bytes(packet), self.expected)
        if index != self.expected:
            return
        self.expected += 1
        for first_seq, offset, piece in self.reader.feed(body):
            held = self.pages.setdefault(first_seq, bytearray(b"\xff" * 4096))
            held[offset : offset + len(piece)] = piece

    def seqs(self):
        out = []
        for first in sorted(self.pages):
            _, found, closed, _ = decoding.decode_page(self.pages[first])
            out += [r.seq for r in found]
        return out


def _transfer(log, host, packet_bytes, seq=0, busy=0, during=None, request=None):
    server = SyncServer(log)
    assert server.request(request or receiving.report_from(seq)) is None
    sent = []

    def notify(packet):
        if dice.chance(busy):
            return False
        sent.append(bytes(packet))
        return True

    for turn in range(20000):
        answer = server.pump(notify, packet_bytes)
        if answer is not None:
            return answer
        for packet in sent:
            host.take(packet)
        sent.clear()
        if during is not None and turn % 7 == 0:
            during()
        server.flow(receiving.flow(host.expected, True))
    raise AssertionError("the transfer does not end")


def test_whole_log_at_every_packet_size():
    flash, log = _filled(900)
    for packet_bytes in (20, 244, 495):
        host = Host(0)
        assert _transfer(log, host, packet_bytes) == racp.response(racp.REPORT, racp.SUCCESS)
        assert host.seqs() == list(range(log.next_seq))
        for slot in range(flash.pages):
            first, used, _ = log.page_at(slot)
            if used:
                lies = bytearray(4096)
                flash.read(slot, 0, lies)
                assert host.pages[first] == lies


def test_losses_full_buffers_and_records_meanwhile():
    dice.seed(3)
    _, log = _filled(700)
    host = Host(0.2)
    added = []

    def during():
        if len(added) < 50:
            added.append(1)
            _more(log, 1)

    assert _transfer(log, host, 244, 0, 0.5, during)[3] == racp.SUCCESS
    again = Host(0.05)
    _transfer(log, again, 100)
    assert again.seqs() == list(range(log.next_seq))
    assert host.seqs() == list(range(len(host.seqs()))) and len(host.seqs()) >= 700


def test_resume_sends_only_what_is_new():
    _, log = _filled(300)
    first = Host(0)
    _transfer(log, first, 244)
    _more(log, 40)
    then = Host(0)
    then.pages = first.pages
    _transfer(log, then, 244, 300)
    assert then.seqs() == list(range(341))
    assert then.expected * 240 < 40 * 14 + 300


def _sent(server, packet_bytes):
    """Returns what the server sends until it waits for the host."""
    out = []

    def notify(packet):
        out.append(bytes(packet))
        return True

    assert server.pump(notify, packet_bytes) is None
    return out


def test_a_packet_sent_again_is_the_same_whatever_was_recorded_meanwhile():
    _, log = _filled(290)
    server = SyncServer(log)
    server.request(receiving.report_from(0))
    first = _sent(server, 244)
    assert len(first) < stream.WINDOW  # the whole report
    log.service()
    for n in (1, 30, 600):  # within the page, into the next, over several
        _more(log, n)
        log.service()
        server.flow(receiving.flow(0, True))
        assert _sent(server, 244) == first
    host = Host(0)
    for packet in first:
        host.take(packet)
    assert host.reader.ended and host.seqs() == list(range(291))


def test_a_link_that_grows_in_the_middle_changes_no_packet():
    _, log = _filled(290)
    server = SyncServer(log)
    server.request(receiving.report_from(0))
    first = _sent(server, 100)
    server.flow(receiving.flow(0, True))
    assert _sent(server, 244) == first


def test_flow_of_another_report_or_of_long_ago_moves_nothing():
    _, log = _filled(900)
    server = SyncServer(log)
    server.request(receiving.report_from(0, 5))
    assert len(_sent(server, 60)) == stream.WINDOW
    for stale in (receiving.flow(10, False, 4), receiving.flow(10, True), b"\x0a\x00\x01",
                  receiving.flow(65, False, 5), receiving.flow(65536 - 1, True, 5)):
        server.flow(stale)
        assert not _sent(server, 60)
    server.flow(receiving.flow(10, False, 5))
    assert len(_sent(server, 60)) == 10
    server.flow(receiving.flow(9, True, 5))  # said before the last, and late
    assert not _sent(server, 60)


def test_what_an_aborted_report_left_on_its_way_is_not_taken_for_the_next():
    _, log = _filled(900)
    server = SyncServer(log)
    server.request(receiving.report_from(0, 5))
    stale = _sent(server, 244)
    assert server.request(receiving.abort())[3] == racp.SUCCESS
    server.request(receiving.report_from(0, 6))
    fresh = _sent(server, 244)
    for expected in range(len(stale)):
        assert stale[expected][:-2] == fresh[expected][:-2]  # but for the check nothing tells them apart
        for at in range(len(stale)):
            try:
                receiving.open_packet(stale[at], expected, 6)
                raise AssertionError("taken")
            except WireError:
                pass
        assert receiving.open_packet(fresh[expected], expected, 6)[0] == expected


def _asked(op, operator, *seqs):
    return struct.pack("<BBB%dI" % len(seqs), op, operator, racp.BY_SEQ, *seqs)


def test_ranges_one_after_the_other_are_the_whole_log():
    _, log = _filled(3000)
    second = log.page_at(1)[0]
    host = Host(0)
    first = 0
    for last in (0, 20, second - 2, second - 1, second, 2 * second + 9, 2998, 2999, racp.NO_END):
        host.expected, host.reader = 0, receiving.SegmentReader()
        assert _transfer(log, host, 244, request=_asked(1, 4, first, last))[3] == racp.SUCCESS
        seqs = host.seqs()
        assert seqs == list(range(len(seqs))), last
        assert seqs[-1] in (last, last + 1) or last == racp.NO_END and seqs[-1] == 3000
        first = last + 1


def test_counts_and_refusals_of_ranges():
    _, log = _filled(3000)
    server = SyncServer(log)
    assert server.request(_asked(4, 4, 5, 14)) == racp.count_response(10)
    assert server.request(_asked(4, 4, 2990, racp.NO_END)) == racp.count_response(11)
    assert server.request(_asked(4, 4, 5000, 6000)) == racp.count_response(0)
    assert server.request(_asked(1, 4, 9, 8))[3] == racp.BAD_OPERAND
    assert server.request(_asked(1, 4, 5000, 6000))[3] == racp.NO_RECORDS


def test_a_range_of_what_the_ring_gave_up_has_no_records():
    _, log = _filled(12000)
    assert log.oldest_seq > 10
    server = SyncServer(log)
    assert server.request(_asked(1, 4, 0, log.oldest_seq - 1))[3] == racp.NO_RECORDS
    assert server.request(_asked(4, 4, 0, log.oldest_seq - 1)) == racp.count_response(0)
    assert server.request(_asked(1, 4, 0, log.oldest_seq)) is None


def test_count_abort_busy_and_refusals():
    _, log = _filled(100)
    server = SyncServer(log)
    assert server.request(receiving.count_from(40)) == racp.count_response(61)
    assert server.request(receiving.count_from(400)) == racp.count_response(0)
    assert server.request(receiving.report_from(0)) is None
    assert server.request(receiving.report_from(0)) == racp.response(racp.REPORT, racp.BUSY)
    assert server.request(receiving.abort()) == racp.response(racp.ABORT, racp.SUCCESS)
    assert not server.active
    for request, code in (
        (b"\x02\x01", racp.NO_SUCH_OP), (b"\x09\x01", racp.NO_SUCH_OP), (b"\x01\x00", racp.BAD_OPERATOR),
        (b"\x01\x07", racp.BAD_OPERATOR), (b"\x03\x01", racp.BAD_OPERATOR),
        (b"\x01\x02\x01\0\0\0\0", racp.NO_SUCH_OPERATOR), (b"\x04\x05", racp.NO_SUCH_OPERATOR),
        (b"\x01\x06", racp.NO_SUCH_OPERATOR), (b"\x01\x03", racp.NO_SUCH_OPERAND),
        (b"\x01\x03\x02\0\0\0\0", racp.NO_SUCH_OPERAND), (b"\x01\x03\x01\0\0\0", racp.BAD_OPERAND),
        (b"\x01\x01\x01", racp.BAD_OPERAND), (b"\x01\x04\x01\0\0\0\0", racp.BAD_OPERAND),
    ):
        assert server.request(request) == racp.response(request[0], code), request
    assert server.request(b"\x01") == racp.response(0, racp.BAD_OPERATOR)
    assert server.request(receiving.report_from(5000))[3] == racp.NO_RECORDS


def test_random_writes_never_raise():
    dice.seed(5)
    _, log = _filled(20)
    server = SyncServer(log)
    for _ in range(2000):
        data = bytes([dice.bits(8) for _ in range(dice.bits(3))])
        server.request(data)
        server.flow(data)
        server.pump(lambda packet: True, 60)
