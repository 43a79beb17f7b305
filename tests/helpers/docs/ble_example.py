"""The conversation that docs/BLE.md shows, had with the board's own session: what it says, to the byte.

The board: a log of its own on flash that remembers, keys that no board has, and an MTU of 23. Its clock
stands where the conversation sets it, and its random numbers are those that the page shows.
"""

from __future__ import annotations

import struct
from typing import Any

from gateway.clock import Uptime
from gateway.command_server import CommandServer
from gateway.config import Config
from gateway.event_log import EventLog
from gateway.guard import Guard
from gateway.peer_session import Session
from gateway.version import FIRMWARE
from pumpwire import commands, entries, proofs, receiving, records, sealing, stream, uuids

from helpers.on_board.nor import Nor

KEY, NONCE = bytes(range(32)), bytes(range(16, 32))
LOG_ID, HOST_ID, CHECK_CODE, TAG = 0x5EED1234, 4242, 123456, 5
SMALLEST_MTU = 23
ATT_OVERHEAD = 3
READING = entries.pack(bytes(range(16)), b"AB\0\0", 185000000, 184999940, 77, entries.READING, (1500,))
_COMMANDS = {commands.PROVE: "PROVE", commands.TIME: "TIME", commands.ANCHOR: "ANCHOR",
             commands.ENTRY: "ENTRY", commands.ATTEST: "ATTEST", commands.UNPAIR: "UNPAIR"}


class _Nvs:
    def __init__(self) -> None:
        self._kept = {"name": b"B01", "device_key": KEY, "pairing_key": KEY,
                      "check_code": struct.pack("<I", CHECK_CODE)}

    def get(self, key: str) -> bytes | None:
        return self._kept.get(key)

    def set(self, key: str, value: bytes) -> None:
        self._kept[key] = value


class ExampleBoard:
    """A board and a link to it. packet_bytes: what the link carries in a packet; sent: what the board
    sent, as (channel, bytes); button: held; bonds: whether it has one; nonce: its random number."""

    secured = True

    def __init__(self, mtu: int = SMALLEST_MTU, button: bool = False) -> None:
        self.packet_bytes = mtu - ATT_OVERHEAD
        self.button = button
        self.sent: list[tuple[int, bytes]] = []
        self.uptime = Uptime()
        self._ms = 0
        self.nonce = NONCE
        self.bonds = True
        self._flash = Nor(4)
        self.log = EventLog(self._flash, self.uptime, self._random)
        self.log.set_key(KEY)
        self.log.mount(1, FIRMWARE)
        self.at(60000)
        self.put(records.MINUTE, 60000, 17, 0)
        self.config = Config(_Nvs())
        server = CommandServer(self.config, self.log, self.uptime, lambda: self.button,
                               lambda kind, fields: None, lambda epoch_s: None, lambda: self._ms,
                               lambda *told: None, lambda peer: self.bonds)
        self.guard = Guard(self, self.config, self.log, self._random, by_cable=False)
        self.session = Session(self, self.log, server, {}, self.guard)

    def _random(self, n: int) -> bytes:
        return struct.pack("<I", LOG_ID) if n == 4 else self.nonce

    def flash_page(self) -> bytes:
        """Returns its first page."""
        return bytes(self._flash.cells[:4096])

    def at(self, ms: int) -> None:
        """Lets it be so late."""
        self._ms = ms
        self.uptime.advance(ms)

    def put(self, kind: int, *values: int) -> None:
        """Puts a record."""
        for n, value in enumerate(values):
            self.log.values[n] = value
        assert self.log.append(kind) >= 0
        self.log.service()

    def notify(self, channel: int, data: bytes) -> bool:
        """Takes what the board sends."""
        self.sent.append((channel, bytes(data)))
        return True

    indicate = notify

    def ask(self, channel: int, data: bytes) -> list[tuple[int, bytes]]:
        """Writes to the board; returns what it sends upon that."""
        self.sent = []
        self.session.written(channel, data)
        self.session.pump()
        return self.sent


def conversation() -> list[tuple[str, bytes]]:
    """Returns (what it is, bytes) of all that goes over the link, in order."""
    board = ExampleBoard()
    told: list[tuple[str, bytes]] = []
    counter = 0
    asked = 0

    def command(op: int, body: bytes = b"", code: int = 0, words: str = "") -> bytes:
        nonlocal counter, asked
        asked += 1
        name = _COMMANDS[op]
        if op in commands.WRITES:
            counter += 1
            body = sealing.seal(KEY, NONCE, HOST_ID, counter, op, asked, code, body)
            name += f", counter {counter}"
        request = commands.request(op, asked, code, body)
        (answer,) = board.ask(uuids.COMMAND, request)
        told.append((words or name, request))
        told.append((f"answer to {asked}", answer[1]))
        return bytes(receiving.read_response(answer[1])[3])

    command(commands.PROVE, struct.pack(proofs.PROVE_REQUEST, bytes(16), HOST_ID))
    board.at(61200)
    when = command(commands.TIME)
    board.at(61500)
    anchor = struct.pack(commands.ANCHOR_BODY, 185000100, 250, 40, HOST_ID, 1,
                         *struct.unpack(commands.TIME_BODY, when))
    command(commands.ANCHOR, anchor)
    command(commands.ENTRY, READING, CHECK_CODE, "ENTRY, counter 2, code 123456")
    command(commands.ENTRY, READING, CHECK_CODE, "the same entry, counter 3")
    told += _report(board)
    command(commands.ATTEST, bytes(16))
    command(commands.UNPAIR, b"\0")
    return told


def _report(board: ExampleBoard) -> list[tuple[str, bytes]]:
    """Has the records from the ANCHOR on sent."""
    request = receiving.report_from(2, TAG)
    packets = board.ask(uuids.RACP, request)
    told = [("report >= 2, tag 5, to RACP", request)]
    told += [(f"LOG, packet {n}", data) for n, (_, data) in enumerate(packets)]
    flow = receiving.flow(len(packets), False, TAG)
    ((channel, done),) = board.ask(uuids.FLOW, flow)
    assert channel == uuids.RACP
    segments = receiving.SegmentReader()
    pieces: list[Any] = []
    for n, (_, data) in enumerate(packets):
        pieces += segments.feed(receiving.open_packet(data, n, TAG)[1])
    assert segments.ended
    at = pieces[0][1]
    sent = b"".join(piece for _, _, piece in pieces)
    told += [("the stream in them: a segment", stream.segment_head(0, at, len(sent)) + sent),
             ("and the closing segment", stream.segment_head(0, at + len(sent), 0))]
    return [*told, ("FLOW: all that there is, tag 5", flow), ("done", done)]
