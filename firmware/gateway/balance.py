"""Counts held against weight: occlusion, free flow, a silent counter, a drifting cell.

Each suspicion grows by what counts and weight differ, less an allowance (a quarter of what was
counted: no calibration is so wrong; and what a cell wanders), and starts again from zero. So only a
difference that lasts adds up.
"""

from micropython import const
from pumpwire import records

from .reservoir import volume_nl
from .suspicion import Suspicion

_OF_A_BAG = (records.OCCLUSION, records.FREE_FLOW, records.COUNTER_SILENT, records.CELL_DRIFT)
_OCCLUDED_UG = const(600000)  # at an allowance of a quarter: 0.8 mL counted that did not leave
_FLOWING_UG = const(300000)
_FREE_UG = const(500000)
_FREE_UG_S = const(417)  # 1.5 mL/h: a free flow of 3 mL/h has shown after 1 mL, one of 15 after 0.6
_FLOW_S = const(30)  # what falls within less was moved, and does not flow
_UNCOUNTED_UG = const(1000000)
_WANDER_UG_S = const(3)  # 12 mg/h
_COUNTING_UG = const(150000)  # counted meanwhile: the counter is not silent
_ENDED_S = const(600)  # nothing more of it for so long: over


class Balance:
    """signatures: gateway.signatures; check: gateway.calibration_check. Fed by bag_watch."""

    def __init__(self, signatures, check):
        self._signatures = signatures
        self._check = check
        self._stuck = Suspicion()  # counted, but did not leave
        self._flowing = Suspicion()  # leaves again after it did not
        self._free = Suspicion()  # left fast, but was not counted
        self._uncounted = Suspicion()  # left slowly, but was not counted
        self._rising = Suspicion()  # got heavier
        self._quantum_ug = 0
        self._passed_s = 0

    def calibrated(self, quantum_ug):
        """Takes what a count weighs; weight may run ahead of counts by one."""
        self._quantum_ug = quantum_ug
        self._check.begin()

    def hung(self):
        """A bag was hung, or refilled, or is seen for the first time."""
        self._stuck.forget()
        self._flowing.forget()
        self._free.forget()
        self._uncounted.forget()
        self._rising.forget()
        for signature in _OF_A_BAG:
            self._signatures.over(signature)
        self._check.hung()

    def stepped(self):
        """The weight jumped for a reason outside the bag."""
        self._check.stepped()

    def passed(self, seconds):
        """Lets time pass; a suspicion that nothing feeds any more is over."""
        self._passed_s += seconds
        self._check.passed(seconds)
        self._stuck.passed(seconds)
        self._free.passed(seconds)
        self._uncounted.passed(seconds)
        self._rising.passed(seconds)
        if not self._signatures.open:
            return
        if self._free.quiet_s > _ENDED_S:
            self._end(records.FREE_FLOW)
        if self._uncounted.quiet_s > _ENDED_S:
            self._end(records.COUNTER_SILENT)
            if self._rising.quiet_s > _ENDED_S:
                self._end(records.CELL_DRIFT)

    def _end(self, signature):
        if self._signatures.is_open(signature):
            self._signatures.over(signature)
            self._free.forget()
            self._uncounted.forget()
            self._rising.forget()

    def flow(self, left_ug, counted_ug):
        """Takes what left the bag by weight and by counts in the same time."""
        self._suspect(left_ug, counted_ug)
        self._check.flow(left_ug, counted_ug)

    def falling(self, left_ug, counted_ug):
        """Takes a fast fall: it counts for the suspicions, but not for the check."""
        self._suspect(left_ug, counted_ug)

    def _suspect(self, left_ug, counted_ug):
        seconds = self._passed_s
        self._passed_s = 0
        allowed_ug = counted_ug // 4
        wander_ug = _WANDER_UG_S * seconds
        more_ug = left_ug - counted_ug - allowed_ug
        self._stuck.add(counted_ug - left_ug - allowed_ug, left_ug, counted_ug)
        self._free.add(more_ug - _FREE_UG_S * seconds, left_ug, counted_ug)
        self._uncounted.add(more_ug - wander_ug, left_ug, counted_ug)
        self._rising.add(-left_ug - wander_ug, left_ug, counted_ug)
        if self._signatures.is_open(records.OCCLUSION):
            self._flows_again(left_ug, counted_ug, wander_ug)
        self._judge()

    def _judge(self):
        free_ug = _FREE_UG + self._quantum_ug
        stuck, free, uncounted = self._stuck, self._free, self._uncounted
        if stuck.suspected(_OCCLUDED_UG):
            drifts = -stuck.left_ug > stuck.counted_ug  # it rose by more than ever was counted
            self._say(stuck, records.CELL_DRIFT if drifts else records.OCCLUSION)
        if free.suspected(free_ug) and free.span_s >= _FLOW_S:
            self._say(free, records.FREE_FLOW)
        elif uncounted.suspected(_UNCOUNTED_UG + self._quantum_ug):
            if free.sum_ug < free_ug * 2 // 3 and not self._signatures.is_open(records.FREE_FLOW):
                silent = uncounted.counted_ug <= _COUNTING_UG
                self._say(uncounted, records.COUNTER_SILENT if silent else records.CELL_DRIFT)
        if self._rising.suspected(_UNCOUNTED_UG):
            self._signatures.over(records.OCCLUSION)  # what rises is not blocked: it was the cell
            stuck.forget()
            self._say(self._rising, records.CELL_DRIFT)

    def _flows_again(self, left_ug, counted_ug, wander_ug):
        """Ends an occlusion as soon as weight says so: the suspicion's own allowance takes longer."""
        self._flowing.add(left_ug - counted_ug // 2 - wander_ug, left_ug, counted_ug)
        if self._flowing.sum_ug >= _FLOWING_UG:
            self._signatures.over(records.OCCLUSION)
            self._stuck.forget()
            self._flowing.forget()

    def _say(self, seen, signature):
        self._signatures.began(signature, seen.span_s, volume_nl(seen.counted_ug) // 1000,
                               volume_nl(seen.left_ug) // 1000)
