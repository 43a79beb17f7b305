"""Reports over bad links, and commands of every shape: docs/BLE.md's own reader against the firmware."""

from __future__ import annotations

import itertools
import random
import struct

from pumpwire import commands, entries, receiving, uuids

from helpers.docs import ble_reader, log_format_reader
from helpers.docs.ble_example import CHECK_CODE, HOST_ID, KEY, NONCE, ExampleBoard
from helpers.docs.ble_reader import Report, Said
from helpers.host.loop_link import LoopBoard, session_of

FACTS = ("proven", "room", "code_fits", "fresh", "by_cable", "shaped", "present", "in_time", "known",
         "values_fit", "bond")


class Air:
    """A link that loses, doubles and mixes up, seeded; sent: what the board sent."""

    secured = True

    def __init__(self, rng: random.Random, mtu: int) -> None:
        self._rng = rng
        self.packet_bytes = mtu - 3
        self.arrived: list[tuple[int, bytes]] = []

    def notify(self, channel: int, data: bytes) -> bool:
        """Takes a packet."""
        assert len(data) <= self.packet_bytes
        lot = self._rng.random()
        if lot < 0.1:
            return True  # lost
        self.arrived.append((channel, bytes(data)))
        if lot < 0.2:
            self.arrived.append((channel, bytes(data)))
        if lot > 0.95 and len(self.arrived) > 1:
            self.arrived[-2:] = self.arrived[:-3:-1]
        return True

    def indicate(self, channel: int, data: bytes) -> bool:
        """Takes an indication."""
        self.arrived.append((channel, bytes(data)))
        return True


def pull(board: LoopBoard, asked: bytes, rng: random.Random, mtu: int) -> tuple[Report, bytes]:
    """Has a report sent to the document's reader; returns it and the closing answer."""
    air = Air(rng, mtu)
    session = session_of(board, air)
    report = Report(asked[-1] if len(asked) & 3 == 0 else 0)
    session.written(uuids.RACP, asked)
    for _ in range(20000):
        session.pump()
        if not air.arrived:
            report.tell(again=True)  # a second of silence
        for channel, data in air.arrived:
            if channel == uuids.RACP:
                return report, data
            report.take(data)
        air.arrived = []
        for flow in report.told:
            session.written(uuids.FLOW, flow)
        report.told = []
    raise AssertionError("the report does not end")


def hold_reports(times: int) -> None:
    """Has logs of any length sent, at any MTU, over links that lose, double and mix up packets."""
    rng = random.Random(4)
    for _ in range(times):
        board = LoopBoard()
        for _ in range(rng.randrange(1, 4)):
            board.minutes(rng.randrange(1, 700))
            board.entries(rng.randrange(30))
        head = board.log.next_seq
        first = rng.choice((0, rng.randrange(head)))
        tag = rng.randrange(256)
        report, done = pull(board, b"\1\3\1" + struct.pack("<IB", first, tag), rng,
                             rng.choice((23, 24, 61, 185, 247)))
        assert done == b"\6\0\1\1"
        segments, end = report.segments()
        assert report.ended and end == (board.log.opened.first_seq, board.log.opened.used)
        slot, at = board.log.locate(first)
        assert segments[0][:2] == (board.log.page_at(slot)[0], at)
        reader = receiving.SegmentReader()
        assert reader.feed(report.stream) == segments and reader.ended
        _holds_flash(board, segments, first, head)


def _holds_flash(
    board: LoopBoard, segments: list[tuple[int, int, bytes]], first: int, head: int
) -> None:
    """Holds segments against the flash, and what they say against the log."""
    pages: dict[int, bytearray] = {}
    for first_seq, offset, data in segments:
        pages.setdefault(first_seq, bytearray(b"\xff" * 4096))[offset : offset + len(data)] = data
        slot = next(slot for slot in range(board.flash.pages)
                    if board.log.page_at(slot)[0] == first_seq and board.log.page_at(slot)[1])
        at = slot * 4096 + offset
        assert bytes(board.flash.cells[at : at + len(data)]) == data
        assert offset + len(data) <= 4061 or offset == 4061  # used or less, or the footer alone
    whole = [log_format_reader.read_page(bytes(data)) for data in pages.values() if data[:2] == b"PL"]
    assert not [each for each in whole if each.damaged]
    if first == 0:
        seqs = [record[0] for each in whole for record in each.records]
        assert seqs == list(range(head))


class Dealer:
    """Makes commands of every shape, and says what each is."""

    def __init__(self, mark: bool, said: Said) -> None:
        self.said = said
        self.board = ExampleBoard(247, button=mark and said.present)
        self.code = 0 if mark or not said.present else CHECK_CODE
        self.board.at(61200)
        self.number = 0
        self.nonce = NONCE
        self.prove()

    def prove(self) -> None:
        """Begins a conversation, if it is to."""
        self.counter = 0
        if self.said.proven:
            body = bytes(16) + HOST_ID.to_bytes(4, "little")
            self.board.ask(uuids.COMMAND, ble_reader.request(5, 1, 0, body))

    def send(self, op: int, body: bytes, as_said: bool = True) -> int:
        """Sends a command, sealed; returns its result."""
        said, self.number = self.said, self.number + 1
        if op in ble_reader.WRITES:
            self.counter += 1
            head = ble_reader.request(op, self.number, self.code)
            key = KEY if said.code_fits or not as_said else bytes(32)
            counter = self.counter if said.fresh or not as_said else 0
            body = ble_reader.sealed(key, self.nonce, HOST_ID, counter, head, body)
            if as_said and not said.room:
                body = body[:19]
        request = ble_reader.request(op, self.number, self.code, body)
        ((_, answer),) = self.board.ask(uuids.COMMAND, request)
        assert answer[:2] == bytes((op | 0x80, self.number)) and (answer[2] == 0 or len(answer) == 3)
        return answer[2]


def _body(op: int, said: Said, everyone: bool) -> bytes:
    if op == ble_reader.ENTRY:
        value = 5 if said.values_fit else 1 << 30
        kind = entries.BAG
        data = entries.pack(bytes(16), b"AB\0\0", 5, 5, 7, kind, (1, 2, value))
        return data if said.shaped else data[:-1]
    if op == ble_reader.ANCHOR:
        epoch_s = 185000100 if said.values_fit else 1 << 30
        when = (1, 61, 200) if said.in_time else (2, 61, 200)
        data = struct.pack("<IHHIBIIH", epoch_s, 250, 40, HOST_ID, 1, *when)
        return data if said.shaped else data + b"\0"
    if op == ble_reader.PROVISION:
        data = struct.pack(commands.PROVISION_BODY, b"B01", KEY, KEY, CHECK_CODE,
                           1000 if said.values_fit else 0, 5, 1, 2)
        return data if said.shaped else data[:-1]
    if op == ble_reader.UNPAIR:
        return bytes((1 if everyone else 0,)) if said.shaped else b"\2"
    sizes = {ble_reader.PROVE: 20, ble_reader.ATTEST: 16}
    return bytes(sizes.get(op, 0) + (0 if said.shaped else 1))


def hold_answers(op: int, most: int = 1 << 11) -> None:
    """Holds the result of a command of so many shapes, all of them at most, against the page's."""
    rng = random.Random(op)
    worlds = list(itertools.product((False, True), repeat=len(FACTS)))
    for facts in rng.sample(worlds, min(most, len(worlds))):
        said = Said(**dict(zip(FACTS, facts, strict=True)))
        everyone, button = rng.random() < 0.5, rng.random() < 0.5
        if op in (ble_reader.ENTRY, ble_reader.ANCHOR) and said.known and not said.values_fit:
            continue  # nothing of such values is ever known
        dealer = Dealer(button, said)
        dealer.board.guard.by_cable = said.by_cable
        dealer.board.bonds = said.bond
        if said.known and op in (ble_reader.ENTRY, ble_reader.ANCHOR):
            if not (said.proven and (said.present or op == ble_reader.ANCHOR)):
                continue  # else it could not have come to know it
            fitting = Said(known=True)
            assert dealer.send(op, _body(op, fitting, False), as_said=False) == 0
        assert dealer.send(op, _body(op, said, everyone)) == ble_reader.result(op, said, everyone), said
