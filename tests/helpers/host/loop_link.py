"""A board's log and transfer in this process, and a link to it that breaks where it is told to.

No time passes: `receive` gives None as soon as the board has nothing more to send.
"""

from __future__ import annotations

import random
import struct
from collections import deque
from collections.abc import Callable

from gateway.clock import Uptime
from gateway.command_server import CommandServer
from gateway.config import Config
from gateway.event_log import EventLog
from gateway.guard import Guard
from gateway.peer_session import Session
from pumplog.errors import UnreachableError
from pumpwire import commands, entries, names, page, receiving, records, stream, uuids

from helpers.on_board.nor import Nor
from helpers.on_board.nor import random as seven

PACKET_BYTES = 244


class LoopBoard:
    """A board whose log holds minutes; `flash.cells` are its flash; key: it seals under that."""

    def __init__(self, pages: int = 8, cells: bytes | None = None, key: bytes | None = None) -> None:
        self.flash = Nor(pages, cells)
        self._key = key
        self.power_on()

    def power_on(self) -> None:
        """Boots."""
        self.uptime = Uptime()
        self.now_ms = 0  # the board's own clock; `uptime` stands at its last tick
        self.log = EventLog(self.flash, self.uptime, seven)
        self.log.set_key(self._key)
        self.log.mount(1, 10000)

    def minutes(self, n: int) -> None:
        """Appends n minutes, each of other counts."""
        for _ in range(n):
            for at, value in enumerate((60000, self.log.next_seq, 0)):
                self.log.values[at] = value
            assert self.log.append(records.MINUTE) >= 0
            self.log.service()

    def entries(self, n: int) -> None:
        """Appends n entries, large records, each another one."""
        for _ in range(n):
            seq = self.log.next_seq
            data = entries.pack(seq.to_bytes(16, "little"), b"AB", seq, seq, 77, entries.BAG,
                                (seq, seq, seq))
            assert self.log.append(records.ENTRY, data) >= 0
            self.log.service()

    def damage(self, seq: int) -> None:
        """Flips a bit of the record `seq` on flash."""
        for slot in range(self.flash.pages):
            data = bytearray(4096)
            self.flash.read(slot, 0, data)
            if data[:2] != page.MAGIC:
                continue
            header = page.read_header(data)
            for here, (at, _) in enumerate(page.walk(data, header), header.first_seq):
                if here == seq:
                    self.flash.cells[slot * 4096 + at + 4] ^= 1
                    return
        raise AssertionError(f"record {seq} is not on flash")


class _NoNvs:
    def get(self, key: str) -> bytes | None:
        """Returns what an unprovisioned board has."""
        return None


def session_of(board: LoopBoard, peer: object) -> Session:
    """Returns the board's end of a link: what its gateway makes as a peer connects."""
    log, config = board.log, Config(_NoNvs())

    def status() -> bytes:
        values = dict.fromkeys(names.STATUS_FIELDS, 0)
        values |= {"boot": log.boot, "oldest_seq": log.oldest_seq, "next_seq": log.next_seq}
        return struct.pack(commands.STATUS_BODY, *values.values())

    server = CommandServer(config, log, board.uptime, lambda: False, lambda kind, fields: None,
                           lambda epoch_s: None, lambda: board.now_ms, lambda *told: None,
                           lambda peer: False)
    return Session(peer, log, server, {uuids.STATUS: status}, Guard(peer, config, log, seven))


class LoopLink:
    """One connection. break_at: the arrival (from 1) at which it breaks; loss: the share of log
    packets that the host loses; refused: the share of packets for which the board's stack has no room
    (ENOMEM); sent: log packets."""

    description = "loop"
    packet_bytes = PACKET_BYTES
    secured = True

    def __init__(self, board: LoopBoard, break_at: int = 0, loss: float = 0.0, seed: int = 0,
                 refused: float = 0.0, during: Callable[[], None] = lambda: None) -> None:
        self._board, self._break_at, self._loss, self._during = board, break_at, loss, during
        self._refused = refused
        self._dice = random.Random(seed)
        self._air: deque[tuple[int, bytes]] = deque()
        self.arrived = 0
        self.sent: list[bytes] = []
        self.session = session_of(board, self)

    def notify(self, channel: int, data: bytes) -> bool:
        """Takes a packet from the board; the air may lose it."""
        if self._dice.random() < self._refused:
            return False
        self.sent.append(bytes(data))
        if self._dice.random() >= self._loss:
            self._air.append((channel, bytes(data)))
        return True

    def indicate(self, channel: int, data: bytes) -> bool:
        """Takes an indication from the board; these are never lost."""
        if self._dice.random() < self._refused:
            return False
        self._air.append((channel, bytes(data)))
        return True

    def read(self, channel: int) -> bytes:
        """Reads a value of the board."""
        return bytes(self.session.read(channel))

    def write(self, channel: int, data: bytes) -> None:
        """Writes to the board."""
        self.session.written(channel, data)

    def receive(self, timeout_s: float) -> tuple[int, bytes] | None:
        """Returns what arrives next."""
        if not self._air:
            self._during()
            self.session.pump()
        if not self._air and self._refused:
            return self.receive(timeout_s) if self.session.active else None
        if not self._air:
            return None
        self.arrived += 1
        if self.arrived == self._break_at:
            self.session.closed()
            raise UnreachableError("the loop broke", "pull again")
        return self._air.popleft()

    def close(self) -> None:
        """Lets the board go."""

    def sent_bytes(self) -> int:
        """Returns how many bytes of the stream the board sent."""
        return sum(len(packet) - stream.PACKET_OVERHEAD for packet in self.sent)

    def in_flight_bytes(self) -> int:
        """Returns how many of these have not arrived."""
        return sum(len(data) - stream.PACKET_OVERHEAD for channel, data in self._air
                   if channel == uuids.LOG)

    def sent_pages(self) -> list[tuple[int, int]]:
        """Returns (first_seq of the page, offset) of every stretch that was sent."""
        return [(first_seq, offset) for first_seq, offset, _ in self._segments()]

    def sent_pieces(self) -> list[bytes]:
        """Returns the log's bytes that were sent, in pieces."""
        return [piece for _, _, piece in self._segments()]

    def _segments(self) -> list[tuple[int, int, bytes]]:
        reader = receiving.SegmentReader()
        return [segment for packet in self.sent for segment in reader.feed(packet[1:-2])]


def window_bytes(link: LoopLink) -> int:
    """Returns the bytes of as many packets as may be in flight."""
    return stream.WINDOW * link.packet_bytes
