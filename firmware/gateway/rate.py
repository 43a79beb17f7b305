"""The continuous rate: counts outside boluses over the time outside boluses, last 64 minutes."""

from array import array

_MINUTES = 64
_MIN_COUNTS = 30  # fewer say too little to overrule what was prescribed
_UNKNOWN = -1


class ContinuousRate:
    """`micro_counts_s`: counts a second, in millionths, that the continuous rate makes; -1 unknown.

    It is the prescribed rate while that fits what is measured, else the measured one.
    """

    def __init__(self):
        self.micro_counts_s = _UNKNOWN
        self._prescribed = _UNKNOWN
        self._counts = array("i", [0] * _MINUTES)
        self._ms = array("i", [0] * _MINUTES)
        self._at = 0
        self.total_counts = 0
        self.total_ms = 0

    def prescribe(self, micro_counts_s):
        """Takes a prescribed rate into use and forgets what was measured before it."""
        self._prescribed = micro_counts_s
        self.micro_counts_s = micro_counts_s
        for i in range(_MINUTES):
            self._counts[i] = self._ms[i] = 0
        self.total_counts = self.total_ms = 0

    def add(self, counts, ms):
        """Adds counts made, and time passed, outside boluses."""
        self._counts[self._at] += counts
        self._ms[self._at] += ms
        self.total_counts += counts
        self.total_ms += ms

    def minute(self):
        """Ends a minute: the oldest falls out, and the rate in use is judged anew."""
        at = (self._at + 1) % _MINUTES
        self._at = at
        self.total_counts -= self._counts[at]
        self.total_ms -= self._ms[at]
        self._counts[at] = self._ms[at] = 0
        self._judge()

    def _judge(self):
        if self.total_counts < _MIN_COUNTS:
            self.micro_counts_s = self._prescribed
            return
        seconds = self.total_ms // 1000
        measured = self.total_counts * 1000 // seconds * 1000
        tolerance = measured // 10 + 1000000 // seconds
        if self._prescribed < 0 or abs(measured - self._prescribed) > tolerance:
            self.micro_counts_s = measured
        else:
            self.micro_counts_s = self._prescribed

    def milli_counts(self, ms):
        """Returns the thousandths of counts that the continuous rate makes in `ms`."""
        rate = self.micro_counts_s
        if rate < 0:
            return 0
        return rate * (ms // 1000) // 1000 + rate * (ms % 1000) // 1000000

    def interval_ms(self):
        """Returns the time from count to count, -1 unknown."""
        rate = self.micro_counts_s
        return 1000000000 // rate if rate > 0 else _UNKNOWN
