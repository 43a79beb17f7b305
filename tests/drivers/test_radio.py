"""The radio on a stack that is busy: the loop goes on, and what was refused is done later."""

import bluetooth
from pumpwire import uuids
from radio import Radio


class Handler:
    def __init__(self):
        self.peers = []

    def info(self):
        return b"info"

    def status(self):
        return b"status"

    def opened(self, peer):
        self.peers.append(peer)

    def closed(self, peer):
        self.peers.remove(peer)

    def written(self, peer, channel, data):
        pass


def _started(refusals):
    bluetooth.BLE.only = None
    radio = Radio()
    radio.ble.refusals = refusals
    radio.start("B01", Handler())
    return radio


def test_an_advertisement_that_is_refused_is_made_later():
    radio = _started(2)
    assert radio.ble.advertised is None
    radio.service()
    assert radio.ble.advertised is None
    radio.service()
    assert b"B01" in radio.ble.advertised[1]


def test_a_packet_that_is_refused_is_kept_by_the_sender():
    radio = _started(0)
    radio._interrupt(1, (7, 0, b"peer"))
    radio.service()
    (peer,) = radio._handler.peers
    radio.ble.refusals = 1
    assert not peer.notify(uuids.LOG, b"one")
    assert peer.notify(uuids.LOG, b"one") and radio.ble.sent[-1][2] == b"one"
