"""Whether the pump runs: counts come, or have stayed away for longer than the rate explains."""

from micropython import const
from pumpwire import records

from .note import note

_SLACK_S = const(60)
_INTERVALS = const(2)  # a motor counts evenly: two intervals without a count are no chance
_MOST_QUIET_S = const(1000000)


class PumpState:
    """State (0 until it can be told, then pumpwire.names.PUMP_STATES) from counts and time."""

    def __init__(self, log, rate):
        self._log = log
        self._rate = rate
        self.state = 0
        self._quiet_s = 0
        self._waiting_s = -1  # seconds since the first count of a pump not yet known to run

    def count(self):
        """Takes note that the pump made a count; returns True when it thereby started."""
        started = False
        if self.state != records.PUMP_RUNNING:
            if self.state == 0 and self._waiting_s < 0 and self._rate.milli_counts_h < 0:
                self._waiting_s = 0  # one count tells no interval: wait for the second
            else:
                first_ms = max(0, self._waiting_s) * 1000
                self._became(records.PUMP_RUNNING, first_ms, first_ms)
                started = True
        self._quiet_s = 0
        return started

    def passed(self, seconds):
        """Counts the silence; a pump that should have counted twice since has stopped."""
        if self._quiet_s < _MOST_QUIET_S:
            self._quiet_s += seconds
        if self._waiting_s >= 0:
            self._waiting_s += seconds
        interval_ms = self._rate.interval_ms()
        if self.state == records.PUMP_STOPPED or interval_ms < 0:
            return
        if self._quiet_s > _INTERVALS * (interval_ms // 1000) + _SLACK_S:
            self._became(records.PUMP_STOPPED, self._quiet_s * 1000 - interval_ms, interval_ms)

    def _became(self, state, ago_ms, unknown_interval_ms):
        """Notes a change between ago_ms and one interval before (running) or after (stopped)."""
        interval_ms = self._rate.interval_ms()
        if interval_ms < 0:
            interval_ms = unknown_interval_ms
        half_ms = interval_ms // 2
        note(self._log, records.PUMP, state, max(0, ago_ms + half_ms), half_ms)
        self.state = state
        self._waiting_s = -1
