"""Whether the pump runs: counts come, or have stayed away for longer than the rate explains."""

from pumpwire import records

_SLACK_S = 60


class PumpState:
    """State (0 until counts are seen, then pumpwire.records.PUMP_STATES) from counts and time."""

    def __init__(self, log, rate):
        self._log = log
        self._rate = rate
        self.state = 0
        self._quiet_s = 0
        self._waiting_s = -1  # seconds since the first count of a pump not yet known to run

    def count(self):
        """Takes note that the pump made a count."""
        if self.state != records.PUMP_RUNNING:
            if self.state == 0 and self._waiting_s < 0 and self._rate.micro_counts_s < 0:
                self._waiting_s = 0  # one count tells no interval: wait for the second
            else:
                first_ms = max(0, self._waiting_s) * 1000
                self._became(records.PUMP_RUNNING, first_ms, first_ms)
        self._quiet_s = 0

    def passed(self, seconds):
        """Counts the silence; a pump that should have counted four times since has stopped."""
        self._quiet_s += seconds
        if self._waiting_s >= 0:
            self._waiting_s += seconds
        interval_ms = self._rate.interval_ms()
        if self.state == records.PUMP_RUNNING and interval_ms > 0:
            if self._quiet_s > 4 * interval_ms // 1000 + _SLACK_S:
                self._became(records.PUMP_STOPPED, self._quiet_s * 1000 - interval_ms, interval_ms)

    def _became(self, state, ago_ms, unknown_interval_ms):
        """Notes a change between ago_ms and one interval before (running) or after (stopped)."""
        interval_ms = self._rate.interval_ms()
        if interval_ms < 0:
            interval_ms = unknown_interval_ms
        values = self._log.values
        values[0] = state
        values[1] = max(0, ago_ms + interval_ms // 2)
        values[2] = interval_ms // 2
        self._log.append(records.PUMP)
        self.state = state
        self._waiting_s = -1
