"""What the bag holds, by counts since it was hung and by weight; and when it was changed."""

from pumpwire import records
from pumpwire.units import PL_PER_UL

_STABLE_MG = 3000  # minutes closer than this to each other have settled
_CHANGE_MG = 30000  # a rise by more than this is another bag
_NEAR_TARE_MG = 5000  # below this nothing hangs there, or an empty bag
_SALINE_EXCESS = 46  # the drug in saline weighs 10046/10000 g/mL (measured: 1.0046)
_SALINE_TOTAL = 10046
_UNKNOWN = -1


class Reservoir:
    """Takes counts and one load cell reading a second; writes RESERVOIR and BAG records.

    The cell's zero is taken with an empty bag on the hook.
    """

    def __init__(self, log):
        self._log = log
        self._pl_per_count = 0
        self._zero = 0
        self._per_kg = 0
        self._bag_ul = _UNKNOWN
        self._counts = 0
        self._sum = 0
        self._samples = 0
        self._mean_samples = 0
        self._mg = 0
        self._stable_mg = _UNKNOWN
        self._unsettled_min = 0

    def calibrate(self, pl_per_count, zero, per_kg):
        """Takes a calibration: pL a count, raw reading of an empty bag, raw counts a kg."""
        self._pl_per_count = pl_per_count
        self._zero = zero
        self._per_kg = per_kg

    def hang(self, volume_ul):
        """A person entered a new bag of this volume."""
        self._bag_ul = volume_ul
        self._counts = 0

    def count(self, n):
        """Takes n counts."""
        self._counts += n

    def weigh(self, raw):
        """Takes a reading of the load cell, None if it gave none."""
        if raw is not None:
            self._sum += raw
            self._samples += 1

    def by_counts_ul(self):
        """Returns what is left by counts, -1 before a bag was entered or without calibration."""
        if self._bag_ul < 0 or not self._pl_per_count:
            return _UNKNOWN
        nl, pl = self._pl_per_count // 1000, self._pl_per_count % 1000
        used_ul = (self._counts * nl + self._counts * pl // 1000) // (PL_PER_UL // 1000)
        return max(0, self._bag_ul - used_ul)

    def by_weight_ul(self):
        """Returns what hangs there by weight; meaningful where samples > 0."""
        return self._mg - self._mg * _SALINE_EXCESS // _SALINE_TOTAL

    def minute(self):
        """Ends a minute: its mean weight, and whether the bag was changed."""
        self._mean_samples = self._samples
        if self._samples and self._per_kg:
            last_mg = self._mg
            self._mg = self._milligrams(self._sum // self._samples - self._zero)
            self._settle(last_mg)
        self._sum = 0
        self._samples = 0

    def _milligrams(self, raw):
        scaled = raw * 1000
        per_kg = self._per_kg
        return scaled // per_kg * 1000 + scaled % per_kg * 1000 // per_kg

    def _settle(self, last_mg):
        mg = self._mg
        if abs(mg - last_mg) > _STABLE_MG or mg < _NEAR_TARE_MG:
            self._unsettled_min += 1
            return
        before = self._stable_mg
        if before >= 0 and mg > before + _CHANGE_MG:
            half_ms = (self._unsettled_min + 1) * 30000
            values = self._log.values
            values[0] = half_ms
            values[1] = half_ms
            values[2] = before
            values[3] = mg
            self._log.append(records.BAG)
        self._stable_mg = mg
        self._unsettled_min = 0

    def record(self):
        """Writes a RESERVOIR record."""
        values = self._log.values
        values[0] = self.by_counts_ul()
        values[1] = self.by_weight_ul()
        values[2] = self._mg
        values[3] = self._mean_samples
        self._log.append(records.RESERVOIR)
