"""A link that is not secured: nothing written is looked at, nothing is sent, next to nothing is read."""

from gateway.clock import Uptime
from gateway.event_log import EventLog
from gateway.peer_session import Session
from helpers.on_board.nor import Nor, random
from pumpwire import receiving, commands, records, uuids


class Peer:
    packet_bytes = 244

    def __init__(self, secured):
        self.secured = secured
        self.sent = []

    def notify(self, channel, data):
        self.sent.append((channel, bytes(data)))
        return True

    indicate = notify


class Commands:
    def __init__(self):
        self.handled = []

    def handle(self, data, guard):
        self.handled.append(data)
        return commands.response(1, 1, commands.OK)


def _session(secured):
    log = EventLog(Nor(2), Uptime(), random)
    log.mount(1, 100)
    for at, value in enumerate((60000, 5, 0)):
        log.values[at] = value
    assert log.append(records.MINUTE) == 1
    peer = Peer(secured)
    values = {channel: (lambda: b"value") for channel in uuids.READABLE}
    return Session(peer, log, Commands(), values, None), peer


def test_an_unsecured_link_reads_what_is_open_and_gets_nothing_else():
    session, peer = _session(False)
    session.written(uuids.RACP, receiving.report_from(0))
    session.written(uuids.RACP, receiving.count_from(0))
    session.written(uuids.COMMAND, commands.request(commands.TIME, 1, 0, b""))
    session.written(uuids.FLOW, b"\0\0\1")
    session.pump()
    assert not peer.sent and not session.active and not session._commands.handled
    assert [channel for channel in range(16) if session.read(channel)] == sorted(uuids.OPEN)


def test_a_secured_link_gets_it():
    session, peer = _session(True)
    session.written(uuids.RACP, receiving.count_from(0))
    session.written(uuids.COMMAND, commands.request(commands.TIME, 1, 0, b""))
    session.pump()
    assert [channel for channel, _ in peer.sent] == [uuids.RACP, uuids.COMMAND]
    assert [channel for channel in range(16) if session.read(channel)] == sorted(uuids.READABLE)


def test_a_link_that_is_no_longer_secured_gets_no_more_of_a_transfer_that_ran():
    session, peer = _session(True)
    session.written(uuids.RACP, receiving.report_from(0))
    assert session.active
    peer.secured = False
    session.pump()
    assert not peer.sent and not session.active
    peer.secured = True
    session.pump()
    assert not peer.sent
