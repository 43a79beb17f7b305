"""A host on the cable: the line is slow, and must not hold the ticks up."""

from gateway.serial_peer import SerialPeer
from pumpwire import serial_frame


class Port:
    def __init__(self, arrives):
        self.arrives = arrives
        self.sent = []

    def read(self):
        return self.arrives.pop(0) if self.arrives else None

    def write(self, data):
        self.sent.append(bytes(data))


class Handler:
    def __init__(self):
        self.writes = []

    def written(self, peer, channel, data):
        self.writes.append((channel, data))

    def read(self, peer, channel):
        return b"value" if channel == 1 else None


def test_writes_and_reads_come_through_however_cut():
    wire = bytes(serial_frame.wrap(3, b"hello") + serial_frame.wrap(1 | serial_frame.READ_REQUEST, b"")
                 + serial_frame.wrap(9 | serial_frame.READ_REQUEST, b""))
    port = Port([wire[:7], wire[7:8], wire[8:]])
    handler = Handler()
    SerialPeer(port, handler).service()
    assert handler.writes == [(3, b"hello")]
    assert port.sent == [bytes(serial_frame.wrap(1, b"value"))]


def test_a_pass_sends_two_frames_and_the_next_pass_two_more():
    port = Port([])
    peer = SerialPeer(port, Handler())
    for sent in (2, 4, 6):
        peer.service()
        assert [peer.notify(4, b"x" * 256) for _ in range(5)] == [True, True, False, False, False]
        assert len(port.sent) == sent
    assert not peer.indicate(3, b"y")
