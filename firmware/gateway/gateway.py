"""The gateway: joins the board's ports to sampler, tracker, log and the links."""

from pumpwire import entries
from pumpwire.records import BOOT, GAP, TICKS_SKIPPED

from . import sampler, status
from .clock import Uptime
from .command_server import CommandServer
from .config import Config
from .event_log import EventLog
from .peer_session import Session
from .serial_peer import SerialPeer
from .tracker import Tracker
from .version import FIRMWARE


class Gateway:
    """Runs on any board that has the ports listed in boards/esp32/board.py."""

    def __init__(self, board):
        self.board = board
        self.uptime = Uptime()
        self.config = Config(board.nvs)
        self.log = EventLog(board.flash, self.uptime, board.random)
        self.tracker = Tracker(self.log, self.uptime)
        self.commands = CommandServer(
            self.config, self.log, self.uptime, board.service.pressed, self.applied
        )
        self.now_ms = 0
        self._sessions = {}
        self._skipped = 0
        self._news_from = 0

    def run(self):
        """Boots the log and runs for ever (on the bench: until power is cut)."""
        board = self.board
        boot = self.log.mount()
        values = self.log.values
        values[0] = boot
        values[1] = board.reset_reason()
        values[2] = FIRMWARE
        self.log.append(BOOT)
        self._restore()
        if board.serial is not None:
            self._serial = SerialPeer(board.serial, self)
            self.opened(self._serial)
        if board.radio is not None:
            board.radio.start(self.config.name, self)
        board.light.set(self.log.failures == 0)
        sampler.run(
            board.ticks(self.service), board.counter.value, board.handset.value,
            self.change, self.second,
        )

    def _restore(self):
        """Gives the tracker what was in force when power went."""
        config = self.config
        if config.provisioned:
            self.commands.log_calibration()
            self._calibrate()
        if config.regimen:
            self.tracker.set_regimen(*config.regimen)

    def _calibrate(self):
        config = self.config
        self.tracker.set_calibration(config.pl_per_count, config.cell_zero, config.cell_per_kg)

    def applied(self, kind, fields):
        """Takes into use what a person just entered; kind None: the board was provisioned."""
        if kind is None:
            self._calibrate()
        elif kind == entries.REGIMEN:
            self.tracker.set_regimen(*self.config.regimen)
        elif kind == entries.BAG:
            self.tracker.set_bag(fields["volume_ul"])

    def change(self, now_ms, counts, presses):
        """Takes counts and presses that the sampler saw at now_ms."""
        self.uptime.advance(now_ms)
        self.tracker.change(now_ms, counts, presses)

    def second(self, now_ms):
        """Runs once a second, between samples: the load cell, the tracker's timers."""
        self.now_ms = now_ms
        self.uptime.advance(now_ms)
        self.tracker.second(now_ms, self.board.load_cell.read())
        skipped = self.board.skipped
        if skipped != self._skipped:
            values = self.log.values
            values[0] = TICKS_SKIPPED
            values[1] = skipped - self._skipped
            values[2] = 0
            self._skipped = skipped
            self.log.append(GAP)

    def service(self):
        """Runs while the loop waits for its next tick; returns True while a link has work."""
        self.log.service()
        board = self.board
        if board.serial is not None:
            self._serial.service()
        if board.radio is not None:
            board.radio.service()
            board.radio.news(self.log.next_seq != self._news_from)
        busy = False
        for session in self._sessions.values():
            session.pump()
            busy = busy or session.active
        return busy

    def opened(self, peer):
        """A link came up."""
        self._sessions[peer] = Session(peer, self.log, self.commands, self.info, self.status)

    def closed(self, peer):
        """A link went down."""
        self._sessions.pop(peer).closed()

    def written(self, peer, channel, data):
        """A host wrote to a channel."""
        self._sessions[peer].written(channel, data)

    def read(self, peer, channel):
        """Returns what a host reads from a channel."""
        return self._sessions[peer].read(channel)

    def info(self):
        """Returns the INFO message."""
        return status.info(self.config, self.log)

    def status(self):
        """Returns the STATUS message."""
        return status.status(self.config, self.log, self.uptime, self.tracker, self.now_ms,
                             self.commands.anchored)
