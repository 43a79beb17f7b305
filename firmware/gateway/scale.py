"""The scale: one reading a second in, a mean in milligrams every ten seconds out."""

from micropython import const
from pumpwire import records

from .note import note

_SECONDS = const(10)
_ENOUGH = const(5)  # readings for a mean
_DEAD_S = const(60)  # without a reading
_FROZEN_S = const(120)  # the same reading: noise alone would have moved it
_FULL_SCALE = const(8388000)  # a saturated amplifier says nothing
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
        self._sum = 0
        self._n = 0
        self._second = 0
        self._missing_s = 0
        self._same_s = 0
        self._last = 0

    def calibrate(self, zero, per_kg):
        """Takes a calibration: the raw reading with an empty bag on the hook, raw counts a kg."""
        shift = 0
        while abs(per_kg) >> shift > _MOST_PER_KG:
            shift += 1  # a fine amplifier's last bits are noise, and would carry sums past 2^30
        self._shift = shift
        self._zero = max(-_FULL_SCALE, min(zero, _FULL_SCALE))
        self._per_kg = per_kg // (1 << shift) if abs(per_kg) >= _LEAST_PER_KG else 0

    def reading(self, raw):
        """Takes a reading, None if there was none; returns True when ten seconds are full."""
        if raw is None or not -_FULL_SCALE < raw < _FULL_SCALE:
            self._missing_s += 1
        else:
            self._missing_s = 0
            self._same_s = self._same_s + 1 if raw == self._last else 0
            self._last = raw
            self._sum += raw - self._zero
            self._n += 1
        second = self._second + 1
        if second < _SECONDS:
            self._second = second
            return False
        self.samples = self._n if self._n >= _ENOUGH and self._per_kg and not self.dead() else 0
        if self.samples:
            self.mg = self._milligrams(self._sum // self._n)
        self._second = self._sum = self._n = 0
        return True

    def dead(self):
        """Returns whether the cell gives no readings, or ones that never move."""
        return self._missing_s >= _DEAD_S or self._same_s >= _FROZEN_S

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
