"""The tracker: a pure state machine from counts, presses, weight and time to records."""

from pumpwire import records
from pumpwire.units import PL_PER_UL

from .bolus import IDLE, Boluses
from .pump_state import PumpState
from .rate import ContinuousRate
from .reservoir import Reservoir

_RESERVOIR_MINUTES = 5
_PUMP_SECONDS = 5  # how often the silence of the pump is judged
_UNKNOWN = -1


class Tracker:
    """log: event log (values, append(kind)); uptime: gateway.clock.Uptime, advanced before calls."""

    def __init__(self, log, uptime):
        self._log = log
        self._uptime = uptime
        self._rate = ContinuousRate()
        self._pump = PumpState(log, self._rate)
        self._boluses = Boluses(log, self._rate, uptime, self._stands)
        self._reservoir = Reservoir(log)
        self._pl_per_count = 0
        self._regimen = None
        self._counts = 0
        self._presses = 0
        self._minute_s = 0
        self._minute_ms = 0
        self._next_s = 60

    # ---- what people said

    def set_calibration(self, pl_per_count, cell_zero, cell_per_kg):
        """Takes a signed calibration: pL a count; load cell zero and counts a kg."""
        self._pl_per_count = pl_per_count
        self._reservoir.calibrate(pl_per_count, cell_zero, cell_per_kg)
        if self._regimen is not None:
            self.set_regimen(*self._regimen)

    def set_regimen(self, rate_ul_h, bolus_ul, lockout_s, lockout_from_end):
        """Takes what was prescribed; before a calibration it is kept until there is one."""
        self._regimen = (rate_ul_h, bolus_ul, lockout_s, lockout_from_end)
        pl = self._pl_per_count
        if not pl:
            return
        self._rate.prescribe(rate_ul_h * 1000000 // 3600 * PL_PER_UL // pl)
        window_ms = self._boluses.window_for(bolus_ul, pl // 1000)
        self._boluses.prescribe(
            bolus_ul * 1000 * PL_PER_UL // pl, window_ms, lockout_s * 1000, lockout_from_end
        )

    def set_bag(self, volume_ul):
        """Takes a new bag's volume."""
        self._reservoir.hang(volume_ul)

    # ---- what the sampler saw

    def change(self, now_ms, counts, presses):
        """Takes new counts and presses of the tick at now_ms."""
        if counts:
            self._counts += counts
            self._reservoir.count(counts)
            self._boluses.counts(now_ms, counts)
            self._pump.count()
        if presses and self._boluses.press(now_ms):
            self._presses += 1

    def second(self, now_ms, weight_raw):
        """Runs the timers; weight_raw: the load cell's reading or None."""
        self._reservoir.weigh(weight_raw)
        boluses = self._boluses
        if boluses.state == IDLE:
            self._rate.add(0, 1000)
        else:
            boluses.expire(now_ms)
        if self._uptime.s % _PUMP_SECONDS == 0:
            self._pump.passed(_PUMP_SECONDS)
        if self._uptime.s >= self._next_s:
            self._minute()

    def _minute(self):
        uptime = self._uptime
        values = self._log.values
        values[0] = (uptime.s - self._minute_s) * 1000 + uptime.ms - self._minute_ms
        values[1] = self._counts
        values[2] = self._presses
        self._log.append(records.MINUTE)
        self._counts = 0
        self._presses = 0
        self._minute_s = uptime.s
        self._minute_ms = uptime.ms
        self._next_s += 60
        self._rate.minute()
        self._reservoir.minute()
        if uptime.s // 60 % _RESERVOIR_MINUTES == 0:
            self._reservoir.record()

    def _stands(self):
        return self._pump.state == records.PUMP_STOPPED

    # ---- what a host may show

    def running(self):
        """Returns whether the pump is known to run."""
        return self._pump.state == records.PUMP_RUNNING

    def rate_ul_h(self):
        """Returns the continuous rate measured over the last 64 minutes, -1 unknown."""
        return self._rate_of(self._rate.total_counts)

    def rate_low_ul_h(self):
        """Returns the rate's lower bound: one quantum less, -1 unknown."""
        return self._rate_of(max(0, self._rate.total_counts - 1))

    def rate_high_ul_h(self):
        """Returns the rate's upper bound: one quantum more, -1 unknown; falls while none comes."""
        return self._rate_of(self._rate.total_counts + 1)

    def _rate_of(self, counts):
        if self._rate.total_ms < 60000 or not self._pl_per_count:
            return _UNKNOWN
        nl = self._pl_per_count // 1000
        return counts * nl * 3600 // (self._rate.total_ms // 1000) // 1000

    def reservoir_ul(self):
        """Returns what the bag holds by counts, -1 unknown."""
        return self._reservoir.by_counts_ul()

    def last_bolus_ms_ago(self, now_ms):
        """Returns the ms since the last bolus began, -1 unknown."""
        return self._boluses.last_ms_ago(now_ms)
