"""Boluses: what each press of the handset asked for, and what the counts say was given.

The counts decide by intervals, not by a guess. After a press, the continuous rate alone explains
the counts n while n <= expected + 1 (one quantum of unknown phase); a bolus of B counts explains
them, once it had the time to be given, if B < n - expected + 1. Where only one holds, the press
was given or denied; where both or neither do, it is unresolved. B of five counts and more are
told apart with room to spare; below that (`coarse`) a decision is marked as inferred.

Between two counts the motor moves just as many quanta as it counts. So what a burst gave by its last
count is its counts less the continuous rate's since the count before the press; half a count, give or
take as much, is still to come. Where no count is known shortly before the press, the continuous share
is taken over [press, last count + quiet time], right on average whatever the phase of the motor.
"""

from micropython import const
from pumpwire import records

from .clock import ticks_diff
from .note import note

_LAG_MS = const(5000)  # a bolus begins within this of its press
_SLOWEST_UL_H = const(10000)  # the slowest bolus speed expected
_QUIET_MS = const(1000)
_ASSUMED_MILLI = const(6000)  # counts of a bolus while none is prescribed
_FINE_MILLI = const(5000)  # a bolus of this many counts is told from none with room to spare
_ONE = const(1000)
_HALF = const(500)
_MOST_COUNTS = const(1000000)
_MOST_MARGIN = const(3000)
_RATE_DOUBT = const(16)  # the expected counts may be off by one part in this many
_BURST_COUNTS = const(5)
_BURST_FASTER = const(6)  # a burst counts this many times as fast as the continuous rate
_LONGEST_BURST_MS = const(1800000)  # no bolus takes half an hour: that is a rate
_PRIME_WITHIN_MS = const(900000)  # of the hook having been empty
_LOCKOUT_MARGIN_MS = const(2000)  # pump's own clock and lag
_FORGOTTEN_S = const(100000)  # no lockout lasts this long; ticks_diff holds far beyond

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
        self._programmed_ul = 0
        self._margin_milli = _MOST_MARGIN  # counts above the expected that prove a bolus
        self._window_ms = 30000
        self._slowest_count_ms = 1000  # between two counts of a bolus
        self._lockout_ms = 0
        self._from_end = 0
        self._begin_ms = 0
        self._n = 0
        self._first_ms = 0
        self._last_ms = 0
        self._source = records.PATIENT
        self._phased = False  # whether a count is known shortly before the press, and when it was
        self._phase_ms = 0
        self._burst_gap_ms = -1  # between the counts of a burst, -1: the rate is not known
        self._run = 0  # counts in quick succession without a press
        self._run_begin_ms = 0
        self._run_last_ms = 0
        self._stood = False  # when the burst began
        self._given = False
        self._given_surely = False
        self._given_begin_ms = 0
        self._given_end_ms = 0
        self._given_s = 0
        self._unhooked = False
        self._unhooked_ms = 0
        self._unhooked_s = 0

    def prescribe(self, bolus_ul, bolus_milli, quantum_nl, lockout_ms, from_end):
        """Takes a regimen: the bolus in uL and in thousandths of counts of quantum_nl."""
        self._programmed_ul = bolus_ul
        self._bolus_milli = bolus_milli
        self._margin_milli = max(_ONE, min(_MOST_MARGIN, bolus_milli // 2))
        shown_ul = min(bolus_ul, 4 * quantum_nl // 1000 + 1)
        self._window_ms = _LAG_MS + shown_ul * 3600 // (_SLOWEST_UL_H // 1000)
        self._slowest_count_ms = max(1000, quantum_nl * 36 // (_SLOWEST_UL_H // 100))
        self._lockout_ms = lockout_ms
        self._from_end = from_end
        self._phased = False

        self.rate_judged()

    def rate_judged(self):
        """Takes note that the continuous rate may be another now."""
        self._burst_gap_ms = -1
        if self._rate.milli_counts_h >= 0:
            self._burst_gap_ms = self._slowest_count_ms
            interval_ms = self._rate.interval_ms()
            if 0 <= interval_ms // _BURST_FASTER < self._slowest_count_ms:
                self._burst_gap_ms = interval_ms // _BURST_FASTER

    # ---- what the sampler and the scale saw

    def press(self, now_ms):
        """Takes a press of the handset."""
        self.expire(now_ms)
        if self.state == ASKED and self._locked(self._begin_ms, 0) and not self._locked(now_ms, 0):
            self._deny(now_ms, records.LOCKOUT)  # the pump can only have heard the later one
        if self.state == IDLE:
            self.state = ASKED
            self._source = records.PATIENT
            self._begin_ms = self._last_ms = now_ms
            self._n = 0
            self._know_phase()
        else:
            locked = self.state == RUNNING or self._locked(now_ms, _LOCKOUT_MARGIN_MS)
            reason = records.LOCKOUT if locked else records.UNKNOWN
            self._demand(now_ms, now_ms, records.DENIED, reason, 1)

    def counts(self, now_ms, n):
        """Takes n counts; they are the continuous rate's unless a bolus is asked or runs."""
        if self.state != IDLE:
            self.expire(now_ms)
        if self.state == IDLE:
            self._rate.add(n, 0)
            self._watch_for_burst(now_ms, n)
            self._phased = True
            self._phase_ms = now_ms
            return
        if self._n == 0:
            self._first_ms = now_ms
        self._n = min(self._n + n, _MOST_COUNTS)
        self._last_ms = now_ms
        if self.state == ASKED and self._proven(now_ms):
            self.state = RUNNING
            inferred = 1 if self.coarse() else 0
            self._demand(now_ms, self._begin_ms, records.GIVEN, records.NO_REASON, inferred)
            self._remember(True)

    def interrupt(self, now_ms):
        """Writes what is under way, as far as it came: power is failing."""
        if self.state == RUNNING:
            self._finish(now_ms, False)  # it is not the pump that halted it
        elif self.state == ASKED and self._locked_surely():
            self._deny(now_ms, records.LOCKOUT)
        elif self.state == ASKED:
            self._leave_open(now_ms)  # a bolus may come yet, and nobody will see it

    def hook_empty(self, now_ms):
        """Takes note that nothing hangs on the hook: what flows soon after may be a prime."""
        self._unhooked = True
        self._unhooked_ms = now_ms
        self._unhooked_s = self._uptime.s

    def expire(self, now_ms):
        """Ends what time has ended: a burst gone quiet, a press that nothing followed."""
        if self.state == RUNNING:
            if ticks_diff(now_ms, self._last_ms) > self._gap_ms():
                self._finish(now_ms)
            elif ticks_diff(now_ms, self._begin_ms) > _LONGEST_BURST_MS:
                self._was_a_rate(now_ms)
        elif self.state == ASKED:
            if ticks_diff(now_ms, self._begin_ms) > self._window_ms:
                self._not_proven(now_ms)

    def last_ms_ago(self, now_ms):
        """Returns the ms since the last bolus began, -1 if none or over a day ago."""
        if not self._given or self._uptime.s - self._given_s > _FORGOTTEN_S:
            return -1
        return ticks_diff(now_ms, self._given_begin_ms)

    # ---- decisions

    def coarse(self):
        """Returns whether a prescribed bolus is too few counts to be told from none for sure."""
        return 0 <= self._bolus_milli < _FINE_MILLI

    def _proven(self, now_ms):
        expected = self._rate.milli_counts(ticks_diff(now_ms, self._begin_ms))
        return self._n * 1000 > expected + expected // _RATE_DOUBT + self._margin_milli

    def _gap_ms(self):
        """Returns the silence that ends the burst: four of its own intervals, a second at least."""
        if self._n < 2:
            return self._window_ms
        own_ms = ticks_diff(self._last_ms, self._first_ms) // (self._n - 1)
        return max(_QUIET_MS, 4 * own_ms)

    def _finish(self, now_ms, by_pump=True):
        share = self._share()
        excess = self._n * 1000 - share
        whole_milli = self._bolus_milli - self._bolus_milli // 10
        halted = by_pump and excess + 1500 < whole_milli
        inferred = 0
        if self._source == records.PATIENT:
            self._given_end_ms = self._last_ms
        else:
            halted = False
            unhooked = self._soon_after_unhooking()
            if self._stood or unhooked:
                self._source = records.PRIME
                inferred = 0 if unhooked else 1  # a pump may stand while a clinician sets a bolus
        self._bolus(now_ms, share, 1 if halted else 0, inferred)
        self._rate.cut()
        self._phased = True
        self._phase_ms = self._last_ms
        self.state = IDLE

    def _know_phase(self):
        """Forgets a count too long ago: the pump may have stood since."""
        interval_ms = self._rate.interval_ms()
        if interval_ms < 0 or ticks_diff(self._begin_ms, self._phase_ms) > 2 * interval_ms:
            self._phased = False

    def _share(self):
        """Returns the thousandths of counts of the burst that the continuous rate accounts for."""
        if self._phased and self._source == records.PATIENT:
            share = self._rate.milli_counts(ticks_diff(self._last_ms, self._phase_ms)) - _HALF
            return share if share > 0 else 0
        span_ms = ticks_diff(self._last_ms, self._begin_ms) + self._gap_ms()
        return self._rate.milli_counts(span_ms)

    def _not_proven(self, now_ms):
        """Decides a press whose window has passed without proof of a bolus."""
        span_ms = ticks_diff(now_ms, self._begin_ms)
        share = self._rate.milli_counts(span_ms)
        excess = self._n * 1000 - share
        prescribed = self._bolus_milli if self._bolus_milli >= 0 else _ASSUMED_MILLI
        by_rate = excess <= _ONE + share // _RATE_DOUBT
        by_bolus = prescribed < excess + _ONE
        if by_rate and (not by_bolus or self._locked_surely()):
            self._deny(now_ms, self._reason())
        else:
            self._leave_open(now_ms)

    def _leave_open(self, now_ms):
        """The press that was asked is unresolved, and whatever was counted since is its bolus."""
        share = self._rate.milli_counts(ticks_diff(now_ms, self._begin_ms))
        self._demand(now_ms, self._begin_ms, records.UNRESOLVED, records.NO_REASON, 1)
        self._remember(False)
        self._bolus(now_ms, share, 0, 1)
        self._rate.cut()
        self.state = IDLE

    def _deny(self, now_ms, reason):
        """The press that was asked is denied: its time and counts are the continuous rate's."""
        self._demand(now_ms, self._begin_ms, records.DENIED, reason, 1)
        self._rate.add(self._n, ticks_diff(now_ms, self._begin_ms))
        self.state = IDLE

    def _was_a_rate(self, now_ms):
        """Gives a burst that never ends back to the continuous rate."""
        self._rate.forget()
        self._rate.add(self._n, ticks_diff(now_ms, self._begin_ms))
        self._run = -1  # not a burst again until the counts have paused
        self.state = IDLE

    def _locked(self, at_ms, margin_ms):
        """Returns whether a press at at_ms falls into the lockout of the last bolus given."""
        if not self._given or self._uptime.s - self._given_s > _FORGOTTEN_S:
            return False
        since = self._given_end_ms if self._from_end else self._given_begin_ms
        return ticks_diff(at_ms, since) < self._lockout_ms + margin_ms

    def _locked_surely(self):
        return self._given_surely and self._locked(self._begin_ms, -_LAG_MS)

    def _reason(self):
        if self._lockout_ms and self._locked(self._begin_ms, _LOCKOUT_MARGIN_MS):
            return records.LOCKOUT
        return records.STOPPED if self._stopped() else records.UNKNOWN

    def _remember(self, surely):
        self._given = True
        self._given_surely = surely
        self._given_begin_ms = self._begin_ms
        self._given_end_ms = self._last_ms
        self._given_s = self._uptime.s

    def _soon_after_unhooking(self):
        if not self._unhooked or self._uptime.s - self._unhooked_s > _FORGOTTEN_S:
            return False
        return ticks_diff(self._begin_ms, self._unhooked_ms) < _PRIME_WITHIN_MS

    def _watch_for_burst(self, now_ms, n):
        """Sees a burst that no press asked for: counts at six times the continuous rate."""
        if self._burst_gap_ms < 0:
            return
        if not 0 <= ticks_diff(now_ms, self._run_last_ms) <= self._burst_gap_ms:  # <: a week
            self._run = 0
            self._run_begin_ms = now_ms
            self._stood = self._stopped()
        self._run_last_ms = now_ms
        if self._run < 0:
            return
        self._run += n
        if self._run >= _BURST_COUNTS:
            self.state = RUNNING
            self._source = records.CLINICIAN
            self._begin_ms = self._first_ms = self._run_begin_ms
            self._last_ms = now_ms
            self._n = self._run
            self._rate.add(-self._run, 0)
            self._run = 0

    # ---- records

    def _demand(self, now_ms, at_ms, outcome, reason, inferred):
        note(self._log, records.DEMAND, ticks_diff(now_ms, at_ms), outcome, reason, inferred)

    def _bolus(self, now_ms, share_milli, halted, inferred):
        programmed_ul = self._programmed_ul if self._source == records.PATIENT else 0
        note(self._log, records.BOLUS, ticks_diff(now_ms, self._begin_ms),
             ticks_diff(self._last_ms, self._begin_ms), self._n, share_milli, self._source, halted,
             inferred, programmed_ul)
