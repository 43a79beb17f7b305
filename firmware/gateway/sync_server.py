"""Serves the log to one link: record access requests in, packets out; a copy, never a move.

Formats: pumpwire.racp, pumpwire.stream.
"""

from array import array

from micropython import const
from pumpwire import racp, stream
from pumpwire.errors import WireError
from pumpwire.page import FOOTER_AT, FOOTER_BYTES

_MAX_PACKET = const(512)


class SyncServer:
    """One link's transfer. `active` while a report runs; to_head: it is to end at the log's head."""

    def __init__(self, log):
        self._log = log
        self._packet = bytearray(_MAX_PACKET)
        self._slots = array("h", [0] * stream.WINDOW)  # where each packet in flight begins
        self._offsets = array("H", [0] * stream.WINDOW)
        self._lefts = array("H", [0] * stream.WINDOW)
        self._seqs = array("I", [0] * stream.WINDOW)
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
        return self._start(seq, last)

    def _start(self, seq, last):
        log = self._log
        if log.next_seq == 0 or seq > log.next_seq or last < log.oldest_seq:
            return racp.response(racp.REPORT, racp.NO_RECORDS)
        self._slot, self._offset = log.locate(seq)
        self._last = self._last_used = 0  # the slot and offset where a range ends, offset 0: at the head
        self.to_head = last >= log.next_seq - 1
        if not self.to_head:
            self._last, self._last_used = log.locate(last + 2)  # not in the middle of a frame of two
        self._seq = log.page_at(self._slot)[0]
        self._left = 0  # bytes left of the segment begun
        self._index = 0
        self._acked = 0
        self._end = -1  # index behind the last packet, once known
        self._pending = 0  # length of a packet the link had no room for
        if self._exhausted():
            return racp.response(racp.REPORT, racp.NO_RECORDS)
        self.active = True
        return None

    def flow(self, data):
        """Takes a write to FLOW: what the host has, and whether to go back to there."""
        try:
            expected, again = stream.read_flow(data)
        except WireError:
            return
        if not self.active:
            return
        ahead = (expected - self._acked) & stream.INDEX_MASK
        if ahead > self._index - self._acked:
            return
        self._acked += ahead
        if again and self._acked < self._index:
            self._index = self._acked
            k = self._index % stream.WINDOW
            self._slot, self._offset = self._slots[k], self._offsets[k]
            self._left, self._seq = self._lefts[k], self._seqs[k]
            self._end = -1
            self._pending = 0

    def pump(self, notify, packet_bytes):
        """Sends while the link has room and the window is open; returns the closing indication.

        notify(packet) -> bool: False when the link has no room, the packet is then kept.
        """
        while self.active:
            if self._end >= 0:
                if self._acked < self._end:
                    return None
                self.active = False
                return racp.response(racp.REPORT, racp.SUCCESS)
            if not self._pending:
                if self._index - self._acked >= stream.WINDOW:
                    return None
                if self._overtaken():
                    self.active = False
                    return racp.response(racp.REPORT, racp.NOT_COMPLETED)
                self._pending = self._fill(min(packet_bytes, _MAX_PACKET))
                if not self._pending:
                    self._end = self._index
                    continue
            if not notify(memoryview(self._packet)[: self._pending]):
                return None
            self._pending = 0
            self._index += 1
        return None

    def _overtaken(self):
        first_seq, used, _ = self._log.page_at(self._slot)
        return used == 0 or first_seq != self._seq

    def _exhausted(self):
        offset = self._offset
        used, closed, following = self._look()
        if offset < used or closed and offset < FOOTER_AT + FOOTER_BYTES:
            return False
        return following < 0

    def _look(self):
        """Returns (bytes used, closed, next slot) of the page in hand, as far as they are wanted."""
        log = self._log
        _, used, closed = log.page_at(self._slot)
        if self._last_used and self._slot == self._last:
            return self._last_used, False, -1
        return used, closed, log.following(self._slot)

    def _next_span(self):
        """Moves to the next bytes to send; returns how many lie there in one piece, 0 at the head."""
        log = self._log
        while True:
            used, closed, following = self._look()
            if self._offset < used:
                return used - self._offset
            if closed and self._offset < FOOTER_AT + FOOTER_BYTES:
                self._offset = max(self._offset, FOOTER_AT)
                return FOOTER_AT + FOOTER_BYTES - self._offset
            if following < 0:
                return 0
            self._slot = following
            self._seq = log.page_at(following)[0]
            self._offset = 0

    def _fill(self, packet_bytes):
        """Builds the next packet; returns its length, 0 when the head is reached."""
        packet = self._packet
        k = self._index % stream.WINDOW
        self._slots[k], self._offsets[k] = self._slot, self._offset
        self._lefts[k], self._seqs[k] = self._left, self._seq
        at = 2
        end = packet_bytes - 2
        while at < end:
            if not self._left:
                if end - at <= stream.SEGMENT_HEAD:
                    break
                span = self._next_span()
                if not span:
                    break
                packet[at : at + stream.SEGMENT_HEAD] = stream.segment_head(
                    self._seq, self._offset, span
                )
                at += stream.SEGMENT_HEAD
                self._left = span
            n = min(self._left, end - at)
            self._log.read(self._slot, self._offset, memoryview(packet)[at : at + n])
            at += n
            self._offset += n
            self._left -= n
        return stream.seal_packet(packet, self._index & stream.INDEX_MASK, at) if at > 2 else 0
