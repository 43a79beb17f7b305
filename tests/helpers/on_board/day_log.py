"""Puts events of the reference days through the real event log, on flash that remembers."""

from helpers.on_board import reference_day
from gateway.clock import Uptime
from gateway.event_log import EventLog
from helpers.on_board.nor import Nor, random
from pumpwire.units import PAGE_BYTES, TICK_MS, TICKS_WRAP

KEY = b"k" * 32
_REASON, _FIRMWARE = 1, 100


class DayLog:
    """programs: [(slot, offset, bytes)] in order; pages: bytes of each, the last one still open;
    records: how many there are.

    One run of all events from its boot on, service after each as on the board, on a ring of so many
    slots, which is large enough: nothing is given up.
    """

    def __init__(self, events, slots=8):
        self.programs = []
        self.flash = Nor(slots)
        self.flash.before = self._programmed
        uptime = Uptime()
        log = EventLog(self.flash, uptime, random)
        log.set_key(KEY)
        log.mount(_REASON, _FIRMWARE)
        now_ms = 0
        for (ticks, kind, values), reservoir in reference_day.steps(events):
            while now_ms < ticks * TICK_MS:
                now_ms = min(now_ms + 60000, ticks * TICK_MS)
                uptime.advance(now_ms % TICKS_WRAP)
            for k in range(len(values)):
                log.values[k] = values[k]
            if reservoir is not None:
                log.hold_reservoir(reservoir[0], reservoir[1])
            log.append(kind)
            assert log.logging
            log.service()
        log.seal()
        self.records = log.next_seq
        self.pages = []
        slot = log.locate(0)[0]
        while slot >= 0:
            self.used = log.page_at(slot)[1]
            at = slot * PAGE_BYTES
            self.pages.append(bytes(self.flash.cells[at : at + PAGE_BYTES]))
            slot = log.following(slot)
        self.pages[-1] = self.pages[-1][: self.used]

    def _programmed(self, slot, offset, data):
        if data is not None:
            self.programs.append((slot, offset, bytes(data)))

    def consumed_bytes(self):
        """Returns the bytes of the ring that are gone: closed pages whole, their unused ends too."""
        return (len(self.pages) - 1) * PAGE_BYTES + self.used
