"""The gateway: joins the board's ports to sampler, tracker, log and the links."""

from micropython import const
from pumpwire import commands, entries, uuids
from pumpwire.records import (
    ACCESS, ANCHOR, AT_LINK, AT_MINUTE, AT_START, AT_WINDOW, GAP, LOOP, OWN_CLOCK, POWER, SUPPLY_BACK,
    SUPPLY_FAILING, SYNC_NOT_KNOWN, TICKS_SKIPPED,
)
from pumpwire.units import CHIP_EARLIEST_S, CHIP_LATEST_S, SMALL_INT_LIMIT

from . import sampler, status
from .clock import Uptime
from .command_server import CommandServer
from .config import Config
from .event_log import EventLog
from .guard import Guard
from .headroom import Headroom
from .note import note
from .peer_session import Session
from .resume import Memory
from .serial_peer import SerialPeer
from .tracker import Tracker
from .version import FIRMWARE

_LOOP_S = const(3600)
_LOOK_S = const(60)  # from look to look at the memory that is left
_OWN_CLOCK_MS = const(5000)
_NEWS = const(60)  # records since a host took all: an hour's, or less if much happened
_HELD_UP_TICKS = const(250)  # with news, written at once: no hold-up lasts longer
_DARK_S = const(8)  # while memory is short for the radio the light is dark for a second in so many
_FLASHES = const(4)  # of the light when something was written: half a second each, or as seconds come


class Gateway:
    """Runs on any board that has the ports listed in boards/esp32/board.py."""

    def __init__(self, board):
        self.board = board
        self._first_counts = board.counter.value()  # what comes while the log is mounted counts too
        self._first_presses = board.handset.value()
        self.uptime = Uptime()
        self.config = Config(board.nvs)
        self.log = EventLog(board.flash, self.uptime, board.random)
        self.tracker = Tracker(self.log, self.uptime, self.keep, board.relief.value())
        self.memory = Memory(board.retained)
        self.commands = CommandServer(
            self.config, self.log, self.uptime, self._button_held, self.applied, self.anchored,
            board.clock_ms, self.wrote, self.unpair,
        )
        self.headroom = Headroom(board.memory, self.log)
        self._look_next_s = _LOOK_S
        self.pairing = None  # without a radio nobody pairs, and its code may stay off the heap
        self._held = board.service.pressed()  # held at boot is service mode, no press
        self.now_ms = 0
        self._serial = None
        self._sessions = {}
        self._skipped = 0
        self._news_from = -_NEWS  # the head as a host last took all: none since the boot
        self._sampled = False
        self._lit = False
        self._flashes = 0
        self._failing = False
        self._held_up = 0
        self._loop_next_s = _LOOP_S
        self._loop_skipped = 0
        self._refusals = 0  # in this hour; the first is in the log
        self._refused = None  # the last

    def run(self):
        """Boots the log and runs for ever (on the bench: until power is cut)."""
        board = self.board
        reason = board.reset_reason()
        self.log.set_key(self.config.device_key)
        boot = self.log.mount(reason, FIRMWARE)
        self.memory.note_resumed(self.log, boot, reason)
        self._note_own_clock()
        self._restore()
        if board.serial is not None:
            self._serial = SerialPeer(board.serial, self)
            self.opened(self._serial)
        self.headroom.look(AT_START)
        if board.radio is not None:
            from .pairing import Pairing

            self.pairing = Pairing(self.config, board.random)
            board.radio.start(self.config.name, self)
        self._light()
        sampler.run(
            board.ticks(self.service), board.counter.value, board.handset.value,
            self._first_counts, self._first_presses, self.change, self.second,
        )

    def _own_clock(self):
        """Returns what the clock chip says, None if no right chip can say that: no time is better."""
        epoch_s = self.board.rtc.read()
        if epoch_s is None or not CHIP_EARLIEST_S <= epoch_s < CHIP_LATEST_S:
            return None
        return epoch_s

    def _note_own_clock(self):
        epoch_s = self._own_clock()
        if epoch_s is not None:
            note(self.log, ANCHOR, epoch_s, 0, _OWN_CLOCK_MS, OWN_CLOCK, SYNC_NOT_KNOWN)

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
        self.tracker.set_calibration(
            config.pl_per_count, config.uncertainty_ppm, config.cell_zero, config.cell_per_kg
        )

    def applied(self, kind, fields):
        """Takes into use what a person just entered; kind None: the board was provisioned."""
        if kind is None:
            self.log.set_key(self.config.device_key)
            self._calibrate()
            self.unpair(None)  # other keys: whoever had the old ones is a stranger now
            if self.board.radio is not None:
                self.board.radio.rename(self.config.name)
        elif kind == entries.REGIMEN:
            self.tracker.set_regimen(*self.config.regimen)
        elif kind == entries.BAG:
            self.tracker.set_bag(fields["volume_ul"])

    def anchored(self, epoch_s):
        """Sets a clock chip that has lost its time, or never had it; one that runs is never stepped."""
        if self._own_clock() is None:
            self.board.rtc.set(epoch_s)

    def change(self, now_ms, counts, presses, span_ms):
        """Takes counts and presses that the sampler saw at now_ms."""
        self.uptime.advance(now_ms)
        self.tracker.change(now_ms, counts, presses, span_ms)
        if self._held_up:  # there may be no minute's end
            self._held_up -= 1
            self.tracker.flush_minute()

    def second(self, now_ms):
        """Runs once a second, between samples: the sensors that can wait, the tracker's timers."""
        board = self.board
        self.now_ms = now_ms
        self.uptime.advance(now_ms)
        self.tracker.second(now_ms, board.load_cell.read(), board.relief.value(),
                            board.handset.closed(), board.temperature.read)
        if board.skipped != self._skipped or self.uptime.s >= self._loop_next_s:
            self._watch_loop()
        if self._flashes:
            self._flashes -= 1
            board.light.set(self._lit == (self._flashes % 2 == 0))
        elif self._shines() != self._lit:
            self._light()
        self._sampled = True

    def _light(self):
        """Lets the light say "logging" or "not logging"; it flashes when somebody wrote."""
        self._lit = self._shines()
        self.board.light.set(self._lit)

    def _shines(self):
        return self.log.logging and not (self.headroom.held and self.uptime.s % _DARK_S == 0)

    def keep(self, span_ms, counts, presses):
        """Keeps what no minute record holds yet where a reset does not reach."""
        self.memory.save(self.log.boot, self.uptime, span_ms, counts, presses)

    def _watch_loop(self):
        """Notes ticks that never came at once, and every hour how late the latest one was."""
        skipped = self.board.skipped
        if skipped != self._skipped:
            note(self.log, GAP, TICKS_SKIPPED, skipped - self._skipped)
            self._skipped = skipped
        if self.uptime.s >= self._loop_next_s:
            span_s = self.uptime.s - self._loop_next_s + _LOOP_S
            note(self.log, LOOP, span_s, self.board.late_ms, skipped - self._loop_skipped)
            self._loop_next_s = self.uptime.s + _LOOP_S
            self._loop_skipped = skipped
            self.board.late_ms = 0
            if self._refusals > 1:
                op, result, host_id = self._refused
                note(self.log, ACCESS, op, result, host_id, self._refusals - 1)
            self._refusals = 0

    def service(self):
        """Runs while the loop waits for its next tick; returns True while a link has work."""
        board = self.board
        self._watch_supply()
        self._watch_button()
        if board.serial is not None:
            self._serial.service()
        if self.uptime.s >= self._look_next_s:
            self._look_next_s = self.uptime.s + _LOOK_S
            board.memory.lasted()
            self.headroom.look(AT_MINUTE)
        if board.radio is not None:
            board.radio.service(self.uptime.s)
            board.radio.news(self.log.next_seq - self._news_from >= _NEWS)
        busy = False
        for session in self._sessions.values():
            if session.pump():
                self._news_from = self.log.next_seq
            busy = busy or session.active
        self.log.service()  # last: what was just entered must leave the next tick its room
        if self._sampled:  # sampler, log and links all came round: anything that hangs resets
            self._sampled = False
            board.watchdog.feed()
        return busy

    def _watch_supply(self):
        """Writes all that is under way in the moment that the hold-up gives, then all that is new."""
        failing = self.board.supply.failing()
        if failing != self._failing:
            self._failing = failing
            self._held_up = _HELD_UP_TICKS if failing else 0
            note(self.log, POWER, SUPPLY_FAILING if failing else SUPPLY_BACK)
            if failing:
                self.tracker.relieved(self.now_ms, self.board.relief.value())
                self.tracker.interrupt(self.now_ms)

    def _watch_button(self):
        """Opens the pairing window at each press of the service button."""
        held = self.board.service.pressed()
        if held and not self._held and self.pairing is not None:
            if self.headroom.look(AT_WINDOW):
                self.pairing.pressed(self.uptime.s)
        self._held = held

    def _button_held(self):
        return self._held

    def wrote(self, op, result, host_id, address_high=0, address_low=0):
        """Notes that a host wrote to this board or was refused; shows on the light that it wrote.

        Of refusals the first in an hour is noted, and their number at its end: nobody fills the log so.
        """
        host_id &= SMALL_INT_LIMIT - 1  # a stranger to the key may say what he likes
        if result:
            self._refusals += 1
            self._refused = op, result, host_id
            if self._refusals > 1:
                return
        else:
            self._flashes = _FLASHES - 1
            self.board.light.set(not self._lit)
            if op in (commands.ANCHOR, commands.ENTRY):
                return  # these are records of their own
        note(self.log, ACCESS, op, result, host_id, 1, address_high, address_low)

    def unpair(self, peer):
        """Forgets the bond of a link, of all hosts with None; returns whether there was one."""
        radio = self.board.radio
        return radio is not None and radio.unpair(peer)

    def passkey(self):
        """Returns the passkey that a pairing host must know, None outside the pairing window."""
        return self.pairing.passkey(self.uptime.s)

    def paired(self, address):
        """A new host paired: the window closes. address: type, then 6 bytes, lowest first."""
        self.pairing.paired()
        low = address[1] | address[2] << 8 | address[3] << 16
        self.wrote(commands.PAIR, commands.OK, 0, address[4] | address[5] << 8 | address[6] << 16, low)

    def room(self):
        """Returns whether the system has what one more link needs."""
        return self.headroom.look(AT_LINK)

    def opened(self, peer):
        """A link came up."""
        values = {uuids.INFO: self.info, uuids.STATUS: self.status}
        guard = Guard(peer, self.config, self.log, self.board.random, peer is self._serial)
        self._sessions[peer] = Session(peer, self.log, self.commands, values, guard)

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
        return status.info(self.config)

    def pairing_value(self):
        """Returns the PAIRING value: the radio's, on a cable there is none."""
        return self.pairing.value(self.uptime.s)

    def status(self):
        """Returns the STATUS message."""
        return status.status(self.config, self.log, self.uptime, self.tracker, self.now_ms,
                             self.commands.anchored, self.headroom, self.board)
