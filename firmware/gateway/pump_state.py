"""Whether the pump runs: counts come, or have stayed away for longer than the rate explains."""

from micropython import const
from pumpwire import records

from .note import note

_SLACK_S = const(20)
_INTERVALS = const(2)  # a motor counts evenly: two intervals without a count are no chance
_MOST_S = const(1000000)


class PumpState:
    """State (0 until it can be told, then pumpwire.names.PUMP_STATES) from counts and time."""

    def __init__(self, log, uptime, rate):
        self._log = log
        self._uptime = uptime
        self._rate = rate
        self.state = 0
        self._last_s = 0  # when it counted last; at first: when the board started
        self._first_s = -1  # the first count of a pump not yet known to run

    def count(self):
        """Takes note that the pump made a count; returns True when it thereby started."""
        started = False
        now_s = self._uptime.s
        if self.state != records.PUMP_RUNNING:
            if self.state == 0 and self._first_s < 0 and self._rate.milli_counts_h < 0:
                self._first_s = now_s  # one count tells no interval: wait for the second
            else:
                first_ms = 0 if self._first_s < 0 else min(now_s - self._first_s, _MOST_S) * 1000
                self._became(records.PUMP_RUNNING, first_ms, first_ms)
                started = True
        self._last_s = now_s
        return started

    def quiet_s(self):
        """Returns how long no count came."""
        return self._uptime.s - self._last_s

    def judge(self):
        """Judges the silence: a pump that should have counted twice since has stopped."""
        interval_ms = self._rate.interval_ms()
        if self.state == records.PUMP_STOPPED or interval_ms < 0:
            return
        quiet_s = self.quiet_s()
        if quiet_s > _INTERVALS * (interval_ms // 1000) + _SLACK_S:
            self._became(records.PUMP_STOPPED, min(quiet_s, _MOST_S) * 1000 - interval_ms,
                         interval_ms)

    def _became(self, state, ago_ms, unknown_interval_ms):
        """Notes a change between ago_ms and one interval before (running) or after (stopped)."""
        interval_ms = self._rate.interval_ms()
        if interval_ms < 0:
            interval_ms = unknown_interval_ms
        half_ms = interval_ms // 2
        note(self._log, records.PUMP, state, max(0, ago_ms + half_ms), half_ms)
        self.state = state
        self._first_s = -1
