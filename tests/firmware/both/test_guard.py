"""What is written: once, on one connection, by a holder of the device key."""

import struct

from gateway.command_server import CommandServer
from gateway.clock import Uptime
from gateway.config import Config
from gateway.event_log import EventLog
from gateway.guard import Guard
from helpers.on_board.nor import Nor, random
from pumpwire import commands, entries, proofs, receiving, sealing

KEY, CHECK, HOST = b"k" * 32, 123456, 77


class Nvs:
    def __init__(self):
        self.values = {"device_key": KEY, "check_code": struct.pack("<I", CHECK)}
        self.get = self.values.get
        self.set = self.values.__setitem__


class Dice:
    def __init__(self):
        self.drawn = 0

    def __call__(self, n):
        self.drawn += 1
        return bytes((self.drawn,)) * n


class Desk:
    """A provisioned board's commands, and one link after the other to it."""

    def __init__(self):
        uptime = Uptime()
        self.log = EventLog(Nor(4), uptime, random)
        self.log.mount(1, 100)
        self.config = Config(Nvs())
        self.dice = Dice()
        self.wrote = []
        self.forgotten = []
        self.server = CommandServer(
            self.config, self.log, uptime, lambda: False, lambda kind, fields: None,
            lambda epoch_s: None, lambda: 0, lambda *told: self.wrote.append(told),
            self._unpair,
        )

    def _unpair(self, peer):
        self.forgotten.append(peer)
        return True

    def link(self, by_cable=True):
        return Link(self, by_cable)


class Link:
    def __init__(self, desk, by_cable):
        self._desk = desk
        self.guard = Guard("peer", desk.config, desk.log, desk.dice, by_cable)
        self.nonce = bytes(16)
        self.counter = 0

    def send(self, request):
        return receiving.read_response(self._desk.server.handle(request, self.guard))

    def prove(self, host_nonce=bytes(16)):
        request = struct.pack(proofs.PROVE_REQUEST, host_nonce, HOST)
        result, answer = self.send(commands.request(commands.PROVE, 1, 0, request))[2:]
        assert result == commands.OK
        self.nonce = bytes(answer[:16])
        return request, bytes(answer)

    def sealed(self, op, body, key=KEY, check=CHECK, request_id=2):
        self.counter += 1
        whole = sealing.seal(key, self.nonce, HOST, self.counter, op, request_id, check, body)
        return commands.request(op, request_id, check, whole)


def _entry(n=1):
    return entries.pack(bytes((n,)) * 16, b"AB", 1, 2, 3, entries.READING, (250000,))


def _anchor():
    return struct.pack(commands.ANCHOR_BODY, 1000, 0, 50, HOST, 1, 1, 0, 0)


def test_the_board_proves_its_key_over_both_nonces_and_its_log():
    desk = Desk()
    request, answer = desk.link().prove()
    assert answer[24:] == proofs.board_code(KEY, request, answer[:24])
    assert answer[24:] != proofs.board_code(b"x" * 32, request, answer[:24])
    assert struct.unpack_from("<I", answer, 16)[0] == desk.log.log_id
    other, again = desk.link().prove(b"7" * 16)
    assert again[:16] != answer[:16] and again[24:] != answer[24:]


def test_a_write_under_the_key_is_done_and_told_with_its_host():
    desk = Desk()
    link = desk.link()
    link.prove()
    assert link.send(link.sealed(commands.ENTRY, _entry()))[2] == commands.OK
    assert link.send(link.sealed(commands.ANCHOR, _anchor(), check=0))[2] == commands.OK
    assert desk.wrote == [(commands.ENTRY, commands.OK, HOST), (commands.ANCHOR, commands.OK, HOST)]


def test_a_write_sent_again_is_refused_on_its_connection_and_on_the_next():
    desk = Desk()
    link = desk.link()
    link.prove()
    first = link.sealed(commands.ENTRY, _entry())
    assert link.send(first)[2] == commands.OK
    assert link.send(first)[2] == commands.REPLAYED
    later = desk.link()
    assert later.send(first)[2] == commands.NOT_PROVEN
    later.prove()
    assert later.send(first)[2] == commands.WRONG_KEY
    assert desk.log.next_seq == 2
    assert [result for _, result, _ in desk.wrote] == [
        commands.OK, commands.REPLAYED, commands.NOT_PROVEN, commands.WRONG_KEY]


def test_an_earlier_counter_is_refused_after_a_later_one():
    link = Desk().link()
    link.prove()
    early, late = link.sealed(commands.ENTRY, _entry(1)), link.sealed(commands.ENTRY, _entry(2))
    assert link.send(late)[2] == commands.OK
    assert link.send(early)[2] == commands.REPLAYED


def test_another_key_and_any_changed_bit_are_refused():
    desk = Desk()
    link = desk.link()
    link.prove()
    assert link.send(link.sealed(commands.ENTRY, _entry(), key=b"x" * 32))[2] == commands.WRONG_KEY
    good = link.sealed(commands.ENTRY, _entry())
    for bit in range(8 * len(good)):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        if bad[0] != commands.TIME:  # which writes nothing
            assert link.send(bytes(bad))[2] != commands.OK, bit
    assert desk.log.next_seq == 1 and not [told for told in desk.wrote if told[1] == commands.OK]
    assert link.send(good)[2] == commands.OK


def test_the_key_alone_writes_no_entry_and_provisions_no_board_without_code_or_button():
    desk = Desk()
    link = desk.link()
    link.prove()
    who = struct.pack(commands.PROVISION_BODY, b"mine", b"x" * 32, b"y" * 32, 1, 1000000, 0, 0, 420000)
    for op, body in ((commands.ENTRY, _entry()), (commands.PROVISION, who), (commands.UNPAIR, b"\1")):
        assert link.send(link.sealed(op, body, check=111111))[2] == commands.REFUSED
    assert desk.config.device_key == KEY and desk.log.next_seq == 1 and not desk.forgotten
    assert desk.wrote == [(op, commands.REFUSED, HOST)
                          for op in (commands.ENTRY, commands.PROVISION, commands.UNPAIR)]


def test_keys_are_taken_from_a_cable_only_whoever_sends_them_on_the_air():
    who = struct.pack(commands.PROVISION_BODY, b"mine", b"x" * 32, b"y" * 32, 1, 1000000, 0, 0, 420000)
    for by_cable, result, key in ((False, commands.REFUSED, KEY), (True, commands.OK, b"x" * 32)):
        desk = Desk()
        link = desk.link(by_cable)
        link.prove()
        assert link.send(link.sealed(commands.PROVISION, who))[2] == result
        assert desk.config.device_key == key


def test_a_name_that_no_boot_could_read_or_advertise_is_refused_and_changes_nothing():
    for name in (b"", b"\xff\xfe", b"B01\xc3", b"B 01", b"B01\n", b"B01\0x", b"123456789", b"\x1b[2J"):
        desk = Desk()
        link = desk.link()
        link.prove()
        who = struct.pack(commands.PROVISION_BODY, name, b"x" * 32, b"y" * 32, 1, 1000000, 0, 0, 420000)
        assert link.send(link.sealed(commands.PROVISION, who))[2] == commands.MALFORMED
        assert desk.config.device_key == KEY and desk.config.name == Desk().config.name


def test_a_host_has_its_own_bond_forgotten_with_the_key_and_all_with_the_code():
    desk = Desk()
    link = desk.link()
    link.prove()
    assert link.send(link.sealed(commands.UNPAIR, b"\0", check=0))[2] == commands.OK
    assert link.send(link.sealed(commands.UNPAIR, b"\1"))[2] == commands.OK
    assert desk.forgotten == ["peer", None]
    for body in (b"", b"\2", b"\0\0"):
        assert link.send(link.sealed(commands.UNPAIR, body))[2] == commands.MALFORMED


def test_a_write_without_a_code_is_malformed():
    link = Desk().link()
    link.prove()
    for body in (b"", bytes(19), _anchor()[:3]):
        assert link.send(commands.request(commands.ANCHOR, 3, 0, body))[2] == commands.MALFORMED
