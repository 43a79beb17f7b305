"""The tracker: a pure state machine from counts, presses, weight and time to records.

Theory. Counts are whole and the motor's phase is not known, so nothing here is a number alone: every
statement is an interval. n counts in an unbroken stretch T mean between n - 1 and n + 1 quanta (rate);
a bolus is given or denied where exactly one of two such intervals holds the counts, else unresolved
(bolus); what counts and weight say is compared as a difference less an allowance (balance), never
mixed. A value that cannot be bounded is left out of the record, or marked inferred, never guessed.

Time is an argument: `second` gets what the sampler read and the uptime that goes with it. Work is
parted over the seconds behind a minute, so that no tick carries all of it. Integers stay below 2^30,
where MicroPython allocates nothing for them.
"""

from micropython import const
from pumpwire import records
from pumpwire.units import PL_PER_UL, TICKS_WRAP

from .bag_watch import STEADY, BagWatch
from .balance import Balance
from .bolus import IDLE, Boluses
from .calibration_check import CalibrationCheck
from .clock import ticks_diff
from .pump_state import PumpState
from .rate import ContinuousRate
from .relief import Relief
from .reservoir import Reservoir
from .scale import Scale
from .signatures import Signatures

_RESERVOIR_MINUTES = const(5)
_RESERVOIR_BEFORE_S = const(3)  # made ready before the minute that takes it along
_WEIGHT_MINUTES = const(60)
_WEIGHT_AT = const(5)  # of them: soon after a boot
_STUCK_MS = const(30000)
_JUDGE = const(1)  # the minute's work, a second each
_COMPARE = const(2)
_RECORD = const(3)
_PRESS_MS = const(300)  # two presses of a person are further apart; closer ones are one that bounced
_MOST_RELIEFS = const(20)  # in a second, or a stall
_HOLD_MS = const(1200)  # few hold it longer; of what bounces later, one count too many is logged
_MISMATCH_MIN_MS = const(1800000)
_MISMATCH_PERCENT = const(15)  # a pump and its calibration together are not so wrong
_RUNAWAY_PERCENT = const(50)
_MOST_MILLI = const(1000000000)  # counts of a bolus, in thousandths
_LONGEST_LOCKOUT_S = const(100000)
_MOST_COUNTS = const(20000)  # measured at once: 2 kHz for ten seconds
_MOST_COUNT_NL = const(50000)
_MOST_NL = const(200000000)
_MOST_PPM = const(400000)
_MASK = TICKS_WRAP - 1
_UNKNOWN = const(-1)


class Tracker:
    """log: event log (values, append(kind)); uptime: gateway.clock.Uptime, advanced before calls;
    keep(span_ms, counts, presses): keeps what no minute holds yet where a reset does not reach;
    reliefs: what the relief button's counter shows at the start."""

    def __init__(self, log, uptime, keep, reliefs=0):
        self._log = log
        self._uptime = uptime
        self._keep = keep
        self._rate = ContinuousRate()
        self._pump = PumpState(log, uptime, self._rate)
        self._boluses = Boluses(log, self._rate, uptime, self._stands)
        self._relief = Relief(log, uptime, self._boluses)
        self.signatures = Signatures(log)
        self._balance = Balance(self.signatures, CalibrationCheck(log))
        self._scale = Scale()
        self._watch = BagWatch(log, self._balance, self._boluses)
        self.reservoir = Reservoir()
        self._pl_per_count = 0
        self._ppm = 0
        self._pl_left = 0  # counted, less than a nanolitre
        self._unmeasured = 0  # counts whose volume was not added up yet
        self._unweighed_nl = 0  # volume that was, since the last weight
        self._regimen = None
        self._counts = 0
        self._presses = 0
        self._minute_s = 0
        self._minute_ms = 0
        self._next_s = 60
        self._chore = 0  # what is left of the minute's work
        self._reliefs = reliefs
        self._press_ms = -_PRESS_MS
        self._held = False  # the contact was not seen open since the last press
        self._closed_ms = 0
        self._second_s = 0
        self._second_ms = 0
        self._ten_s = 0
        self._kept = 0

    # ---- what people said

    def set_calibration(self, pl_per_count, uncertainty_ppm, cell_zero, cell_per_kg):
        """Takes a signed calibration: pL a count and its uncertainty; load cell zero, counts a kg."""
        self._measure()
        self._pl_per_count = pl_per_count
        self._ppm = min(uncertainty_ppm, _MOST_PPM)
        self._scale.calibrate(cell_zero, cell_per_kg)
        self.reservoir.calibrate(self._ppm)
        self._balance.calibrated(pl_per_count // 1000)  # a nanolitre weighs a microgram
        if self._regimen is not None:
            self.set_regimen(*self._regimen)

    def set_regimen(self, rate_ul_h, bolus_ul, lockout_s, lockout_from_end):
        """Takes what was prescribed; before a calibration it is kept until there is one."""
        self._regimen = (rate_ul_h, bolus_ul, lockout_s, lockout_from_end)
        pl = self._pl_per_count
        if not pl:
            return
        self._rate.prescribe(rate_ul_h * 1000 * PL_PER_UL // pl)
        self._boluses.prescribe(
            bolus_ul, min(bolus_ul * 1000 * PL_PER_UL // pl, _MOST_MILLI), max(1, pl // 1000),
            min(lockout_s, _LONGEST_LOCKOUT_S) * 1000, lockout_from_end,
        )

    def set_bag(self, volume_ul):
        """Takes a new bag's volume."""
        self._measure()
        self.reservoir.enter(volume_ul)

    # ---- what the sampler saw

    def change(self, now_ms, counts, presses, span_ms):
        """Takes new counts and presses of the span_ms that ended at now_ms."""
        if counts:
            self._counts += counts
            self._unmeasured += counts
            self._boluses.counts(now_ms, counts)
            if self._pump.count():
                self._rate.forget()
        if presses:
            self._press(now_ms, presses, span_ms)

    def _press(self, now_ms, presses, span_ms):
        """Takes presses that were latched in the span before now_ms, less those that bounced."""
        presses = min(presses, 1 + span_ms // _PRESS_MS)
        since_ms = ticks_diff(now_ms, self._press_ms)
        if 0 <= since_ms < _PRESS_MS or self._held and 0 <= since_ms < _HOLD_MS:
            presses -= 1  # it bounced, at its end if it is held still
        while presses > 0:
            presses -= 1
            self._presses += 1
            self._press_ms = now_ms
            self._held = True
            self._boluses.press(now_ms)

    def _measure(self):
        """Turns what was counted of late into volume."""
        counts = min(self._unmeasured, _MOST_COUNTS)
        self._unmeasured = 0
        pl = self._pl_per_count
        self._pl_left += counts * (pl % 1000)
        nl = counts * min(pl // 1000, _MOST_COUNT_NL) + self._pl_left // 1000
        self._pl_left %= 1000
        self.reservoir.count(nl)
        self._unweighed_nl = min(self._unweighed_nl + nl, _MOST_NL)

    def second(self, now_ms, weight_raw, reliefs, handset_closed, read_temperature):
        """Runs the timers; weight_raw: a reading or None; reliefs: presses so far;
        read_temperature() -> quarter degrees or None, called for the records that hold it."""
        now_s = self._uptime.s
        ms = self._uptime.ms
        span_ms = (now_s - self._second_s) * 1000 + ms - self._second_ms
        self._second_s = now_s
        self._second_ms = ms
        if self._boluses.state == IDLE:
            if self._pump.state != records.PUMP_STOPPED:
                self._rate.add(0, span_ms)
        else:
            self._boluses.expire(now_ms)
        if reliefs != self._reliefs:
            self.relieved(now_ms, reliefs)
        if not handset_closed:
            self._held = False
        if handset_closed or self._closed_ms:
            self._watch_handset(handset_closed, span_ms)
        ten = self._scale.reading(weight_raw)
        if ten:
            self._ten_seconds(now_ms)
        if now_s >= self._next_s:
            self._minute()
            return  # what is kept against a reset is a minute old for one more second
        if self._chore:
            self._do_chore(read_temperature)
        elif self._next_s - now_s == _RESERVOIR_BEFORE_S:
            if self._next_s // 60 % _RESERVOIR_MINUTES == 0:
                self._log.hold_reservoir(self.reservoir.level_ul(), self.reservoir.se_ul())
        pending = self._counts + self._presses
        if ten or pending != self._kept:
            self._kept = pending
            self._keep(self._minute_span_ms(), self._counts, self._presses)

    def relieved(self, now_ms, reliefs):
        """Takes the relief button's presses; reliefs: how many there were so far."""
        presses = (reliefs - self._reliefs) & _MASK
        self._reliefs = reliefs
        if presses > _MOST_RELIEFS:
            return  # no thumb is so fast: the counter began anew
        while presses:
            presses -= 1
            self._relief.press(now_ms)

    def _watch_handset(self, closed, span_ms):
        if not closed:
            self._closed_ms = 0
            self.signatures.over(records.HANDSET_STUCK)
        elif self._closed_ms < _STUCK_MS:
            self._closed_ms += span_ms
            if self._closed_ms >= _STUCK_MS:
                self.signatures.began(records.HANDSET_STUCK, _STUCK_MS // 1000, 0, 0)

    def _ten_seconds(self, now_ms):
        passed_s = self._uptime.s - self._ten_s
        self._ten_s = self._uptime.s
        self._pump.judge()
        self._balance.passed(passed_s)
        self._weigh(now_ms)

    def _weigh(self, now_ms):
        scale = self._scale
        self._measure()
        nl = self._unweighed_nl
        self._unweighed_nl = 0
        counted_ug = nl + nl // 10000 * 46 + nl % 10000 * 46 // 10000
        if scale.dead():
            self.signatures.began(records.CELL_DEAD, 0, 0, 0)
        if not scale.samples:
            self._watch.missing(counted_ug)
            return
        self.signatures.over(records.CELL_DEAD)
        watch = self._watch
        watch.value(now_ms, scale.mg, counted_ug, self._pl_per_count // 1000)
        if watch.state == STEADY:
            self.reservoir.weigh(watch.ug, watch.shift_ug, watch.fresh)
            watch.fresh = False
        if self.reservoir.empty():
            self.signatures.began(records.EMPTY, 0, 0, self.reservoir.level_ul())
        else:
            self.signatures.over(records.EMPTY)

    def _minute(self):
        self.flush_minute()
        while self._next_s <= self._uptime.s:
            self._next_s += 60
        self._chore = _JUDGE

    def _do_chore(self, read_temperature):
        """Does a part of the minute's work, one a second: no tick has to do it all."""
        chore = self._chore
        self._chore = chore + 1 if chore < _RECORD else 0
        if chore == _JUDGE:
            self._rate.minute()
            self._boluses.rate_judged()
        elif chore == _COMPARE:
            self._compare_with_regimen()
        elif self._uptime.s // 60 % _WEIGHT_MINUTES == _WEIGHT_AT:
            self._scale.record(self._log, read_temperature())

    def flush_minute(self):
        """Writes the minute as far as it came."""
        now_s = self._uptime.s
        ms = self._uptime.ms
        log = self._log
        values = log.values
        values[0] = (now_s - self._minute_s) * 1000 + ms - self._minute_ms
        values[1] = self._counts
        values[2] = self._presses
        log.append(records.MINUTE)
        self._counts = 0
        self._presses = 0
        self._minute_s = now_s
        self._minute_ms = ms

    def _minute_span_ms(self):
        uptime = self._uptime
        return (uptime.s - self._minute_s) * 1000 + uptime.ms - self._minute_ms

    def interrupt(self, now_ms):
        """Writes all that is under way: power is failing."""
        self._boluses.interrupt(now_ms)
        self.flush_minute()

    def _compare_with_regimen(self):
        """Notes a continuous rate that its prescription, however calibrated, cannot explain."""
        rate = self._rate
        prescribed = rate.prescribed
        if prescribed < 0 or self._stands():
            self.signatures.over(records.RUNAWAY)
            self.signatures.over(records.REGIMEN_MISMATCH)
            return
        if rate.total_ms < _MISMATCH_MIN_MS:
            return
        milli = min(rate.total_counts, 1000000) * 1000
        slack = rate.worst_milli()
        low, high = rate.measured(milli - slack), rate.measured(milli + slack)
        percent = max(1, prescribed // 100)
        if (low - prescribed) // percent >= _RUNAWAY_PERCENT:
            self._suspect_rate(records.RUNAWAY)
        elif (low - prescribed) // percent >= _MISMATCH_PERCENT:
            self._suspect_rate(records.REGIMEN_MISMATCH)
        elif (prescribed - high) // percent >= _MISMATCH_PERCENT:
            self._suspect_rate(records.REGIMEN_MISMATCH)
        elif low <= prescribed <= high:
            self.signatures.over(records.RUNAWAY)
            self.signatures.over(records.REGIMEN_MISMATCH)

    def _suspect_rate(self, signature):
        rate = self._rate
        nl = min(self._pl_per_count // 1000, _MOST_COUNT_NL)
        counted_ul = min(rate.total_counts, _MOST_COUNTS) * nl // 1000
        self.signatures.began(signature, rate.total_ms // 1000, counted_ul, 0)

    def _stands(self):
        return self._pump.state == records.PUMP_STOPPED

    # ---- what a host may show

    def running(self):
        """Returns whether the pump is known to run."""
        return self._pump.state == records.PUMP_RUNNING

    def rate_ul_h(self):
        """Returns the continuous rate measured over the last 64 minutes, 0 of a pump that stands,
        -1 unknown."""
        return self._rate_of(0, 0)

    def rate_low_ul_h(self):
        """Returns the rate's lower bound (95 %): the motor's phase and the calibration, -1 unknown."""
        return self._rate_of(-1, -2)

    def rate_high_ul_h(self):
        """Returns the rate's upper bound (95 %), -1 unknown; falls while no count comes."""
        return self._rate_of(1, 2)

    def _rate_of(self, slacks, sigmas):
        rate = self._rate
        if not self._pl_per_count:
            return _UNKNOWN
        if self._stands():
            milli, ms = max(0, slacks) * 1000, max(1, self._pump.quiet_s()) * 1000
        else:
            milli, ms = rate.total_counts * 1000 + slacks * rate.slack_milli(), rate.total_ms
        if ms < 60000:
            return _UNKNOWN
        pl_h = max(0, milli) * self._pl_per_count * 3600 // ms
        ul_h = pl_h * max(0, 1000000 + sigmas * self._ppm) // 1000000000000
        return ul_h + 1 if slacks > 0 else ul_h

    def last_bolus_ms_ago(self, now_ms):
        """Returns the ms since the last bolus began, -1 unknown."""
        return self._boluses.last_ms_ago(now_ms)
