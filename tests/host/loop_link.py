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
from nor import Nor
from nor import random as seven
from pumplog.errors import Unreachable
from pumpwire import commands, names, page, receiving, records, uuids

PACKET_BYTES = 244


class LoopBoard:
    """A board whose log holds minutes; `flash.cells` are its flash."""

    def __init__(self, pages: int = 8) -> None:
        self.flash = Nor(pages)
        self.power_on()

    def power_on(self) -> None:
        """Boots."""
        self.log = EventLog(self.flash, Uptime(), seven)
        self.log.mount(1, 10000)

    def minutes(self, n: int) -> None:
        """Appends n minutes, each of other counts."""
        for _ in range(n):
            for at, value in enumerate((60000, self.log.next_seq, 0)):
                self.log.values[at] = value
            assert self.log.append(records.MINUTE) >= 0
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


class LoopLink:
    """One connection. break_at: the arrival (from 1) at which it breaks; sent: log packets."""

    description = "loop"
    packet_bytes = PACKET_BYTES
    secured = True

    def __init__(self, board: LoopBoard, break_at: int = 0, loss: float = 0.0, seed: int = 0,
                 during: Callable[[], None] = lambda: None) -> None:
        self._board, self._break_at, self._loss, self._during = board, break_at, loss, during
        self._dice = random.Random(seed)
        self._air: deque[tuple[int, bytes]] = deque()
        self.arrived = 0
        self.sent: list[bytes] = []
        log = board.log
        config = Config(_NoNvs())
        server = CommandServer(config, log, Uptime(), lambda: False, lambda kind, fields: None,
                               lambda epoch_s: None, lambda: 0, lambda *told: None,
                               lambda peer: False)
        self._session = Session(self, log, server, {uuids.STATUS: self._status},
                                Guard(self, config, log, seven))

    def _status(self) -> bytes:
        log = self._board.log
        values = dict.fromkeys(names.STATUS_FIELDS, 0)
        values |= {"boot": log.boot, "oldest_seq": log.oldest_seq, "next_seq": log.next_seq}
        return struct.pack(commands.STATUS_BODY, *values.values())

    def notify(self, channel: int, data: bytes) -> bool:
        """Takes a packet from the board; the air may lose it."""
        self.sent.append(bytes(data))
        if self._dice.random() >= self._loss:
            self._air.append((channel, bytes(data)))
        return True

    def indicate(self, channel: int, data: bytes) -> bool:
        """Takes an indication from the board; these are never lost."""
        self._air.append((channel, bytes(data)))
        return True

    def read(self, channel: int) -> bytes:
        """Reads a value of the board."""
        return bytes(self._session.read(channel))

    def write(self, channel: int, data: bytes) -> None:
        """Writes to the board."""
        self._session.written(channel, data)

    def receive(self, timeout_s: float) -> tuple[int, bytes] | None:
        """Returns what arrives next."""
        if not self._air:
            self._during()
            self._session.pump()
        if not self._air:
            return None
        self.arrived += 1
        if self.arrived == self._break_at:
            self._session.closed()
            raise Unreachable("the loop broke")
        return self._air.popleft()

    def close(self) -> None:
        """Lets the board go."""

    def sent_pages(self) -> list[tuple[int, int]]:
        """Returns (first_seq of the page, offset) of every stretch that was sent."""
        reader = receiving.SegmentReader()
        return [(first_seq, offset) for packet in self.sent
                for first_seq, offset, _ in reader.feed(receiving.open_packet(packet)[1])]
