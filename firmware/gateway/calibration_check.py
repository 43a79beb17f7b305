"""The calibration as found: what counts say has left the bag, against what weight says."""

from micropython import const
from pumpwire import records

from .note import note
from .reservoir import volume_nl

_CREEP_S = const(3600)  # after a bag is hung the cell creeps: nothing is compared before that
_FROM_G = const(100)
_EVERY_G = const(25)
_HANG_MG = const(400)  # standard uncertainty of a weighing, each hanging
_SCALE_PPM = const(3000)  # of the load cell's own scale
_MOST_MG = const(1000000)


class CalibrationCheck:
    """Writes a CHECK record once 100 mL have been weighed, and every 25 mL from there."""

    def __init__(self, log):
        self._log = log
        self._settle_s = _CREEP_S
        self.begin()

    def begin(self):
        """Starts anew: the calibration changed."""
        self._hangs = 1
        self._counted_ug = self._counted_mg = self._left_ug = self._left_mg = 0
        self._next_g = _FROM_G

    def hung(self):
        """A bag was hung or refilled: the cell creeps for a while."""
        self._settle_s = _CREEP_S
        self._hangs += 1

    def stepped(self):
        """The weight jumped for a reason outside the bag: the check is less sure by that."""
        self._hangs += 1

    def passed(self, seconds):
        """Lets time pass."""
        if self._settle_s > 0:
            self._settle_s -= seconds

    def flow(self, left_ug, counted_ug):
        """Takes what left the bag by weight and by counts in the same time."""
        if self._settle_s > 0:
            return
        self._counted_ug += counted_ug
        self._left_ug += left_ug
        self._counted_mg += self._counted_ug // 1000
        self._left_mg += self._left_ug // 1000
        self._counted_ug %= 1000
        self._left_ug %= 1000
        counted_g = self._counted_mg // 1000
        if counted_g >= self._next_g:
            self._next_g = counted_g + _EVERY_G
            self._report(counted_g)

    def _report(self, counted_g):
        difference_mg = max(-_MOST_MG, min(self._left_mg - self._counted_mg, _MOST_MG))
        hangs = 1  # errors of weighings add like their root
        while hangs * hangs < self._hangs:
            hangs += 1
        note(self._log, records.CHECK, volume_nl(self._counted_mg), difference_mg * 1000 // counted_g,
             _SCALE_PPM + _HANG_MG * hangs * 1000 // counted_g)
