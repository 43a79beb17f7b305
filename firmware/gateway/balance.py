"""Counts held against weight: occlusion, free flow, a silent counter, a drifting cell; and the check.

Each suspicion is a cumulative sum that forgets (Page's CUSUM): it grows by what counts and weight
differ, less an allowance (a quarter of what was counted: no calibration is so wrong; and 12 mg/h for
a cell's wander), and starts again from zero. So only a difference that lasts adds up.
"""

from micropython import const
from pumpwire import records

from .note import note

_OF_A_BAG = (records.OCCLUSION, records.FREE_FLOW, records.COUNTER_SILENT, records.CELL_DRIFT)
_OCCLUDED_UG = const(600000)  # at an allowance of a quarter: 0.8 mL counted that did not leave
_FLOWING_UG = const(300000)
_UNCOUNTED_UG = const(1000000)
_WANDER_UG = const(33)  # in ten seconds
_FREE_FLOW_UG_S = const(833)  # 3 mL/h; slower is a silent counter or a drifting cell
_ROSE_UG = const(150000)
_ENDED_S = const(600)  # nothing more of it for so long: over
_GROWN_UG = const(20000)  # three times what the noise of ten-second means can feign
_CREEP_S = const(3600)  # after a bag is hung the cell creeps: no check before that
_CHECK_FROM_ML = const(100)
_CHECK_EVERY_ML = const(25)
_HANG_MG = const(400)  # standard uncertainty of a weighing, each hanging
_SCALE_PPM = const(3000)  # of the load cell's own scale
_MOST_UG = const(100000000)
_MOST_MG = const(1000000)


class Balance:
    """log: event log; signatures: gateway.signatures. Fed by bag_watch every ten seconds or so."""

    def __init__(self, log, signatures):
        self._log = log
        self._signatures = signatures
        self._stuck = _Suspicion()  # counted, but did not leave
        self._flowing = _Suspicion()  # leaves again after it did not
        self._uncounted = _Suspicion()  # left, but was not counted
        self._rising = _Suspicion()  # got heavier
        self._settle_s = _CREEP_S
        self._hangs = 1
        self._counted_ug = 0
        self._counted_mg = 0
        self._left_ug = 0
        self._left_mg = 0
        self._next_ml = _CHECK_FROM_ML

    def calibrated(self):
        """Starts the check anew: the calibration changed."""
        self._counted_ug = self._counted_mg = self._left_ug = self._left_mg = 0
        self._hangs = 1
        self._next_ml = _CHECK_FROM_ML

    def hung(self):
        """A bag was hung, or refilled, or is seen for the first time."""
        self._stuck.forget()
        self._flowing.forget()
        self._uncounted.forget()
        self._rising.forget()
        for signature in _OF_A_BAG:
            self._signatures.over(signature)
        self._settle_s = _CREEP_S
        self._hangs += 1

    def stepped(self):
        """The weight jumped for a reason outside the bag: the check is less sure by that."""
        self._hangs += 1

    def passed(self, seconds):
        """Lets time pass; a suspicion that nothing feeds any more is over."""
        self._settle_s = max(0, self._settle_s - seconds)
        self._stuck.passed(seconds)
        self._uncounted.passed(seconds)
        self._rising.passed(seconds)
        if self._uncounted.quiet_s > _ENDED_S:
            self._end(self._uncounted, records.FREE_FLOW)
            self._end(self._uncounted, records.COUNTER_SILENT)
        if (self._signatures.is_open(records.CELL_DRIFT) and self._rising.quiet_s > _ENDED_S
                and self._uncounted.quiet_s > _ENDED_S):
            self._end(self._uncounted, records.CELL_DRIFT)
            self._rising.forget()

    def _end(self, suspicion, signature):
        if self._signatures.is_open(signature):
            self._signatures.over(signature)
            suspicion.forget()

    def flow(self, left_ug, counted_ug):
        """Takes what left the bag by weight and by counts in the same time."""
        self._suspect(left_ug, counted_ug)
        if self._settle_s == 0:
            self._weigh(left_ug, counted_ug)

    def falling(self, left_ug, counted_ug):
        """Takes a fast fall: it counts for the suspicions, but not for the check."""
        self._suspect(left_ug, counted_ug)

    def _suspect(self, left_ug, counted_ug):
        self._stuck.add(counted_ug - left_ug - counted_ug // 4, left_ug, counted_ug)
        self._uncounted.add(left_ug - counted_ug - counted_ug // 4 - _WANDER_UG, left_ug, counted_ug)
        self._rising.add(-left_ug - _WANDER_UG, left_ug, counted_ug)
        if self._stuck.suspected(_OCCLUDED_UG):
            self._say(self._stuck, records.CELL_DRIFT if self._stuck.left_ug < -_ROSE_UG
                      else records.OCCLUSION)
        if self._signatures.is_open(records.OCCLUSION):
            self._flows_again(left_ug, counted_ug)
        if self._uncounted.suspected(_UNCOUNTED_UG):
            self._say(self._uncounted, self._kind_of_uncounted())
        if self._rising.suspected(_UNCOUNTED_UG):
            self._say(self._rising, records.CELL_DRIFT)

    def _flows_again(self, left_ug, counted_ug):
        """Ends an occlusion as soon as weight says so: the suspicion's own allowance takes longer."""
        self._flowing.add(left_ug - counted_ug // 2 - _WANDER_UG, left_ug, counted_ug)
        if self._flowing.sum_ug >= _FLOWING_UG:
            self._end(self._stuck, records.OCCLUSION)
            self._flowing.forget()

    def _kind_of_uncounted(self):
        seen = self._uncounted
        if seen.sum_ug >= _FREE_FLOW_UG_S * max(1, seen.span_s):
            return records.FREE_FLOW
        return records.CELL_DRIFT if seen.counted_ug > _ROSE_UG else records.COUNTER_SILENT

    def _say(self, seen, signature):
        self._signatures.began(signature, seen.span_s, _ul(seen.counted_ug), _ul(seen.left_ug))

    def _weigh(self, left_ug, counted_ug):
        """Adds to the check of the calibration, and reports it every 25 mL from 100 mL on."""
        self._counted_ug += counted_ug
        self._left_ug += left_ug
        self._counted_mg += self._counted_ug // 1000
        self._left_mg += self._left_ug // 1000
        self._counted_ug %= 1000
        self._left_ug %= 1000
        counted_g = self._counted_mg // 1000
        if counted_g < self._next_ml:
            return
        self._next_ml = counted_g + _CHECK_EVERY_ML
        difference_mg = max(-_MOST_MG, min(self._left_mg - self._counted_mg, _MOST_MG))
        hangs = 1
        while hangs * hangs < self._hangs:
            hangs += 1
        note(self._log, records.CHECK, _ul(self._counted_mg) * 1000,
             difference_mg * 1000 // counted_g,
             _SCALE_PPM + _HANG_MG * hangs * 1000 // counted_g)


class _Suspicion:
    """A cumulative sum that starts again from zero, with the evidence since then."""

    def __init__(self):
        self.forget()

    def forget(self):
        self.sum_ug = 0
        self._peak_ug = 0
        self.left_ug = 0
        self.counted_ug = 0
        self.span_s = 0
        self.quiet_s = 0

    def add(self, grown_ug, left_ug, counted_ug):
        if self.sum_ug + grown_ug <= 0:
            quiet_s = self.quiet_s
            self.forget()
            self.quiet_s = quiet_s
            return
        self.sum_ug = min(self.sum_ug + grown_ug, _MOST_UG)
        if self.sum_ug > self._peak_ug + _GROWN_UG:
            self._peak_ug = self.sum_ug
            self.quiet_s = 0
        self.left_ug = min(self.left_ug + left_ug, _MOST_UG)
        self.counted_ug = min(self.counted_ug + counted_ug, _MOST_UG)

    def suspected(self, limit_ug):
        """Returns whether the sum is over its limit, and has grown just now."""
        return self.sum_ug >= limit_ug and self.quiet_s == 0

    def passed(self, seconds):
        self.quiet_s += seconds
        if self.sum_ug:
            self.span_s += seconds


def _ul(ug):
    """Returns micrograms of drug in saline as microlitres (1.0046 g/mL)."""
    return (ug - ug // 10046 * 46) // 1000
