"""Boluses: what each press of the handset asked for, and what the counts say was given.

The counts decide by intervals, not by a guess. After a press, the continuous rate alone explains
the counts n while n <= expected + 1 (one quantum of unknown phase); a bolus of B counts explains
them, once it had the time to be given, if B < n - expected + 1. Where only one holds, the press
was given or denied; where both do, it is unresolved.

A burst's continuous share is taken over [press, last count + quiet time]: on average the counts in
that span less that share are the bolus, whatever the phase of the motor.
"""

from pumpwire import records

from .clock import ticks_diff

_BOUNCE_MS = 300
_LAG_MS = 5000  # a bolus begins within this of its press
_SLOWEST_UL_H = 10000  # the slowest bolus speed expected
_QUIET_MS = 1000
_UNKNOWN_RATE_MILLI = 3000  # counts needed while the continuous rate is not known
_CLINICIAN_COUNTS = 5
_CLINICIAN_GAP_MS = 1000
_LOCKOUT_MARGIN_MS = 2000  # pump's own clock and lag
_FORGOTTEN_S = 100000  # no lockout lasts this long; ticks_diff holds far beyond

IDLE, ASKED, RUNNING = 0, 1, 2


class Boluses:
    """log: event log; rate: ContinuousRate; uptime; stopped() -> bool says the pump stands."""

    def __init__(self, log, rate, uptime, stopped):
        self._log = log
        self._rate = rate
        self._uptime = uptime
        self._stopped = stopped
        self.state = IDLE
        self._bolus_milli = -1  # counts of the prescribed bolus, in thousandths
        self._window_ms = 30000
        self._lockout_ms = 0
        self._from_end = 0
        self._begin_ms = 0
        self._n = 0
        self._first_ms = 0
        self._last_ms = 0
        self._source = records.PATIENT
        self._press_ms = 0
        self._pressed = False
        self._run = 0  # counts in quick succession without a press
        self._run_begin_ms = 0
        self._run_last_ms = 0
        self._given = False
        self._given_begin_ms = 0
        self._given_end_ms = 0
        self._given_s = 0

    def prescribe(self, bolus_milli, window_ms, lockout_ms, from_end):
        """Takes a regimen: bolus in thousandths of counts, time by which a denied press shows."""
        self._bolus_milli = bolus_milli
        self._window_ms = window_ms
        self._lockout_ms = lockout_ms
        self._from_end = from_end

    def window_for(self, bolus_ul, quantum_nl):
        """Returns the ms after a press within which a bolus shows in the counts."""
        shown_ul = min(bolus_ul, 3 * quantum_nl // 1000 + 1)
        return _LAG_MS + shown_ul * 3600 // (_SLOWEST_UL_H // 1000)

    # ---- what the sampler saw

    def press(self, now_ms):
        """Takes a press; returns False for a bounce of the last one."""
        if self._pressed and 0 <= ticks_diff(now_ms, self._press_ms) < _BOUNCE_MS:
            return False
        self._pressed = True
        self._press_ms = now_ms
        self.expire(now_ms)
        if self.state == ASKED and self._locked(self._begin_ms, 0) and not self._locked(now_ms, 0):
            self._deny(now_ms, records.LOCKOUT)  # the pump can only have heard the later one
        if self.state == IDLE:
            self.state = ASKED
            self._source = records.PATIENT
            self._begin_ms = self._last_ms = now_ms
            self._n = 0
        else:
            locked = self.state == RUNNING or self._locked(now_ms, _LOCKOUT_MARGIN_MS)
            reason = records.LOCKOUT if locked else records.UNKNOWN
            self._demand(now_ms, now_ms, records.DENIED, reason, 1)
        return True

    def counts(self, now_ms, n):
        """Takes n counts; they are the continuous rate's unless a bolus is asked or runs."""
        self.expire(now_ms)
        if self.state == IDLE:
            self._rate.add(n, 0)
            self._watch_for_clinician(now_ms, n)
            return
        if self._n == 0:
            self._first_ms = now_ms
        self._n += n
        self._last_ms = now_ms
        if self.state == ASKED and self._beyond_continuous(now_ms):
            self.state = RUNNING

    def expire(self, now_ms):
        """Ends what time has ended: a burst gone quiet, a press that nothing followed."""
        if self.state == RUNNING:
            if ticks_diff(now_ms, self._last_ms) > self._gap_ms():
                self._finish(now_ms)
        elif self.state == ASKED:
            if ticks_diff(now_ms, self._begin_ms) > self._window_ms:
                self._not_shown(now_ms)

    def last_ms_ago(self, now_ms):
        """Returns the ms since the last bolus began, -1 if none or over a day ago."""
        if not self._given or self._uptime.s - self._given_s > _FORGOTTEN_S:
            return -1
        return ticks_diff(now_ms, self._given_begin_ms)

    # ---- decisions

    def _beyond_continuous(self, now_ms):
        if self._rate.micro_counts_s < 0:
            return self._n * 1000 >= _UNKNOWN_RATE_MILLI
        expected = self._rate.milli_counts(ticks_diff(now_ms, self._begin_ms))
        return self._n * 1000 > expected + 1000

    def _gap_ms(self):
        """Returns the silence that ends the burst: four of its own intervals, a second at least."""
        if self._n < 2:
            return self._window_ms
        own_ms = ticks_diff(self._last_ms, self._first_ms) // (self._n - 1)
        return max(_QUIET_MS, 4 * own_ms)

    def _finish(self, now_ms):
        gap_ms = self._gap_ms()
        end_ms = self._last_ms
        span_ms = ticks_diff(end_ms, self._begin_ms) + gap_ms
        share = self._rate.milli_counts(span_ms)
        excess = self._n * 1000 - share
        halted = 1 if self._bolus_milli >= 0 and excess + 1500 < self._bolus_milli else 0
        if self._source == records.PATIENT:
            self._demand(now_ms, self._begin_ms, records.GIVEN, records.NO_REASON, 0)
            self._remember(end_ms)
        self._bolus(now_ms, share, halted, 0)
        self.state = IDLE

    def _not_shown(self, now_ms):
        """Decides a press whose window has passed with no more than a quantum of counts."""
        span_ms = ticks_diff(now_ms, self._begin_ms)
        share = self._rate.milli_counts(span_ms)
        n = self._n
        if n and 0 <= self._bolus_milli < n * 1000 - share + 1000:
            self._demand(now_ms, self._begin_ms, records.UNRESOLVED, records.NO_REASON, 1)
            self._remember(self._last_ms)
            self._bolus(now_ms, share, 0, 1)
        else:
            self._deny(now_ms, self._reason())
        self.state = IDLE

    def _deny(self, now_ms, reason):
        """The press that was asked is denied: its time and counts are the continuous rate's."""
        self._demand(now_ms, self._begin_ms, records.DENIED, reason, 1)
        self._rate.add(self._n, ticks_diff(now_ms, self._begin_ms))
        self.state = IDLE

    def _locked(self, at_ms, margin_ms):
        """Returns whether a press at at_ms falls into the lockout of the last bolus given."""
        if not self._given or self._uptime.s - self._given_s > _FORGOTTEN_S:
            return False
        since = self._given_end_ms if self._from_end else self._given_begin_ms
        return ticks_diff(at_ms, since) < self._lockout_ms + margin_ms

    def _reason(self):
        if self._lockout_ms and self._locked(self._begin_ms, _LOCKOUT_MARGIN_MS):
            return records.LOCKOUT
        return records.STOPPED if self._stopped() else records.UNKNOWN

    def _remember(self, end_ms):
        self._given = True
        self._given_begin_ms = self._begin_ms
        self._given_end_ms = end_ms
        self._given_s = self._uptime.s

    def _watch_for_clinician(self, now_ms, n):
        """Sees a burst that no press asked for: counts at six times the continuous rate."""
        interval_ms = self._rate.interval_ms()
        gap_ms = _CLINICIAN_GAP_MS if interval_ms < 0 else min(_CLINICIAN_GAP_MS, interval_ms // 6)
        if self._run and ticks_diff(now_ms, self._run_last_ms) <= gap_ms:
            self._run += n
        else:
            self._run = n
            self._run_begin_ms = now_ms
        self._run_last_ms = now_ms
        if self._run >= _CLINICIAN_COUNTS and self._rate.micro_counts_s >= 0:
            self.state = RUNNING
            self._source = records.CLINICIAN
            self._begin_ms = self._first_ms = self._run_begin_ms
            self._last_ms = now_ms
            self._n = self._run
            self._rate.add(-self._run, 0)
            self._run = 0

    # ---- records

    def _demand(self, now_ms, at_ms, outcome, reason, inferred):
        values = self._log.values
        values[0] = ticks_diff(now_ms, at_ms)
        values[1] = outcome
        values[2] = reason
        values[3] = inferred
        self._log.append(records.DEMAND)

    def _bolus(self, now_ms, share_milli, halted, inferred):
        values = self._log.values
        values[0] = ticks_diff(now_ms, self._begin_ms)
        values[1] = ticks_diff(self._last_ms, self._begin_ms)
        values[2] = self._n
        values[3] = share_milli
        values[4] = self._source
        values[5] = halted
        values[6] = inferred
        self._log.append(records.BOLUS)
