"""The radio on its stack: busy, overrun, and with strangers on it."""

import bluetooth
from gateway.clock import Uptime
from gateway.pairing import Pairing
from pumpwire import commands, gatt, uuids
from radio import Radio
from radio_bonds import Bonds

STRANGER = b"\1\2\3\4\5\6"
HOST = b"\6\5\4\3\2\1"
HOST_KEY = b"\0\1\2\3\4\5\6"  # type and address as the stack's secrets have it: lowest first


class Nvs:
    def __init__(self):
        self.values = {}
        self.get = self.values.get
        self.set = self.values.__setitem__


class Config:
    pairing_key = b"p" * 32


class Handler:
    def __init__(self):
        self.peers = []
        self.has_room = True
        self.writes = []
        self.now_s = 0
        self.access = []
        self.uptime = Uptime()
        self.pairing = Pairing(Config(), lambda n: b"7" * n)

    def room(self):
        return self.has_room

    def info(self):
        return b"info"

    def status(self):
        return b"status"

    def pairing_value(self):
        return self.pairing.value(self.now_s)

    def passkey(self):
        return self.pairing.passkey(self.now_s)

    def paired(self, address):
        self.pairing.paired()
        self.access.append(address)

    def wrote(self, op, result, host_id):
        self.access.append((op, result, host_id))

    def opened(self, peer):
        self.peers.append(peer)

    def closed(self, peer):
        self.peers.remove(peer)

    def written(self, peer, channel, data):
        self.writes.append((peer.secured, data))


def _started(refusals=0, nvs=None):
    bluetooth.BLE.only = None
    radio = Radio(nvs or Nvs())
    radio.ble.refusals = refusals
    radio.start("B01", Handler())
    return radio


def _connect(radio, conn, address=STRANGER, now_s=0):
    radio.ble.central(1, conn, 0, address)
    radio.service(now_s)
    return radio._peers.get(conn)


def _handle(radio, channel):
    return radio._handles[channel]


def _pair(radio, conn, address, key, now_s=0):
    """Pairs as NimBLE tells it: passkey, secrets of both kinds, encryption."""
    radio._handler.pairing.pressed(now_s)
    _connect(radio, conn, address, now_s)
    radio.ble.central(31, conn, 3, 0)
    radio.service(now_s)
    for kind in (1, 2):
        assert radio.ble.central(30, kind, key, b"ltk of " + address)
    radio.ble.central_secures(conn)
    radio.service(now_s)


def test_an_advertisement_that_is_refused_is_made_later():
    radio = _started(2)
    assert radio.ble.advertised is None
    radio.service(0)
    assert radio.ble.advertised is None
    radio.service(0)
    assert b"B01" in radio.ble.advertised[1]


def test_a_board_that_is_named_anew_is_heard_by_that_name_at_once():
    radio = _started()
    radio.rename("B07")
    assert b"B07" in radio.ble.advertised[1] and b"B01" not in radio.ble.advertised[1]
    assert radio.ble.options["gap_name"] == "B07" and radio.ble.values[radio._serial] == b"B07"
    radio.ble.refusals = 1
    radio.rename("B08")
    radio.service(0)
    assert b"B08" in radio.ble.advertised[1]


def test_a_packet_that_is_refused_is_kept_by_the_sender():
    radio = _started()
    peer = _connect(radio, 7)
    radio.ble.central_secures(7)
    radio.ble.refusals = 1
    assert not peer.notify(uuids.LOG, b"one")
    assert peer.notify(uuids.LOG, b"one") and radio.ble.sent[-1][2] == b"one"


def test_it_asks_for_secure_connections_with_a_passkey_and_a_bond():
    options = _started().ble.options
    assert (options["le_secure"], options["mitm"], options["bond"], options["io"]) == (1, 1, 1, 0)


def test_all_but_info_and_pairing_wants_encryption_and_authentication():
    import radio_services

    for channel in gatt.CHARACTERISTICS:
        flags = radio_services._FLAGS[channel]
        if channel not in uuids.OPEN:
            assert not flags & 0x02 or flags & 0x0600 == 0x0600
            assert not flags & 0x0C or flags & 0x3000 == 0x3000


def test_a_host_that_breaks_off_while_it_is_asked_for_the_passkey_is_told_of_once():
    radio = _started()
    radio._handler.pairing.pressed(0)
    _connect(radio, 7)
    radio.ble.central(31, 7, 3, 0)
    radio.service(0)
    radio.ble.central(2, 7, 0, STRANGER)
    radio.service(0)
    assert radio._handler.access == [(commands.PAIR, commands.WRONG_KEY, 0)]


def _about(radio):
    """Returns the handles of Device Information, by number, and of the time."""
    handles = sorted(radio.ble.values)[len(gatt.CHARACTERISTICS) :]
    return dict(zip(gatt.ABOUT, handles)), handles[-1]


def test_what_device_information_tells_a_stranger_is_what_the_advertisement_tells():
    radio = _started()
    about, _ = _about(radio)
    _connect(radio, 7)
    values = radio.ble.values
    for number, handle in about.items():
        assert values[handle]
        assert radio.ble.central(4, 7, handle) == (0 if number in gatt.OPEN_ABOUT else 5)
    assert values[about[gatt.SERIAL]] == b"B01" and b"B01" in radio.ble.advertised[1]
    assert values[about[gatt.FIRMWARE_REVISION]].count(b".") == 2
    radio.ble.central_secures(7)
    assert not any(radio.ble.central(4, 7, handle) for handle in about.values())


def test_a_secured_host_reads_the_uptime_in_tenths_of_a_second_and_a_stranger_does_not():
    radio = _started()
    _, time = _about(radio)
    _connect(radio, 7)
    assert radio.ble.central(4, 7, time) == 5 and radio.ble.values[time] == b""
    radio.ble.central_secures(7)
    radio._handler.uptime.s, radio._handler.uptime.ms = 3600, 250
    radio.service(3600)
    assert radio.ble.central(4, 7, time) == 0
    assert radio.ble.values[time] == bytes((0x25, 0xA2, 0x8C, 0, 0, 0, 0, 7, 0, 0, 0))


def test_a_write_to_what_takes_none_is_dropped():
    radio = _started()
    about, time = _about(radio)
    _connect(radio, 7)
    for handle in [time] + list(about.values()):
        radio.ble.central_writes(7, handle, b"x")
    radio.service(0)
    assert not radio._handler.writes


def test_a_stranger_reads_and_is_sent_nothing_until_the_link_is_secured_in_every_respect():
    radio = _started()
    peer = _connect(radio, 7)
    status = _handle(radio, uuids.STATUS)
    for told in ((0, 0, 0), (1, 0, 0), (1, 0, 1), (1, 1, 0), (0, 1, 1)):
        radio.ble.central(28, 7, *(told + (16,)))
        radio.service(0)
        assert radio.ble.central(4, 7, status) == 5 and radio.ble.values[status] == b""
        assert radio.ble.central(4, 7, _handle(radio, uuids.PAIRING)) == 0
        assert not peer.secured and not peer.notify(uuids.LOG, b"log") and not radio.ble.sent
    radio.ble.central_secures(7)
    radio.service(0)
    assert radio.ble.central(4, 7, status) == 0 and radio.ble.values[status] == b"status"
    assert peer.notify(uuids.LOG, b"log")


def test_what_one_connection_may_the_next_on_its_handle_may_not():
    radio = _started()
    peer = _connect(radio, 7)
    radio.ble.central_writes(7, _handle(radio, uuids.RACP), b"a stranger's")
    radio.ble.central(2, 7, 0, STRANGER)
    radio.ble.central(1, 7, 0, HOST)
    radio.ble.central_secures(7)
    radio.service(0)
    assert radio._handler.writes == [(False, b"a stranger's")]
    assert not peer.secured and radio._peers.get(7).secured


def test_events_that_find_no_room_are_counted_and_a_missed_end_begins_anew():
    radio = _started()
    _connect(radio, 7)
    for _ in range(40):
        radio.ble.central_writes(7, _handle(radio, uuids.RACP), b"x")
    assert radio.dropped == 16
    radio.service(0)
    assert len(radio._handler.writes) == 24 and not radio.ble.disconnected
    for _ in range(40):
        radio.ble.central(21, 7, 100)
    radio.service(0)
    assert radio.ble.disconnected == [7]


def test_a_passkey_is_told_while_the_window_is_open_and_three_times_at_most():
    radio = _started()
    _connect(radio, 7)
    radio.ble.central(31, 7, 3, 0)
    radio.service(0)
    assert not radio.ble.passkeys and radio.ble.disconnected == [7]
    radio._handler.pairing.pressed(0)
    for attempt in range(1, 5):
        radio.ble.central(2, 7, 0, STRANGER)
        _connect(radio, 7)
        radio.ble.central(31, 7, 3, 0)
        radio.service(0)
        radio.ble.central(28, 7, 0, 0, 0, 0)
        radio.service(0)
        assert len(radio.ble.passkeys) == min(attempt, 3)
    assert not radio._handler.pairing.open(0)
    assert radio._handler.access == 3 * [(commands.PAIR, commands.WRONG_KEY, 0)]


def test_a_host_that_paired_is_known_after_a_reboot_and_the_window_closes():
    nvs = Nvs()
    radio = _started(nvs=nvs)
    _pair(radio, 7, HOST, HOST_KEY)
    assert radio._peers.get(7).secured and not radio._handler.pairing.open(0)
    radio.ble.central(2, 7, 0, HOST)
    radio.service(0)
    assert radio._handler.access == [HOST_KEY]
    radio = _started(nvs=nvs)
    assert radio.ble.central(29, 1, 0, HOST_KEY) == b"ltk of " + HOST
    assert radio.ble.central(29, 2, 0, None) == b"ltk of " + HOST
    assert radio.ble.central(29, 1, 1, None) is None


def test_a_stranger_who_pairs_without_a_passkey_leaves_no_bond():
    nvs = Nvs()
    radio = _started(nvs=nvs)
    radio._handler.pairing.pressed(0)
    _connect(radio, 7)
    assert radio.ble.central(30, 1, HOST_KEY, b"just works")  # refused, NimBLE would ask for ever
    assert radio.ble.central(29, 1, 0, HOST_KEY) is None
    radio.ble.central(28, 7, 1, 0, 1, 16)
    radio.service(0)
    assert not nvs.values and not radio._peers.get(7).secured and not radio._handler.access


def test_a_wrong_passkey_leaves_no_bond():
    nvs = Nvs()
    radio = _started(nvs=nvs)
    radio._handler.pairing.pressed(0)
    _connect(radio, 7)
    radio.ble.central(31, 7, 3, 0)
    radio.service(0)
    radio.ble.central(30, 1, HOST_KEY, b"wrong")
    radio.ble.central(28, 7, 0, 0, 0, 0)
    radio.service(0)
    radio.ble.central_secures(7)
    radio.service(0)
    assert not nvs.values


def _secret(rand=b"\0" * 8, present=1):
    """Returns a secret as NimBLE lays it out: without a random number it is of LE Secure Connections."""
    return b"\0" * 16 + rand + b"l" * 16 + bytes((present,)) + b"\0" * 47


LEGACY = (_secret(b"\0\0\0\7\0\0\0\0"), _secret(present=0))


def test_a_host_that_pairs_by_the_older_protocol_is_never_secured_and_leaves_no_bond():
    for value in LEGACY:
        for late in (False, True):
            nvs = Nvs()
            radio = _started(nvs=nvs)
            radio._handler.pairing.pressed(0)
            peer = _connect(radio, 7, HOST)
            radio.ble.central(31, 7, 3, 0)
            radio.service(0)
            if late:  # a stack that tells of the encryption before it hands over the keys
                radio.ble.central(28, 7, 1, 1, 0, 16)
                radio.service(0)
            for kind in (1, 2):  # a host may give a key of its own without a random number
                assert radio.ble.central(30, kind, HOST_KEY, value if kind == 1 else _secret())
            radio.ble.central_secures(7)
            assert not peer.secured and radio.ble.central(4, 7, _handle(radio, uuids.STATUS)) == 5
            radio.service(0)
            assert radio.ble.disconnected == [7] and not peer.secured and not nvs.values
            radio.ble.central_secures(7)
            assert not peer.secured  # until its link is gone
            radio.ble.central(2, 7, 0, HOST)
            radio.service(0)
            assert radio._handler.access == [(commands.PAIR, commands.WRONG_KEY, 0)]
            assert radio.ble.central(29, 1, 0, HOST_KEY) is None


def test_beside_a_host_that_is_refused_a_bonded_host_goes_on():
    nvs = Nvs()
    radio = _started(nvs=nvs)
    _pair(radio, 5, HOST, HOST_KEY)
    radio._handler.pairing.pressed(0)
    _connect(radio, 7)
    radio.ble.central(31, 7, 3, 0)
    radio.service(0)
    radio.ble.central(30, 1, b"\1" + STRANGER, LEGACY[0])
    radio.ble.central_secures(5)
    radio.service(0)
    assert radio._peers.get(5).secured and radio.ble.disconnected == [7]


def test_a_bond_by_the_older_protocol_from_an_earlier_firmware_lets_nobody_in():
    for value, known in ((LEGACY[0], False), (LEGACY[1], False), (_secret(), True)):
        nvs = Nvs()
        Bonds(nvs).keep({kind: (HOST_KEY, value) for kind in (1, 2)})
        radio = _started(nvs=nvs)
        assert (radio.ble.central(29, 1, 0, HOST_KEY) is not None) == known
        _pair(radio, 7, HOST, HOST_KEY)
        radio = _started(nvs=nvs)
        assert radio.ble.central(29, 1, 0, HOST_KEY) == b"ltk of " + HOST


def test_keys_that_come_after_the_link_is_authenticated_are_kept_too():
    nvs = Nvs()
    radio = _started(nvs=nvs)
    radio._handler.pairing.pressed(0)
    _connect(radio, 7, HOST)
    radio.ble.central(31, 7, 3, 0)
    radio.service(0)
    radio.ble.central(28, 7, 1, 1, 0, 16)  # not bonded yet
    radio.service(0)
    assert not radio._peers.get(7).secured
    radio.ble.central_secures(7)
    radio.service(0)
    for kind in (1, 2):
        assert radio.ble.central(30, kind, HOST_KEY, b"late")
    radio.service(0)
    assert _started(nvs=nvs).ble.central(29, 2, 0, HOST_KEY) == b"late"


def test_a_bond_that_the_stack_deletes_to_pair_anew_is_hidden_until_the_link_ends():
    nvs = Nvs()
    radio = _started(nvs=nvs)
    _pair(radio, 7, HOST, HOST_KEY)
    radio.ble.central(2, 7, 0, HOST)
    _connect(radio, 8, HOST)  # a stranger who bears that address
    for kind in (1, 2):
        assert radio.ble.central(30, kind, HOST_KEY, None)
        assert radio.ble.central(29, kind, 0, HOST_KEY) is None  # else NimBLE would ask for ever
        assert not radio.ble.central(30, kind, HOST_KEY, None)
    radio.ble.central(2, 8, 0, HOST)
    radio.service(0)
    assert radio.ble.central(29, 1, 0, HOST_KEY) == b"ltk of " + HOST


def test_a_bonded_host_that_forgot_pairs_anew():
    radio = _started()
    _pair(radio, 7, HOST, HOST_KEY)
    radio.ble.central(2, 7, 0, HOST)
    radio.service(0)
    radio._handler.pairing.pressed(0)
    _connect(radio, 8, HOST)
    for kind in (1, 2):
        assert radio.ble.central(30, kind, HOST_KEY, None)
    radio.ble.central(31, 8, 3, 0)
    radio.service(0)
    for kind in (1, 2):
        assert radio.ble.central(30, kind, HOST_KEY, b"renewed")
    radio.ble.central_secures(8)
    radio.service(0)
    assert radio.ble.central(29, 1, 0, HOST_KEY) == b"renewed"


def test_a_ninth_host_pushes_out_the_one_that_paired_first():
    nvs = Nvs()
    radio = _started(nvs=nvs)
    keys = [bytes((0, n, 2, 3, 4, 5, 6)) for n in range(9)]
    for n in range(9):
        _pair(radio, 7, bytes(reversed(keys[n][1:])), keys[n])
        radio.ble.central(2, 7, 0, HOST)
        radio.service(0)
    radio = _started(nvs=nvs)
    found = [radio.ble.central(29, 1, 0, key) for key in keys]
    assert found[0] is None and all(found[1:])
    assert all(len(value) <= 256 for value in nvs.values.values())


def test_an_unpaired_host_is_forgotten_and_has_to_leave():
    nvs = Nvs()
    radio = _started(nvs=nvs)
    _pair(radio, 7, HOST, HOST_KEY)
    assert radio.unpair(radio._peers.get(7)) and not radio.unpair(radio._peers.get(7))
    radio.service(1)
    assert not radio.ble.disconnected  # its answer is on the way
    radio.service(2)
    assert radio.ble.disconnected == [7]
    assert _started(nvs=nvs).ble.central(29, 1, 0, HOST_KEY) is None


def test_a_stranger_is_put_out_after_30_s_and_a_bonded_host_is_not():
    radio = _started()
    _connect(radio, 7, now_s=100)
    _connect(radio, 8, HOST, now_s=100)
    radio.ble.central_secures(8)
    radio.service(129)
    assert not radio.ble.disconnected
    radio.service(130)
    assert radio.ble.disconnected == [7]
    radio.service(100000)
    assert radio.ble.disconnected == [7]


def test_strangers_on_every_place_keep_nobody_out_for_more_than_5_s():
    radio = _started()
    for conn in (1, 2):
        _connect(radio, conn)
    radio.ble.advertised = None
    _connect(radio, 3)
    radio.service(4)
    assert not radio.ble.disconnected and radio.ble.advertised is None
    radio.service(5)
    assert radio.ble.disconnected == [1]
    radio.ble.central(2, 1, 0, STRANGER)
    radio.service(5)
    assert radio.ble.advertised is not None and radio._peers.count() == 2


def test_while_a_host_gives_its_passkey_no_stranger_is_beside_it_but_a_bonded_host_may_come():
    radio = _started()
    _pair(radio, 5, HOST, HOST_KEY)
    radio.ble.central(2, 5, 0, HOST)
    radio._handler.pairing.pressed(0)
    _connect(radio, 1)
    _connect(radio, 2)
    radio.ble.central(31, 2, 3, 0)
    radio.service(0)
    assert radio.ble.disconnected == [1]
    _connect(radio, 4, HOST)
    assert radio.ble.disconnected == [1]
    radio.ble.central(2, 4, 0, HOST)
    _connect(radio, 3)
    assert radio.ble.disconnected == [1, 3]
