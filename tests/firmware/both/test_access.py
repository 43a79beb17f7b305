"""Who wrote to a board, and who was refused: in its log, and never so that a flood fills it."""

import struct

from helpers.on_board.desk_board import DeskBoard
from gateway.gateway import Gateway
from gateway.pairing import Pairing
from helpers.on_board.nor import Nor, random
from pumpwire import commands, decoding, page, records, sealing, uuids
from pumpwire.errors import WireError

HOUR = 36000  # ticks
HOST = 4242
BY_DESK = (commands.PROVISION, commands.OK, 0, 1, 0, 0)  # the nurse's first visit, over the cable


class ScriptedBoard(DeskBoard):
    """Does what stands for a tick in its script just before it: {tick: function(gateway)}.

    The ticks themselves run with the heap locked.
    """

    def __init__(self, ticks, script):
        super().__init__(ticks)
        self.flash = Nor(8)
        self._script = script

    def _pump(self, k):
        if k in self._script:
            self._script[k](self.gateway)
        super()._pump(k)


def _access(ticks, script):
    """Runs a board; returns the fields of its ACCESS records behind the first visit's."""
    board = ScriptedBoard(ticks, script)
    board.gateway = Gateway(board)
    try:
        board.gateway.run()
    finally:
        board.power_off()
    data = bytearray(page.PAGE_BYTES)
    out = []
    for slot in range(board.flash.pages):
        board.flash.read(slot, 0, data)
        try:
            out += decoding.decode_page(data)[1]
        except WireError:
            pass  # made ready ahead, or never used
    fields = [name for name, _ in records.fields_of(records.ACCESS)]
    told = [tuple(r.fields[name] for name in fields) for r in out if r.kind == records.ACCESS]
    assert told[0] == BY_DESK
    return told[1:]


def _wrote(*told):
    return lambda gateway: gateway.wrote(*told)


def test_a_write_that_no_other_record_tells_of_is_noted_with_its_computer():
    ops = (commands.PROVISION, commands.UNPAIR, commands.ENTRY, commands.ANCHOR)
    script = {k + 1: _wrote(op, commands.OK, HOST) for k, op in enumerate(ops)}
    assert _access(10, script) == [(commands.PROVISION, commands.OK, HOST, 1, 0, 0),
                                   (commands.UNPAIR, commands.OK, HOST, 1, 0, 0)]


def test_a_pairing_is_noted_with_the_computer_s_address_and_closes_the_window():
    def pair(gateway):
        gateway.pairing = Pairing(gateway.config, random)
        gateway.pairing.pressed(0)
        gateway.paired(bytes((0, 0x06, 0x05, 0x04, 0x03, 0x02, 0x81)))
        assert not gateway.pairing.open(0)

    assert _access(10, {1: pair}) == [(commands.PAIR, commands.OK, 0, 1, 0x810203, 0x040506)]


def test_a_flood_of_refusals_is_two_records_an_hour_with_their_number():
    def flood(gateway):
        for n in range(10000):
            gateway.wrote(commands.ENTRY, commands.REFUSED, HOST + n)

    stranger = _wrote(commands.UNPAIR, commands.WRONG_KEY, 0xFFFFFFFF)  # he may say who he likes to be
    assert _access(3 * HOUR + 100, {10: flood, 2 * HOUR + 100: stranger}) == [
        (commands.ENTRY, commands.REFUSED, HOST, 1, 0, 0),
        (commands.ENTRY, commands.REFUSED, HOST + 9999, 9999, 0, 0),
        (commands.UNPAIR, commands.WRONG_KEY, (1 << 30) - 1, 1, 0, 0)]


class Peer:
    """A link over which nothing is ever sent."""

    secured = True
    packet_bytes = 244

    def indicate(self, channel, data):
        return True

    notify = indicate


def test_what_is_refused_on_a_link_is_noted_and_who_was_let_in_too():
    peer = Peer()
    key = b"k" * 32  # the desk's

    def send(gateway, op, body):
        gateway.written(peer, uuids.COMMAND, commands.request(op, 7, 0, body))

    def visit(gateway):
        gateway.opened(peer)
        send(gateway, commands.UNPAIR, b"\1" + bytes(20))
        send(gateway, commands.PROVE, bytes(16) + struct.pack("<I", HOST))
        send(gateway, commands.UNPAIR, b"\1" + bytes(20))
        nonce = gateway._sessions[peer]._guard._nonce
        gateway.unpair = lambda peer: True
        gateway.commands._unpair = gateway.unpair
        send(gateway, commands.UNPAIR, sealing.seal(key, nonce, HOST, 1, commands.UNPAIR, 7, 0, b"\0"))

    assert _access(HOUR + 100, {10: visit}) == [
        (commands.UNPAIR, commands.NOT_PROVEN, 0, 1, 0, 0),
        (commands.UNPAIR, commands.OK, HOST, 1, 0, 0),
        (commands.UNPAIR, commands.WRONG_KEY, HOST, 1, 0, 0)]
