"""The advertisement's one bit: whether a nurse has something to come for."""

from helpers.on_board.desk_board import DeskBoard
from gateway.gateway import Gateway
from helpers.on_board.nor import Nor
from pumpwire import receiving, uuids

MINUTE = 600  # ticks


class Radio:
    """A radio with one host, who is let in and takes what is sent; at(tick) is what it writes then."""

    secured = True
    packet_bytes = 244

    def __init__(self, script):
        self.told = []
        self._script = script
        self._packets = 0
        self._now_s = -1

    def start(self, name, handler):
        self._handler = handler
        handler.opened(self)

    def service(self, now_s):
        if now_s != self._now_s and now_s in self._script:
            self._packets = 0
            self._handler.written(self, uuids.RACP, self._script[now_s])
        if self._packets and now_s != self._now_s:  # what came is told to have come
            self._handler.written(self, uuids.FLOW, receiving.flow(self._packets, False))
        self._now_s = now_s

    def news(self, news):
        if not self.told or self.told[-1][1] != news:
            self.told.append((self._now_s, news))

    def unpair(self, peer):
        return False

    def rename(self, name):
        pass

    def notify(self, channel, data):
        self._packets += 1
        return True

    def indicate(self, channel, data):
        return True


def _told(minutes, script):
    board = DeskBoard(minutes * MINUTE)
    board.flash = Nor(8)
    board.radio = Radio(script)
    gateway = Gateway(board)

    try:
        gateway.run()
    finally:
        board.power_off()
    return board.radio.told


def test_until_a_host_took_all_there_is_news_and_an_hour_later_again():
    told = _told(120, {600: receiving.report_from(0)})
    assert [news for _, news in told] == [True, False, True]
    assert told[1][0] in (600, 601) and 600 + 30 * 60 <= told[2][0] <= 600 + 60 * 60


def test_who_counts_or_takes_a_part_leaves_the_news_for_the_next():
    part = b"\1\4\1" + bytes(8)
    told = _told(20, {300: receiving.count_from(0), 600: part, 700: receiving.report_from(5000)})
    assert [news for _, news in told] == [True]
