"""The packets of a pull: put in order, asked for again where they are lost, handed to the store.

A host's Bluetooth loses notifications, doubles them and gives them late, and says nothing of it. So each
packet carries an index and a check that starts from its report's tag (pumpwire.stream), and only the
packet that is expected is taken. What is missing is asked for once, and once more after each silence;
what comes twice changes nothing. A board that goes on talking and brings nothing for half a minute
counts as gone too. A page goes to the store as soon as the next begins and is durable then, so a link
that breaks costs less than a page. A bad page is kept aside and told at the end, for the pages behind it
are wanted all the same.
"""

from __future__ import annotations

from collections.abc import Callable

from pumpwire import page, racp, receiving, stream, uuids
from pumpwire.errors import WireError
from pumpwire.units import PAGE_BYTES

from .. import host
from ..errors import IntegrityError, UnreachableError
from ..links import Link
from ..store import Store

_SILENCE_S = 1.0  # without a packet, before they are asked for again
_TRIES = 8  # silences in a row, before the board counts as gone
_STALL_S = 5.0  # without a packet that is new, whatever else comes, before it is asked for again
_STALLS = 5  # of these in a row, before the board counts as gone
_MOST_BYTES = 32 << 20  # of a pull: no board's flash holds as much
_MOST_PAGES = _MOST_BYTES // PAGE_BYTES  # nor as many pages, however short


class Transfer:
    """The packets of a pull's reports, put in order, checked, and handed to the store page by page."""

    def __init__(
        self, link: Link, store: Store, log_id: int, progress: Callable[[int], None]
    ) -> None:
        self._link = link
        self.store = store
        self.log_id = log_id
        self._progress = progress
        self._page: tuple[int, int, bytearray] | None = None  # first_seq, offset, bytes
        self.bad_page: IntegrityError | None = None  # the first that did not verify
        self.records = self.pages = self.bytes = self.repaired = 0

    def run(self, tag: int) -> int:
        """Receives the report of that tag until the board says it is done; returns its response code.

        However it ends, what came goes to the store.
        """
        broken = True
        try:
            code = self._receive(tag)
            broken = False
        finally:
            self._flush(broken)
        return code

    def _receive(self, tag: int) -> int:
        self._tag = tag
        self._segments = receiving.SegmentReader()
        self._expected = self._farthest = 0
        self._asked_again = -1
        silences = stalls = 0
        reached, since_s = (0, 0), host.waited_s()
        while True:
            arrived = self._link.receive(_SILENCE_S)
            silences = silences + 1 if arrived is None else 0
            now_s = host.waited_s()
            if reached != (self._expected, self._farthest):
                stalls, reached, since_s = 0, (self._expected, self._farthest), now_s
            stalled = now_s - since_s > _STALL_S
            if stalled:
                stalls, since_s = stalls + 1, now_s
            if silences > _TRIES or stalls > _STALLS:
                raise self._gone("fell silent" if silences > _TRIES else "talks and brings nothing new")
            if arrived is None or stalled:
                self._asked_again = -1
                self._flow(again=True)
            if arrived is None:
                continue
            channel, data = arrived
            if channel == uuids.LOG:
                self._packet(data)
            elif channel == uuids.RACP:
                answered, code, _ = receiving.read_answer(data)
                if answered == racp.REPORT:
                    return code

    def _gone(self, how: str) -> UnreachableError:
        return UnreachableError(f"the board on {self._link.description} {how} after {self.bytes} bytes,"
                                " which are kept", "go nearer and pull again")

    def _packet(self, data: bytes) -> None:
        try:
            index, body = receiving.open_packet(data, self._expected, self._tag)
        except WireError:
            self._repair()
            return
        self._farthest = max(self._farthest, index)
        if index < self._expected:
            return  # had it already
        if index > self._expected:
            self._repair()
            return
        self._expected += 1
        self._asked_again = -1
        self.bytes += len(body)
        if self.bytes > _MOST_BYTES or self.pages > _MOST_PAGES:
            raise IntegrityError(f"the board on {self._link.description} sends more than a board's flash"
                                 " can hold", "have it looked at; what came is kept")
        for first_seq, offset, piece in self._segments.feed(body):
            self._hold(first_seq, offset, piece)
        if self._segments.ended or self._expected % stream.ACK_EVERY == 0:
            self._flow(again=False)
            self._progress(self.bytes)

    def _repair(self) -> None:
        """Asks, once, for the packets again from the missing packet on."""
        if self._asked_again != self._expected:
            self._asked_again = self._expected
            self.repaired += 1
            self._flow(again=True)

    def _flow(self, again: bool) -> None:
        self._link.write(uuids.FLOW, receiving.flow(self._expected, again, self._tag))

    def _hold(self, first_seq: int, offset: int, piece: bytes) -> None:
        """Gathers the pieces of a page; the store decodes it once they are all there."""
        held = self._page
        if held and held[0] == first_seq and held[1] + len(held[2]) == offset:
            held[2].extend(piece)
            return
        if held and held[0] == first_seq and offset == page.FOOTER_AT:
            held[2].extend(b"\xff" * (offset - held[1] - len(held[2])) + piece)
            return
        self._flush()
        self._page = (first_seq, offset, bytearray(piece))

    def _flush(self, broken: bool = False) -> None:
        """Gives the page in hand to the store and makes it durable; `bad_page` if it does not verify.

        broken: the link broke within it.
        """
        if self._page is None:
            return
        first_seq, offset, data = self._page
        self._page = None
        self.pages += 1
        try:
            self.records += self.store.add_page_bytes(self.log_id, first_seq, offset, bytes(data),
                                                      broken=broken)
        except IntegrityError as error:
            self.bad_page = self.bad_page or error
        self.store.commit()
