"""What the bag holds: counts tell the short run, weight the long one, and both the standard error."""

from micropython import const

_UNKNOWN = const(-1)
_SALINE_EXCESS = const(46)  # the drug in saline weighs 10046/10000 g/mL (measured: 1.0046)
_SALINE_TOTAL = const(10046)
_PULL = const(64)  # of each ten-second weight: the counted level follows within ten minutes
_WEIGHT_SE_UL = const(500)  # creep, temperature and tare of a cell that has settled
_STEP_SHARE = const(4)  # of a step taken out, what may have been fluid after all
_ENTERED_SE_UL = const(5000)  # a bag's fill as people state it
_EMPTY_UL = const(2000)
_MOST_NL = const(1000000000)
_MOST_AT_ONCE_NL = const(70000000)


class Reservoir:
    """`level_nl`: what the bag holds, -1: not known; `se_ul`: its standard error."""

    def __init__(self):
        self.level_nl = _UNKNOWN
        self._since_weight_nl = 0  # counted since the last weight
        self._shift_ul = 0
        self._weighed = False
        self._ppm = 0

    def calibrate(self, uncertainty_ppm):
        """Takes the relative standard uncertainty of a count's volume."""
        self._ppm = uncertainty_ppm

    def enter(self, volume_ul):
        """A person entered a new bag of this volume."""
        if not self._weighed:
            self.level_nl = min(volume_ul * 1000, _MOST_NL)
            self._since_weight_nl = 0

    def count(self, nl):
        """Takes a volume that was counted."""
        nl = min(nl, _MOST_AT_ONCE_NL)
        self._since_weight_nl = min(self._since_weight_nl + nl, _MOST_NL)
        if self.level_nl >= 0:
            self.level_nl = max(0, self.level_nl - nl)

    def weigh(self, ug, shift_ug, fresh):
        """Takes a believed weight with its steps taken out; fresh: of a bag just hung."""
        by_weight_nl = max(0, volume_nl(ug))
        if fresh or not self._weighed:
            self.level_nl = by_weight_nl
        else:
            self.level_nl += (by_weight_nl - self.level_nl) // _PULL
        self._weighed = True
        self._since_weight_nl = 0
        self._shift_ul = abs(shift_ug) // 1000

    def level_ul(self):
        """Returns what the bag holds, -1: neither weighed nor entered."""
        return self.level_nl // 1000 if self.level_nl >= 0 else _UNKNOWN

    def se_ul(self):
        """Returns the standard error of level_ul."""
        counted_ul = self._since_weight_nl // 1000
        base_ul = _WEIGHT_SE_UL if self._weighed else _ENTERED_SE_UL
        return base_ul + self._shift_ul // _STEP_SHARE + counted_ul // 1000 * self._ppm // 1000

    def empty(self):
        """Returns whether weight says that the bag is, or is all but, empty."""
        return self._weighed and self.level_nl < _EMPTY_UL * 1000


def volume_nl(ug):
    """Returns micrograms of drug in saline as nanolitres."""
    return ug - ug // _SALINE_TOTAL * _SALINE_EXCESS
