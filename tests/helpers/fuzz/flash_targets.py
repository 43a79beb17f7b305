"""A board that boots from flash whose bytes are not as it left them: it finds what it can, in a bounded
number of operations, writes on, and loses nothing of what it writes from there on."""

from __future__ import annotations

from functools import cache
from typing import Any

from gateway.clock import Uptime
from gateway.event_log import EventLog
from pumpwire import decoding, page, records
from pumpwire.errors import WireError

from helpers.on_board.nor import Nor
from helpers.on_board.nor import random as sevens

KEY = b"k" * 32
PAGES = 4
PAGE = 4096
MOST_OPERATIONS = 6000  # of a boot and a few records; how near they come to it: `most_seen`
EDIT_BYTES = 6
FLIP, OVERWRITE, ERASE_TAIL, SWAP, REPLAY, ZERO, SPLICE = range(7)
OPS = 7
APPENDS = 4


class EndlessError(AssertionError):
    """More operations on flash than any boot may take."""


class Bounded(Nor):  # type: ignore[misc]
    """Flash that counts what is asked of it."""

    left = MOST_OPERATIONS

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise EndlessError(f"over {MOST_OPERATIONS} operations on flash")

    def read(self, slot: int, offset: int, buf: Any) -> None:
        self._count()
        super().read(slot, offset, buf)

    def program(self, slot: int, offset: int, buf: Any) -> None:
        self._count()
        super().program(slot, offset, buf)

    def erase(self, slot: int) -> None:
        self._count()
        super().erase(slot)


most_seen = 0


@cache
def images() -> list[bytes]:
    """Returns flash as boards left it: empty, begun, nearly full, wrapped, wrapped twice, without a key,
    and one whose ring holds another log's page and one of a newer format."""
    made = [bytes(b"\xff" * PAGES * PAGE)]
    for n, key in ((5, KEY), (40, KEY), (90, KEY), (170, KEY), (100, None)):
        flash = Nor(PAGES)
        log, uptime = _boot(flash, key)
        for i in range(n):
            _append(log, uptime, i)
        made.append(bytes(flash.cells))
    mixed = bytearray(made[3])
    mixed[2 * PAGE : 3 * PAGE] = made[5][2 * PAGE : 3 * PAGE]
    other = bytearray(page.HEADER_BYTES)
    page.put_header(other, 0xABCD, 77, 3, 1, 0)
    mixed[PAGE : PAGE + page.HEADER_BYTES] = other
    return [*made, bytes(mixed)]


def _boot(flash: Nor, key: bytes | None = KEY) -> tuple[EventLog, Uptime]:
    uptime = Uptime()
    log = EventLog(flash, uptime, sevens)
    log.set_key(key)
    log.mount(1, 10000)
    return log, uptime


def _append(log: EventLog, uptime: Uptime, i: int) -> tuple[int, int, Any]:
    """Appends an entry of 200 bytes or a minute; returns (seq, kind, what it holds)."""
    uptime.advance(60000 * (i + 1))
    if i % 2:
        for at, value in enumerate((60000, i & 255, 0)):
            log.values[at] = value
        held = records.MINUTE, (60000, i & 255, 0)
        seq = log.append(records.MINUTE)
    else:
        held = records.ENTRY, bytes((i & 255,)) * 200
        seq = log.append(records.ENTRY, held[1])
    for _ in range(3):
        log.service()
    return seq, *held


def edited(data: bytes) -> tuple[bytes, bool]:
    """Returns (flash as a board left it, which one the first byte says, after the edits that follow;
    whether pages were moved, which no power cut and no bad cell does)."""
    known = images()
    cells = bytearray(known[data[0] % len(known)] if data else known[0])
    moved = bool(data) and data[0] % len(known) == len(known) - 1
    data = data[1:]
    for _ in range(8):
        if len(data) < EDIT_BYTES:
            break
        moved |= data[0] % OPS in (SWAP, REPLAY, SPLICE)
        data = _edit(cells, data)
    return bytes(cells), moved


def _edit(cells: bytearray, data: bytes) -> bytes:
    op, slot = data[0] % OPS, data[1] % PAGES
    at, n, value = slot * PAGE + int.from_bytes(data[2:4], "little") % PAGE, data[4], data[5]
    end = (slot + 1) * PAGE
    rest = data[EDIT_BYTES:]
    source = images()[value % len(images())]
    other = value // 8 % PAGES * PAGE
    if op == FLIP:
        cells[at] ^= 1 << value % 8
    elif op == OVERWRITE:
        piece = rest[: min(n, end - at)]
        cells[at : at + len(piece)] = piece
        rest = rest[n:]
    elif op == ERASE_TAIL:
        cells[at:end] = b"\xff" * (end - at)
    elif op == SWAP:
        here, there = cells[slot * PAGE : end], cells[other : other + PAGE]
        cells[slot * PAGE : end], cells[other : other + PAGE] = there, here
    elif op == REPLAY:
        cells[slot * PAGE : end] = source[other : other + PAGE]
    elif op == ZERO:
        cells[at : min(at + n, end)] = bytes(min(at + n, end) - at)
    elif op == SPLICE:
        cells[at:end] = source[other + at % PAGE : other + PAGE]
    return rest


def fuzz_flash(data: bytes) -> None:
    """Flash and edits to it, then a life on it."""
    live_on(*edited(data))


def live_on(cells: bytes, moved: bool = False) -> int:
    """Boots from flash, appends, boots again and reads: what was acknowledged is there. Returns the
    number of operations it took.

    moved: pages do not lie as one log alone wrote them. It may then go on from another page
    than the newest, or take up the other log.
    """
    global most_seen
    flash = Bounded(PAGES, cells)
    log, uptime = _boot(flash)
    acknowledged = {}
    for i in range(APPENDS):
        seq, kind, held = _append(log, uptime, i)
        if seq < 0:
            assert log.trouble and not log.logging
            continue
        assert seq not in acknowledged
        acknowledged[seq] = (kind, held)
    log.attest(bytes(16))
    log_id = log.log_id
    again, _ = _boot(flash)
    if acknowledged and not moved:
        assert again.log_id == log_id and again.next_seq > max(acknowledged)
        _all_there(flash, log_id, {seq: record for seq, record in acknowledged.items()
                                   if seq >= again.oldest_seq})
    took = MOST_OPERATIONS - flash.left
    most_seen = max(most_seen, took)
    return took


def _all_there(flash: Nor, log_id: int, acknowledged: dict[int, tuple[int, Any]]) -> None:
    found: dict[int, list[tuple[int, Any]]] = {}
    for slot in range(PAGES):
        data = bytes(flash.cells[slot * PAGE : (slot + 1) * PAGE])
        try:
            header, there, _, _ = decoding.decode_page(data)
        except WireError:
            continue
        if header.log_id == log_id:
            for one in there:
                fields = one.fields
                held = fields.get("entry") or tuple(fields.values())
                found.setdefault(one.seq, []).append((one.kind, held))
    for seq, record in acknowledged.items():
        assert record in found.get(seq, []), f"record {seq} was acknowledged and is gone"
