"""A cumulative sum that forgets (Page's CUSUM), with the evidence since it last began from zero."""

from micropython import const

_GROWN_UG = const(20000)  # three times what the noise of ten-second means can feign
_MOST_UG = const(100000000)


class Suspicion:
    """`sum_ug`: how much speaks for it; `left_ug`, `counted_ug`, `span_s`: what it rests on;
    `quiet_s`: since it last grew."""

    def __init__(self):
        self.quiet_s = 0
        self.forget()

    def forget(self):
        """Begins again from zero."""
        self.sum_ug = 0
        self._peak_ug = 0
        self.left_ug = 0
        self.counted_ug = 0
        self.span_s = 0

    def add(self, grown_ug, left_ug, counted_ug):
        """Adds to the sum, and the evidence with it."""
        sum_ug = self.sum_ug + grown_ug
        if sum_ug <= 0:
            if self.sum_ug:
                self.forget()
            return
        if sum_ug > _MOST_UG:
            return
        self.sum_ug = sum_ug
        if -_MOST_UG < self.left_ug + left_ug < _MOST_UG:
            self.left_ug += left_ug
        if self.counted_ug + counted_ug < _MOST_UG:
            self.counted_ug += counted_ug
        if sum_ug > self._peak_ug + _GROWN_UG:
            self._peak_ug = sum_ug
            self.quiet_s = 0

    def suspected(self, limit_ug):
        """Returns whether the sum is over its limit, and has grown just now."""
        return self.sum_ug >= limit_ug and self.quiet_s == 0

    def passed(self, seconds):
        """Lets time pass."""
        self.quiet_s += seconds
        if self.sum_ug:
            self.span_s += seconds
