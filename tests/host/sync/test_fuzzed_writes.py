"""100,000 writes of nonsense: a stranger's leave the log as if nobody came, those of a host that was
let in one record that says so; and 100,000 to the control point alone."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from gateway.gateway import Gateway
from helpers.host.loop_link import LoopBoard, LoopLink, session_of
from helpers.on_board.desk_board import DeskBoard
from pumplog.store import Store
from pumplog.sync.client import Client
from pumpwire import commands, decoding, page, pairing, proofs, racp, receiving, records, uuids
from pumpwire.errors import WireError

TICKS = 20_000  # 33 minutes
WRITES_A_TICK = 5
CHANNELS = (uuids.RACP, uuids.COMMAND, uuids.FLOW, uuids.LOG, uuids.STATUS, 0, 99)
WELL_FORMED = (
    receiving.report_from(0), receiving.count_from(3), receiving.abort(), bytes((racp.DELETE, racp.ALL)),
    receiving.flow(0, True), receiving.flow(7, False),
    commands.request(commands.TIME, 1, 0, b""), commands.request(commands.PROVE, 2, 0, bytes(20)),
    commands.request(commands.ENTRY, 3, 123456, bytes(54)),
    commands.request(commands.ANCHOR, 4, 0,
                     struct.pack(commands.ANCHOR_BODY, 1, 2, 3, 4, 1, 1, 0, 0) + bytes(20)),
    commands.request(commands.PROVISION, 5, 123456, bytes(struct.calcsize(commands.PROVISION_BODY))),
    commands.request(commands.UNPAIR, 6, 123456, b"\1" + bytes(20)),
)


def nonsense(dice: random.Random) -> Iterator[tuple[int, bytes]]:
    """Yields writes without end: noise, and messages that are cut, lengthened or bent."""
    while True:
        kind = dice.randrange(4)
        if kind == 0:
            data = dice.randbytes(dice.randrange(245))
        else:
            bent = bytearray(dice.choice(WELL_FORMED))
            if kind == 1:
                del bent[dice.randrange(len(bent) + 1):]
            elif kind == 2:
                bent += dice.randbytes(dice.randrange(60))
            for _ in range(dice.randrange(3)):
                if bent:
                    bent[dice.randrange(len(bent))] = dice.randrange(256)
            data = bytes(bent)
        yield dice.choice(CHANNELS), data


class Peer:
    packet_bytes = 244

    def __init__(self, secured: bool) -> None:
        self.secured = secured
        self.sent: list[tuple[int, bytes]] = []

    def notify(self, channel: int, data: bytes) -> bool:
        self.sent.append((channel, bytes(data)))
        return True

    indicate = notify


class Attacked(DeskBoard):  # type: ignore[misc]
    """The desk's board; `attack` is called between its ticks."""

    ticked = 0
    attack: Callable[[], None] = staticmethod(lambda: None)

    def ticks(self, service: Callable[[], bool]) -> Iterator[int]:
        for now_ms in super().ticks(service):
            self.ticked += 1
            yield now_ms
            self.attack()


def run(peer: Peer | None) -> tuple[Attacked, int]:
    """Runs the board; returns it, and how many writes it was sent."""
    board = Attacked(TICKS)
    gateway = Gateway(board)
    writes = nonsense(random.Random(5))
    sent = 0

    def attack() -> None:
        nonlocal sent
        assert peer is not None
        if not sent:
            gateway.opened(peer)
        for _ in range(WRITES_A_TICK):
            channel, data = next(writes)
            gateway.written(peer, channel, data)
            gateway.read(peer, channel)
            sent += 1

    if peer is not None:
        board.attack = attack
    gateway.run()
    return board, sent


@pytest.fixture(scope="module")
def alone() -> Attacked:
    return run(None)[0]


def new_records(board: Attacked) -> list[tuple[int, int, dict[str, Any]]]:
    """Returns (kind, uptime in ms, fields) of what this run wrote."""
    found = []
    for slot in range(board.flash.pages):
        data = bytearray(page.PAGE_BYTES)
        board.flash.read(slot, 0, data)
        try:
            found += decoding.decode_page(data)[1]
        except WireError:
            pass  # made ready ahead
    newest = max(record.boot for record in found)
    return [(record.kind, record.uptime_ms, record.fields) for record in sorted(found, key=by_seq)
            if record.boot == newest and record.kind != records.LOST]


def by_seq(record: Any) -> int:
    """Returns where a record stands in the log."""
    return int(record.seq)


def test_a_stranger_s_writes_leave_no_trace_and_get_no_answer(alone: Attacked) -> None:
    peer = Peer(secured=False)
    board, sent = run(peer)
    assert sent == 100_000 and not peer.sent
    assert board.ticked == alone.ticked == TICKS
    assert bytes(board.flash.cells) == bytes(alone.flash.cells)


def test_a_host_that_was_let_in_cannot_upset_the_board_either(alone: Attacked) -> None:
    peer = Peer(secured=True)
    board, sent = run(peer)
    assert sent == 100_000
    assert board.ticked == alone.ticked == TICKS
    found, expected = new_records(board), new_records(alone)
    refusals = [told for told in found if told not in expected]
    assert [told for told in found if told not in refusals] == expected
    assert all(kind == records.ACCESS and fields["result"] for kind, _, fields in refusals)
    assert len(refusals) == 1  # the first; how many there were comes at the hour's end
    answers = [receiving.read_response(data) for channel, data in peer.sent if channel == uuids.COMMAND]
    done = {op for op, _, result, _ in answers if result == commands.OK}
    assert done == {commands.TIME, commands.PROVE, commands.ATTEST}
    assert {result for _, _, result, _ in answers} >= {
        commands.MALFORMED, commands.NO_SUCH_OP, commands.NOT_PROVEN, commands.WRONG_KEY}
    assert {code for channel, data in peer.sent if channel == uuids.RACP and data[0] == racp.RESPONSE
            for code in data[3:]} >= {racp.NO_SUCH_OP, racp.BAD_OPERATOR, racp.BAD_OPERAND}
    assert all(len(data) <= 244 for _, data in peer.sent)


class NoRoom(Peer):
    """A host whose link never has room for the log: reports begin, and go no further."""

    def notify(self, channel: int, data: bytes) -> bool:
        return False


def requests(dice: random.Random) -> Iterator[bytes | bytearray]:
    """Yields control point writes without end: well formed, bent, cut, lengthened, noise."""
    ranged = struct.pack("<BBBII", racp.REPORT, racp.RANGE, racp.BY_SEQ, 5, 9)
    good = [receiving.report_from(5), receiving.report_from(5, 9), receiving.count_from(5), ranged,
            receiving.abort(), bytes((racp.REPORT, racp.ALL)), bytes((racp.DELETE, racp.ALL))]
    while True:
        data = bytearray(dice.choice(good))
        for _ in range(dice.randrange(4)):
            data[dice.randrange(len(data))] = dice.choice((dice.randrange(256), dice.randrange(8)))
        length = dice.choice((len(data), len(data), dice.randrange(24)))
        yield dice.randbytes(length) if dice.random() < 0.1 else data.ljust(length, b"\1")[:length]


def test_a_hundred_thousand_control_point_writes_each_get_one_right_answer() -> None:
    board = LoopBoard()
    board.minutes(300)
    cells = bytes(board.flash.cells)
    peer = NoRoom(secured=True)
    session = session_of(board, peer)
    writes = requests(random.Random(6))
    begun, codes = 0, set()
    for _ in range(100_000):
        data = next(writes)
        session.written(uuids.RACP, data)
        session.pump()
        if not peer.sent:
            assert data[:1] == bytes((racp.REPORT,)) and len(data) in (2, 7, 8, 11, 12), data
            begun += 1
            continue
        ((channel, answer),) = peer.sent
        assert channel == uuids.RACP
        op, code, count = receiving.read_answer(answer)
        assert op == (data[0] if len(data) >= 2 else 0) and racp.SUCCESS <= code <= racp.BUSY, data
        assert count is None or count <= board.log.next_seq
        codes.add(code)
        peer.sent.clear()
    assert begun > 1000 and codes >= {racp.SUCCESS, racp.NO_SUCH_OP, racp.BAD_OPERATOR, racp.BUSY,
                                      racp.NO_SUCH_OPERATOR, racp.BAD_OPERAND, racp.NO_SUCH_OPERAND}
    assert bytes(board.flash.cells) == cells
    held = Store.open(":memory:")
    Client(LoopLink(board)).pull(held, board.log.log_id)
    assert [record.seq for record in held.records.of(board.log.log_id)] == list(range(301))


@pytest.mark.parametrize("length", range(18))
def test_a_pairing_value_cut_short_is_named(length: int) -> None:
    with pytest.raises(WireError):
        pairing.read_value(bytes(length))


def test_a_proof_is_as_long_as_the_host_takes_it_to_be() -> None:
    assert struct.calcsize(proofs.PROVE_ANSWER) + proofs.CODE_BYTES == proofs.PROVE_ANSWER_BYTES
