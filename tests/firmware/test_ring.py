"""What the ring costs when nothing goes wrong: bytes programmed, erases, wear, reads at boot."""

from __future__ import annotations

from gateway.clock import Uptime
from gateway.event_log import EventLog
from helpers.on_board.nor import Nor, random
from helpers.on_board.page_maker import PageMaker
from pumpwire import page, receiving, records

PAGES = 256  # 1 MiB
MINUTE = (60000, 17, 0)


def log_on(flash: Nor, uptime: Uptime | None = None) -> EventLog:
    log = EventLog(flash, uptime or Uptime(), random)
    log.set_key(b"k" * 32)
    log.mount(1, 100)
    return log


def live(log: EventLog, uptime: Uptime, erases: int, flash: Nor) -> None:
    """Minutes, a reservoir every five, an entry an hour, until so many slots were erased."""
    i = 0
    while flash.erases < erases:
        i += 1
        uptime.advance(i * 60000 & 0x3FFFFFFF)
        if i % 5 == 0:
            log.hold_reservoir(250000 - 17 * i % 200000, 500)
        for at, value in enumerate((60000, 17 + i % 3, 0)):
            log.values[at] = value
        assert log.append(records.MINUTE) >= 0
        if i % 60 == 0:
            assert log.append(records.ENTRY, bytes(80)) >= 0
        for _ in range(6):
            log.service()


def test_fifty_wraps_program_each_byte_once_erase_each_page_once_and_wear_evenly() -> None:
    flash, uptime, footers = Nor(4), Uptime(), []

    def before(slot: int, offset: int, data: object) -> None:
        if data is not None and offset == page.FOOTER_AT:
            footers.append(slot)

    flash.before = before
    log = log_on(flash, uptime)
    live(log, uptime, 50 * flash.pages, flash)
    closed = len(footers)
    assert flash.programmed_bytes <= 1.02 * closed * page.PAGE_BYTES
    assert closed <= flash.erases <= 1.03 * closed
    assert flash.programmed_bytes >= 0.97 * closed * page.PAGE_BYTES  # and none is left unused
    assert max(flash.wear) <= 1.02 * sum(flash.wear) / flash.pages
    assert log.failures == 0


def ring(head: int, wrapped: bool) -> Nor:
    """A ring whose newest page lies at `head`, each page closed but that one."""
    flash = Nor(PAGES)
    first_seq, previous = 0, bytes(8)
    slots = [(head + 2 + k) % PAGES for k in range(PAGES - 1)] if wrapped else list(range(head + 1))
    for slot in slots:
        made = PageMaker(7, first_seq)
        made.put(records.BOOT if not first_seq else records.MINUTE, 600,
                 (1, 1, 100) if not first_seq else MINUTE)
        data = made.data if slot == head else made.closed(0, 0, previous)
        flash.cells[slot * 4096 : slot * 4096 + len(data)] = data
        first_seq += made.count
    ahead = (head + 1) % PAGES * 4096  # made ready: erased, and marked by a header's first 8 bytes
    flash.cells[ahead : ahead + 8] = PageMaker(7, 0).data[:8]
    return flash


class _Watched(Nor):
    """Notes how much was read when the whole of the open page was, and at the first program."""

    def __init__(self, flash: Nor) -> None:
        super().__init__(flash.pages, flash.cells)
        self.found: tuple[int, int] | None = None
        self.done: tuple[int, int] | None = None

    def read(self, slot: int, offset: int, buf: bytearray) -> None:
        super().read(slot, offset, buf)
        if len(buf) == page.PAGE_BYTES and self.found is None:
            self.found = self.reads, self.read_bytes

    def program(self, slot: int, offset: int, buf: bytes) -> None:
        self.done = self.done or (self.reads, self.read_bytes)
        super().program(slot, offset, buf)


def test_the_head_of_a_ring_is_found_in_few_reads_wherever_it_is() -> None:
    """Behind that come the open page's footer, once more and again: it may have been torn."""
    for head in range(PAGES):
        for wrapped in (False, True):
            flash = _Watched(ring(head, wrapped))
            log = EventLog(flash, Uptime(), random)
            log.mount(1, 100)
            assert flash.found and flash.done
            assert log.opened.slot == head, (head, wrapped)
            assert flash.found[0] <= 24 and flash.done[0] <= 48, (head, wrapped, flash.done)
            assert flash.done[1] <= 1024 + page.PAGE_BYTES, (head, wrapped, flash.done)


def test_a_transfer_under_way_never_delays_an_append() -> None:
    """Counted in operations on flash: an append makes the same with a transfer running as without."""
    from gateway.sync_server import SyncServer

    made: list[list[tuple[int, int, int]]] = []
    for transfer in (False, True):
        flash, uptime = Nor(16), Uptime()
        log = log_on(flash, uptime)
        server = SyncServer(log)
        ops = []
        for i in range(6000):
            uptime.advance((i + 1) * 60000 & 0x3FFFFFFF)
            if transfer:
                if not server.active:
                    server.request(b"\x01\x03\x01\0\0\0\0")
                server.flow(receiving.flow(server._index, False))
                left = [3]

                def notify(packet: object, left: list[int] = left) -> bool:
                    left[0] -= 1
                    return left[0] >= 0

                server.pump(notify, 244)
            for at, value in enumerate((60000, 17 + i % 3, 0)):
                log.values[at] = value
            before = flash.programs, flash.erases, flash.reads
            assert log.append(records.MINUTE) >= 0
            ops.append((flash.programs - before[0], flash.erases - before[1], flash.reads - before[2]))
            for _ in range(3):
                log.service()
        made.append(ops)
    assert made[0] == made[1]
    assert max(programs for programs, _, _ in made[0]) == 2  # its own, and a page's header before it
