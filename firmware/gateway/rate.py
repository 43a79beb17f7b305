"""The continuous rate: counts outside boluses over the time outside boluses, last 64 minutes.

A motor counts evenly, so n counts in an unbroken stretch of T say (n - 1)/T to (n + 1)/T; every
bolus that cuts the stretch adds a little to that, since the errors at its edges partly cancel.
"""

from array import array

from micropython import const

_MINUTES = const(64)
_RECENT = const(8)
_LOOK_BACK = const(4)  # every so many minutes
_RECENT_MS = const(240000)  # of it outside boluses, at least
_MIN_COUNTS = const(3)  # fewer say too little to overrule what was prescribed
_MIN_MS = const(60000)
_CUT_MILLI = const(250)  # what each cut adds to the one count of doubt
_MOST_COUNTS = const(1000000)  # in 64 minutes: no infusion is so fast
_MOST_MILLI_H = (1 << 29) - 1
_MOST_S = const(100000)
_LEAST_MILLI_H = const(34)  # a count in 29 hours; below, interval_ms would pass 2^30
_UNKNOWN = const(-1)


class ContinuousRate:
    """`milli_counts_h`: thousandths of counts an hour that the continuous rate makes; -1 unknown.

    It is the prescribed rate as long as what is measured does not contradict it, else the measured.
    """

    def __init__(self):
        self.milli_counts_h = _UNKNOWN
        self.prescribed = _UNKNOWN
        self._counts = array("i", [0] * _MINUTES)
        self._ms = array("i", [0] * _MINUTES)
        self._cuts = array("i", [0] * _MINUTES)
        self._at = 0
        self.total_counts = 0
        self.total_ms = 0
        self.total_cuts = 0

    def prescribe(self, milli_counts_h):
        """Takes a prescribed rate into use and forgets what was measured before it."""
        self.prescribed = self.milli_counts_h = min(milli_counts_h, _MOST_MILLI_H)
        self.forget()

    def forget(self):
        """Forgets what was measured: the pump was set or started anew."""
        for i in range(_MINUTES):
            self._counts[i] = self._ms[i] = self._cuts[i] = 0
        self.total_counts = self.total_ms = self.total_cuts = 0

    def add(self, counts, ms):
        """Adds counts made, and time passed, outside boluses."""
        if counts:
            self._counts[self._at] += counts
            self.total_counts += counts
        if ms:
            self._ms[self._at] += ms
            self.total_ms += ms

    def cut(self):
        """A bolus breaks the stretch."""
        self._cuts[self._at] += 1
        self.total_cuts += 1

    def minute(self):
        """Ends a minute: the oldest falls out, and the rate in use is judged anew."""
        at = (self._at + 1) % _MINUTES
        self._at = at
        self.total_counts -= self._counts[at]
        self.total_ms -= self._ms[at]
        self.total_cuts -= self._cuts[at]
        self._counts[at] = self._ms[at] = self._cuts[at] = 0
        if at % _LOOK_BACK == 0:
            self._drop_what_changed()
        self._judge()

    def _drop_what_changed(self):
        """Forgets what is older than a few minutes where those few contradict it: the rate changed."""
        counts = ms = cuts = 0
        for back in range(1, _RECENT + 1):
            k = (self._at - back) % _MINUTES
            counts += self._counts[k]
            ms += self._ms[k]
            cuts += self._cuts[k]
        if ms < _RECENT_MS or counts > _MOST_COUNTS or self.total_ms <= 2 * ms:
            return
        milli = min(self.total_counts, _MOST_COUNTS) * 1000
        mean_milli = milli // (self.total_ms // 1000) * (ms // 1000)
        slack = 1000 + 1000 * cuts + mean_milli // 8
        if -slack <= counts * 1000 - mean_milli <= slack:
            return
        for i in range(_MINUTES):
            if (self._at - i - 1) % _MINUTES >= _RECENT:
                self._counts[i] = self._ms[i] = self._cuts[i] = 0
        self.total_counts, self.total_ms, self.total_cuts = counts, ms, cuts

    def slack_milli(self):
        """Returns the thousandths of counts by which the total may be off either way (95 %)."""
        return 1000 + _CUT_MILLI * self.total_cuts

    def worst_milli(self):
        """Returns the thousandths of counts by which the total can be off either way, at worst."""
        return 1000 + 1000 * self.total_cuts

    def measured(self, milli_counts):
        """Returns the rate in milli counts/h that `milli_counts` in the measured time would be."""
        ds = self.total_ms // 100
        if milli_counts <= 0 or not ds:
            return 0
        if milli_counts // ds > _MOST_MILLI_H // 36000:
            return _MOST_MILLI_H
        return milli_counts // ds * 36000 + milli_counts % ds * 9000 // ds * 4

    def _judge(self):
        if self.total_ms < _MIN_MS or self.total_counts < _MIN_COUNTS:
            self.milli_counts_h = self.prescribed
            return
        milli = min(self.total_counts, _MOST_COUNTS) * 1000
        slack = self.slack_milli()
        fits = self.measured(milli - slack) <= self.prescribed <= self.measured(milli + slack)
        self.milli_counts_h = self.prescribed if fits else self.measured(milli)

    def milli_counts(self, ms):
        """Returns the thousandths of counts that the continuous rate makes in `ms`."""
        rate = self.milli_counts_h
        if rate < 0:
            return 0
        per_s = rate // 3600
        s = min(ms // 1000, _MOST_S, _MOST_MILLI_H // (per_s + 1))
        return per_s * s + rate % 3600 * s // 3600 + per_s * (ms % 1000) // 1000

    def interval_ms(self):
        """Returns the time from count to count, -1 unknown or never."""
        rate = self.milli_counts_h
        return 1000000000 // rate * 36 // 10 if rate >= _LEAST_MILLI_H else _UNKNOWN
