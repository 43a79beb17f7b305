"""The scale: one reading a second in, a mean in milligrams every ten seconds out.

A converter now and then gives a number that no load made. So a mean takes only the readings near the
median of its ten seconds. Up to four of ten may be anything, of either sign, and move it by nothing;
where fewer than five agree, the hook is in motion and there is no weight. What passes as near moves a
mean by less than bag_watch's band. Readings are put in order where they lie, which allocates nothing.
"""

from micropython import const
from pumpwire import records

from .note import note

_SECONDS = const(10)
_ENOUGH = const(5)  # readings that agree, for a mean
_DEAD_S = const(60)  # without enough readings
_FROZEN_TENS = const(12)  # the same reading for so long: noise alone would have moved it
_FULL_SCALE = const(8388000)  # a saturated amplifier says nothing
_NEAR_A_KG = const(2000)  # half a gram
_LEAST_NEAR = const(64)  # raw: an amplifier's own noise is always near
_LEAST_PER_KG = const(1000)  # less is no calibration
_MOST_PER_KG = const(1000000)
_MOST_RAW = const(1000000)  # beyond this the calibration cannot hold, and ints would pass 2^30


class Scale:
    """`mg`: the last ten-second mean less the tare; `samples`: readings in it, 0: there was none."""

    def __init__(self):
        self.mg = 0
        self.samples = 0
        self._zero = 0
        self._per_kg = 0
        self._shift = 0
        self._near = 2 * _FULL_SCALE
        self._raws = [0] * _SECONDS
        self._n = 0
        self._second = 0
        self._missing_s = 0
        self._same_tens = 0
        self._last = 0

    def calibrate(self, zero, per_kg):
        """Takes a calibration: the raw reading with an empty bag on the hook, raw counts a kg."""
        shift = 0
        while abs(per_kg) >> shift > _MOST_PER_KG:
            shift += 1  # a fine amplifier's last bits are noise, and would carry sums past 2^30
        self._shift = shift
        self._zero = max(-_FULL_SCALE, min(zero, _FULL_SCALE))
        self._per_kg = per_kg // (1 << shift) if abs(per_kg) >= _LEAST_PER_KG else 0
        near = max(_LEAST_NEAR, abs(per_kg) // _NEAR_A_KG)
        self._near = near if self._per_kg else 2 * _FULL_SCALE

    def reading(self, raw):
        """Takes a reading, None if there was none; returns True when ten seconds are full."""
        if raw is not None and -_FULL_SCALE < raw < _FULL_SCALE:
            n = self._n
            self._raws[n] = raw
            self._n = n + 1
        second = self._second + 1
        if second < _SECONDS:
            self._second = second
            return False
        self._second = 0
        self._ten_seconds()
        self._n = 0
        return True

    def _ten_seconds(self):
        """Makes the mean of the readings that came."""
        n = self._n
        self.samples = 0
        if n < _ENOUGH:
            self._missing_s += _SECONDS - n
            return
        self._missing_s = _SECONDS - n
        raws = self._raws
        for i in range(n, _SECONDS):
            raws[i] = _FULL_SCALE  # above every reading: in order it stands behind them
        raws.sort()
        middle = raws[n // 2]
        begin = 0
        while middle - raws[begin] > self._near:
            begin += 1
        while raws[n - 1] - middle > self._near:
            n -= 1
        same = raws[begin] == raws[n - 1] == self._last
        self._same_tens = self._same_tens + 1 if same else 0
        self._last = middle
        total = 0
        for i in range(begin, n):
            total += raws[i]
        n -= begin
        if n >= _ENOUGH and self._per_kg and not self.dead():
            self.samples = n
            self.mg = self._milligrams((total - n * self._zero) // n)

    def dead(self):
        """Returns whether the cell gives no readings, or ones that never move."""
        return self._missing_s >= _DEAD_S or self._same_tens >= _FROZEN_TENS

    def record(self, log, temperature_c4):
        """Writes a WEIGHT record; temperature_c4 may be None."""
        note(log, records.WEIGHT, self.mg, self.samples,
             records.NO_TEMPERATURE if temperature_c4 is None else temperature_c4)

    def _milligrams(self, raw):
        raw >>= self._shift
        if raw > _MOST_RAW:
            raw = _MOST_RAW
        elif raw < -_MOST_RAW:
            raw = -_MOST_RAW
        scaled = raw * 1000
        per_kg = self._per_kg
        return scaled // per_kg * 1000 + scaled % per_kg * 1000 // per_kg
