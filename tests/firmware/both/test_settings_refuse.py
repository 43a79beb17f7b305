"""Settings that are full or refuse: a board answers so, and goes on logging without a restart.

A flash's key-value store can be full or worn. The log is elsewhere, and has what was entered.
"""

from boards.radio_bonds import Bonds
from gateway.clock import Uptime
from gateway.command_server import CommandServer
from gateway.config import Config
from gateway.event_log import EventLog
from gateway.guard import Guard
from helpers.on_board.nor import Nor, random
from pumpwire import commands, entries, receiving

FIELDS = {
    entries.REGIMEN: (100, 100, 900, 0), entries.PATIENT_START: (), entries.PATIENT_MOVE: (),
    entries.PATIENT_WITHDRAW: (), entries.PATIENT_END: (),
}
PROVISION = b"B01" + bytes(9) + b"d" * 32 + b"p" * 32 + bytes((1, 0, 0, 0)) + bytes(
    (64, 66, 15, 0, 168, 97, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0))


class Nvs:
    """after: how many settings it still takes; -1: any number."""

    def __init__(self):
        self.values = {}
        self.get = self.values.get
        self.after = -1

    def set(self, key, data):
        if not self.after:
            raise OSError(-0x1105)
        self.after -= 1
        self.values[key] = data


class Bed:
    def __init__(self):
        self.nvs = Nvs()
        self.log = EventLog(Nor(4), Uptime(), random)
        self.log.mount(1, 10000)
        self.applied = []
        self.bonds = Bonds(self.nvs)
        self.server = CommandServer(
            Config(self.nvs), self.log, Uptime(), lambda: True,
            lambda kind, fields: self.applied.append(kind), lambda epoch_s: None, lambda: 0,
            lambda *told: None, lambda peer: self.bonds.forget_all())

    def does(self, op, body, n=1):
        guard = Guard(None, self.server._config, self.log, random, True)
        return receiving.read_response(
            self.server.handle(commands.request(op, n & 255, 0, body), guard))[2]

    def enters(self, kind, n):
        return self.does(commands.ENTRY, entries.pack(
            n.to_bytes(16, "little"), b"AB", 1, 2, 3, kind, FIELDS[kind]), n)


def test_an_entry_that_the_settings_refuse_is_in_the_log_holds_and_is_told():
    bed = Bed()
    for n, kind in enumerate(FIELDS):
        had = bed.log.next_seq
        bed.nvs.after = 0
        assert bed.enters(kind, n) == commands.FAILED
        assert bed.log.next_seq == had + 1 and bed.applied[-1] == kind
        assert bed.enters(kind, n) == commands.ALREADY and bed.log.next_seq == had + 1
        bed.nvs.after = -1
        assert bed.enters(kind, n + 100) == commands.OK


def test_a_board_that_cannot_keep_its_keys_says_so_and_can_be_provisioned_again():
    for after in range(5):
        bed = Bed()
        bed.nvs.after = after
        assert bed.does(commands.PROVISION, PROVISION) == commands.FAILED
        assert not bed.server._config.provisioned and not Config(bed.nvs).provisioned
        bed.nvs.after = -1
        assert bed.does(commands.PROVISION, PROVISION) == commands.OK
        assert Config(bed.nvs).provisioned


def test_a_bond_that_cannot_be_kept_holds_until_the_next_start():
    key = b"\0\1\2\3\4\5\6"
    for after in range(2):
        bed = Bed()
        bed.nvs.after = after
        assert bed.bonds.keep({kind: (key, b"ltk") for kind in (1, 2)}) == key
        assert bed.bonds.known(key) and bed.bonds.get(1, 0, key) == b"ltk"


def test_a_bond_that_cannot_be_taken_back_is_told():
    bed = Bed()
    bed.bonds.keep({kind: (b"\0\1\2\3\4\5\6", b"ltk") for kind in (1, 2)})
    bed.nvs.after = 0
    assert bed.does(commands.UNPAIR, b"\1") == commands.FAILED


def test_nonsense_is_still_no_failure_of_the_settings():
    bed = Bed()
    bed.nvs.after = 0
    assert bed.does(commands.ENTRY, b"x") == commands.MALFORMED
