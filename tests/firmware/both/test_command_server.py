"""Entries on the board: each once, and none taken for another."""

from gateway import slots
from gateway.clock import Uptime
from gateway.command_server import CommandServer
from gateway.config import Config
from gateway.event_log import EventLog
from gateway.guard import Guard
from helpers.on_board.nor import Nor, random
from pumpwire import commands, decoding, entries, page, receiving, records
from pumpwire.check import crc16


class Nvs:
    def __init__(self):
        self._values = {}
        self.get = self._values.get
        self.set = self._values.__setitem__


def _server():
    flash = Nor(4)
    uptime = Uptime()
    log = EventLog(flash, uptime, random)
    log.mount(1, 10000)
    server = CommandServer(Config(Nvs()), log, uptime, lambda: True, lambda kind, fields: None,
                           lambda epoch_s: None, lambda: 0, lambda *told: None,
                           lambda peer: False)
    return server, flash


def _handle(server, request):
    """A board without a key asks for no code: what follows here is the same with one."""
    return server.handle(request, Guard(None, server._config, server._log, random))


def _enter(server, uuid):
    body = entries.pack(uuid, b"AB", 1, 2, 3, entries.READING, (250000,))
    return receiving.read_response(_handle(server, commands.request(commands.ENTRY, 1, 0, body)))[2]


def _uuids_on(flash):
    data = bytearray(page.PAGE_BYTES)
    flash.read(0, 0, data)
    if slots.is_blank(data):
        return []
    return [entries.unpack(record.fields["entry"])[0] for record in decoding.decode_page(data)[1]
            if record.kind == records.ENTRY]


def _uuid(n):
    return (n * n * 40503 % 1000000007).to_bytes(4, "little") + b"of an entry."


def test_an_entry_sent_again_is_logged_once():
    server, flash = _server()
    assert _enter(server, _uuid(1)) == commands.OK
    assert _enter(server, _uuid(1)) == commands.ALREADY
    assert _uuids_on(flash) == [_uuid(1)]


def test_no_entry_is_taken_for_another_whatever_their_checks():
    seen = {}
    n = 0
    check = crc16(_uuid(n), 0, 16)
    while check not in seen:  # two with one CRC-16: among a few hundred there are some
        seen[check] = n
        n += 1
        check = crc16(_uuid(n), 0, 16)
    server, flash = _server()
    for uuid in (_uuid(seen[check]), _uuid(n)):
        assert _enter(server, uuid) == commands.OK
    assert len(_uuids_on(flash)) == 2


def test_the_oldest_of_many_is_forgotten_first():
    server, _ = _server()
    for n in range(70):
        assert _enter(server, _uuid(n)) == commands.OK
    assert _enter(server, _uuid(69)) == commands.ALREADY
    assert _enter(server, _uuid(6)) == commands.ALREADY
    assert _enter(server, _uuid(5)) == commands.OK


def test_a_writer_without_code_or_button_is_refused_and_nonsense_is_named():
    server, flash = _server()
    server._service_pressed = lambda: False
    assert _enter(server, _uuid(1)) == commands.REFUSED
    for data in (b"", b"\x03", bytes(5)):
        assert receiving.read_response(_handle(server, data))[2] == commands.MALFORMED
    assert receiving.read_response(_handle(server, commands.request(99, 7, 0, b"")))[1:3] == (
        7, commands.NO_SUCH_OP)
    assert _uuids_on(flash) == []
