"""What time it is: told for the moment of the answer, noted for the record's own time, never stepped."""

import struct

from gateway.clock import Uptime
from gateway.command_server import CommandServer
from gateway.config import Config
from gateway.guard import Guard
from helpers.on_board.long_uptime import count_last_days
from pumpwire import commands, receiving
from pumpwire.units import TICKS_WRAP


T0_S = 190000000
HOUR_MS = 3600000


class Nvs:
    def get(self, key):
        return None


class Log:
    """Keeps what is appended."""

    def __init__(self):
        self.boot = 3
        self.values = [0] * 8
        self.anchors = []

    def append(self, kind, blob=None):
        self.anchors.append(tuple(self.values[:5]))
        return len(self.anchors) - 1


class Desk:
    """A board whose clock stands where the test puts it: `clock_ms` runs on past the last tick."""

    def __init__(self):
        self.log = Log()
        self.uptime = Uptime()
        self.clock_ms = 0
        self.chip = []
        self.server = CommandServer(None, self.log, self.uptime, lambda: False, None,
                                    self.chip.append, lambda: self.clock_ms,
                                    lambda *told: None, None)
        self.guard = Guard(None, Config(Nvs()), self.log, bytes)  # without a key: no codes

    def tick(self, ms):
        """Ticks come until so many ms since boot."""
        while ms - self.uptime.s * 1000 - self.uptime.ms > 86400000:
            self._advance(86400000)
        self._advance(ms - self.uptime.s * 1000 - self.uptime.ms)

    def _advance(self, ms):
        self.clock_ms = (self.uptime._last_ms + ms) % TICKS_WRAP
        self.uptime.advance(self.clock_ms)

    def time(self):
        """Returns what TIME answers."""
        answer = self.server.handle(commands.request(commands.TIME, 1, 0, b""), self.guard)
        return struct.unpack(commands.TIME_BODY, receiving.read_response(answer)[3])

    def anchor(self, utc_ms, uncertainty_ms=60, synced=1, told=None):
        """Says that it was utc_ms (since T0) as TIME answered `told`; returns the result."""
        body = struct.pack(commands.ANCHOR_BODY, T0_S + utc_ms // 1000, utc_ms % 1000, uncertainty_ms,
                           77, synced, *(told or self.time()))
        answer = self.server.handle(commands.request(commands.ANCHOR, 1, 0, body), self.guard)
        return receiving.read_response(answer)[2]


def test_time_is_that_of_the_answer_and_not_of_the_last_tick():
    desk = Desk()
    desk.tick(1900)
    desk.clock_ms = 2850
    assert desk.time() == (3, 2, 850)
    assert (desk.uptime.s, desk.uptime.ms) == (1, 900)  # a record's time stays on the ticks
    desk.tick(TICKS_WRAP + 1900)
    desk.clock_ms = 2850
    assert desk.time() == (3, (TICKS_WRAP + 2850) // 1000, (TICKS_WRAP + 2850) % 1000)


def test_an_anchor_says_what_time_it_was_at_its_records_own_time():
    for answered_ms, noted_ms in ((1850, 1000), (1850, 2000), (2050, 1000), (59990, 1000),
                                  (1850, 60000)):
        desk = Desk()
        desk.tick(1000)
        desk.clock_ms = answered_ms
        told = desk.time()
        desk.tick(noted_ms)
        assert desk.anchor(5000 + answered_ms, told=told) == commands.OK
        utc_ms = 5000 + noted_ms  # the board's clock kept UTC + 5 s all along
        assert desk.log.anchors == [(T0_S + utc_ms // 1000, utc_ms % 1000, 60, 77, 1)]


def test_an_answer_of_another_boot_or_of_long_ago_anchors_nothing():
    desk = Desk()
    desk.tick(100000)
    told = desk.time()
    assert desk.anchor(0, told=(2, 100, 0)) == commands.REFUSED
    assert desk.anchor(0, told=(3, 30, 0)) == commands.REFUSED
    assert desk.anchor(0, told=(3, 4000000000, 0)) == commands.REFUSED
    desk.tick(200000)
    assert desk.anchor(0, told=told) == commands.REFUSED
    assert desk.log.anchors == [] and not desk.server.anchored


def test_a_time_before_2020_or_beyond_30_bits_is_malformed():
    desk = Desk()
    desk.tick(30000)
    desk.clock_ms = 59000
    told = desk.time()
    for epoch_s in (0, 28, (1 << 30) + 29, (1 << 32) - 1):
        body = struct.pack(commands.ANCHOR_BODY, epoch_s, 0, 60, 77, 1, *told)
        answer = desk.server.handle(commands.request(commands.ANCHOR, 1, 0, body), desk.guard)
        assert receiving.read_response(answer)[2] == commands.MALFORMED
    assert desk.log.anchors == []


def test_an_anchor_is_noted_only_where_it_improves_on_the_last():
    # (uptime, what the host's clock is ahead by, uncertainty, synced, noted?)
    for steps in (
        ((0, 0, 60, 1, True), (9000, 0, 60, 1, False), (9000, 0, 59, 1, True)),
        ((0, 0, 60, 1, True), (HOUR_MS, 0, 419, 1, True)),  # 360 ms may have been lost since
        ((0, 0, 60, 1, True), (HOUR_MS, 0, 420, 1, False)),
        ((0, 0, 60, 1, True), (1000, 121, 60, 1, True)),  # denied: both cannot be right
        ((0, 0, 60, 1, True), (1000, 119, 60, 1, False)),
        ((0, 0, 60, 1, True), (1000, -121, 60, 1, True)),
        ((0, 0, 60, 1, True), (1000, 24 * 60000, 60, 1, True), (2000, 0, 60, 1, True)),
        ((0, 0, 60, 1, True), (1000, 400 * 86400000, 60, 1, True)),
        ((0, 0, 60, 0, True), (1000, 0, 60, 1, True), (HOUR_MS, 0, 1, 0, False)),  # nobody keeps it
        ((0, 0, 60, 1, True), (1000, 24 * 60000, 60, 0, True)),
        ((0, 0, 60, 2, True), (1000, 0, 60, 1, False)),
    ):
        desk = Desk()
        for uptime_ms, ahead_ms, uncertainty_ms, synced, noted in steps:
            desk.tick(uptime_ms)
            before = len(desk.log.anchors)
            result = desk.anchor(500000 + uptime_ms + ahead_ms, uncertainty_ms, synced)
            assert result == (commands.OK if noted else commands.ALREADY), steps
            assert len(desk.log.anchors) - before == noted, steps
            assert desk.time()[1:] == (uptime_ms // 1000, uptime_ms % 1000)  # no host steps the board's


def test_uptime_counts_on_to_34_years_over_the_wraps_of_its_last_months():
    """Over every wrap: tests/soak/test_ticks."""
    count_last_days(100)
