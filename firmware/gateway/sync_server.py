"""Serves the log to one link: record access requests in, packets out; a copy, never a move.

Formats: pumpwire.racp, pumpwire.stream.
"""

from array import array

from micropython import const
from pumpwire import racp, stream
from pumpwire.errors import WireError
from pumpwire.page import FOOTER_AT, FOOTER_BYTES

_MAX_PACKET = const(512)
# A place: slot << 14 | offset << 1 | 1 where its segment's head went with an earlier packet.
_PAGE = const(14)
_OFFSET = const(0x1FFF)


class SyncServer:
    """One link's transfer. `active` while a report runs; to_head: it is to end at the log's head."""

    def __init__(self, log):
        self._log = log
        self._packet = bytearray(_MAX_PACKET)
        self._places = array("I", [0] * stream.WINDOW)  # where each packet in flight begins
        self.active = False

    def request(self, data):
        """Takes a write to the control point; returns the indication to send now, or None."""
        op, seq, last, refusal = racp.read_request(data)
        if refusal:
            return racp.response(op, refusal)
        if op == racp.ABORT:
            self.active = False
            return racp.response(op, racp.SUCCESS)
        if op == racp.COUNT:
            end = min(self._log.next_seq, last + 1)
            return racp.count_response(max(0, end - max(seq, self._log.oldest_seq)))
        if self.active:
            return racp.response(op, racp.BUSY)
        # a report's tag follows its request: that makes 8 or 12 bytes
        return self._start(seq, last, 0 if len(data) & 3 else data[-1])

    def _start(self, seq, last, tag):
        log = self._log
        if log.next_seq == 0 or seq > log.next_seq or last < log.oldest_seq:
            return racp.response(racp.REPORT, racp.NO_RECORDS)
        self._slot, self._offset = log.locate(seq)
        self.to_head = last >= log.next_seq - 1
        self._seq = log.page_at(self._slot)[0]
        self._left = 0  # bytes left of the segment begun, -1 once the stream's end is told
        self._end = 0  # in the page in slot `_last` the report ends, whatever is recorded meanwhile
        if not self.to_head:
            self._last, self._end = log.locate(last + 2)  # not in the middle of a frame of two
        if not self._end:
            self._last = log.head
            _, used, closed = log.page_at(self._last)
            self._end = FOOTER_AT + FOOTER_BYTES if closed else used
        self._tag = tag
        self._index = 0
        self._acked = 0
        self._pending = 0  # length of a packet the link had no room for
        self._size = 0  # of each packet, as the link has it when the first one goes
        if not self._next_span():
            return racp.response(racp.REPORT, racp.NO_RECORDS)
        self.active = True
        return None

    def flow(self, data):
        """Takes a write to FLOW: what the host has, and whether to go back to there."""
        try:
            expected, again, tag = stream.read_flow(data)
        except WireError:
            return
        if not self.active or tag != self._tag:
            return
        ahead = (expected - self._acked) & stream.FLOW_MASK
        if ahead > self._index - self._acked:
            return
        self._acked += ahead
        if again and self._acked < self._index:
            self._index = self._acked
            place = self._places[self._index % stream.WINDOW]
            self._slot = place >> _PAGE
            self._offset = place >> 1 & _OFFSET
            self._seq = min(self._seq, self._log.page_at(self._slot)[0])  # later pages have higher ones
            self._left = 0
            if place & 1:
                self._left = self._overtaken() or self._next_span() or -1
            self._pending = 0

    def pump(self, notify, packet_bytes):
        """Sends while the link has room and the window is open; returns the closing indication.

        notify(packet) -> bool: False when the link has no room, the packet is then kept.
        """
        while self.active:
            if not self._pending:
                if self._left < 0:
                    if self._acked < self._index:
                        return None
                    self.active = False
                    return racp.response(racp.REPORT, racp.SUCCESS)
                if self._index - self._acked >= stream.WINDOW:
                    return None
                if self._overtaken():
                    self.active = False
                    return racp.response(racp.REPORT, racp.NOT_COMPLETED)
                self._size = self._size or min(packet_bytes, _MAX_PACKET)
                self._pending = self._fill()
            if not notify(memoryview(self._packet)[: self._pending]):
                return None
            self._pending = 0
            self._index += 1
        return None

    def _overtaken(self):
        first_seq, used, _ = self._log.page_at(self._slot)
        return used == 0 or first_seq != self._seq

    def _next_span(self):
        """Moves to the next bytes to send; returns how many lie there in one piece, 0 at the end."""
        log = self._log
        while True:
            _, used, closed = log.page_at(self._slot)
            last = self._slot == self._last
            if last:
                used = min(used, self._end)
                closed = self._end > FOOTER_AT
            if self._offset < used:
                return used - self._offset
            if closed and self._offset < FOOTER_AT + FOOTER_BYTES:
                self._offset = max(self._offset, FOOTER_AT)
                return FOOTER_AT + FOOTER_BYTES - self._offset
            following = -1 if last else log.following(self._slot)
            if following < 0:
                return 0
            self._slot = following
            self._seq = log.page_at(following)[0]
            self._offset = 0

    def _fill(self):
        """Builds the next packet; returns its length."""
        packet = self._packet
        self._places[self._index % stream.WINDOW] = (
            self._slot << _PAGE | self._offset << 1 | (1 if self._left else 0)
        )
        at = 1
        end = self._size - 2
        while at < end and self._left >= 0:
            if not self._left:
                if end - at < stream.SEGMENT_HEAD:
                    break
                span = self._next_span()
                packet[at : at + stream.SEGMENT_HEAD] = stream.segment_head(
                    self._seq, self._offset, span
                )
                at += stream.SEGMENT_HEAD
                self._left = span or -1
            n = min(self._left, end - at)
            if n > 0:
                self._log.read(self._slot, self._offset, memoryview(packet)[at : at + n])
                at += n
                self._offset += n
                self._left -= n
        return stream.seal_packet(packet, self._index, self._tag, at)
