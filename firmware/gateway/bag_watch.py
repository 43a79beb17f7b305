"""What happens on the hook: fluid leaving as counted, a knock, a step, another bag, a refill.

Fed a weight every ten seconds. As long as it falls by no more than counted and rises not at all, it
is believed. What leaves that band is held back until it returns (a knock), has settled for a minute
(a step: the tube was moved, the pole leans; or a refill; or, if the hook was empty meanwhile,
another bag), or has kept falling (fluid leaves that nobody counts).
"""

from micropython import const
from pumpwire import records

from .note import note

_BAND_UG = const(100000)  # noise of two ten-second means, draughts, a bolus ahead of its count
_CALM = const(6)  # ten-second values: a minute
_HOOK_EMPTY_UG = const(-7000000)  # the tare holds an empty bag's weight, which is gone too then
_REFILL_UG = const(5000000)
_UNDONE_UG = const(1000000)  # so near to where it hung before a step, a rise is no refill
_FALLING_UG = const(20000)
_LARGEST_FALL_UG = const(3000000)  # in ten seconds; more is a hand
_FALLS = const(3)
_MOST_MG = const(400000)  # what a 500 g cell can hold; sums of two stay below 2^30 ug
_MOST_TENS = const(100000)
_MOST_EXPECTED_UG = const(200000000)

UNKNOWN, STEADY, MOVED = 0, 1, 2


class BagWatch:
    """log: event log; balance: takes what is believed; boluses: learns when the hook is empty.

    `ug`: the weight believed last, in micrograms, steps taken out; `fresh` when a bag was just hung,
    or first seen; `shift_ug`: all steps since then.
    """

    def __init__(self, log, balance, boluses):
        self._log = log
        self._balance = balance
        self._boluses = boluses
        self.state = UNKNOWN
        self.ug = 0
        self.shift_ug = 0
        self.fresh = False
        self._expected_ug = 0  # counted since the weight believed last
        self._last_ug = 0
        self._lowest_ug = 0
        self._calm = 0
        self._falls = 0
        self._fell = False
        self._moved_tens = 0  # tens of seconds since it moved: ticks_diff would wrap after six days

    def value(self, now_ms, mg, expected_ug, quantum_ug):
        """Takes a ten-second weight, and how much counts say has left since the one before."""
        w_ug = max(-_MOST_MG, min(mg, _MOST_MG)) * 1000 - self.shift_ug
        band_ug = _BAND_UG + quantum_ug
        self.missing(expected_ug)
        if w_ug < _HOOK_EMPTY_UG:
            self._boluses.hook_empty(now_ms)
        if self.state == STEADY:
            if _fits(self.ug - w_ug, self._expected_ug, band_ug):
                self._believe(w_ug)
            else:
                self._leave(w_ug)
        else:
            self._follow(w_ug, expected_ug, band_ug)
        self._last_ug = w_ug

    def missing(self, expected_ug):
        """Takes note that there was no weight, and how much was counted meanwhile."""
        self._moved_tens = min(self._moved_tens + 1, _MOST_TENS)
        self._expected_ug = min(self._expected_ug + expected_ug, _MOST_EXPECTED_UG)

    def _believe(self, w_ug):
        self._balance.flow(self.ug - w_ug, self._expected_ug)
        self.ug = w_ug
        self._expected_ug = 0

    def _leave(self, w_ug):
        self.state = MOVED
        self._moved_tens = 0
        self._lowest_ug = w_ug
        self._calm = 0
        self._fell = False
        self._falls = 1 if _FALLING_UG < self.ug - w_ug - self._expected_ug < _LARGEST_FALL_UG else 0

    def _follow(self, w_ug, expected_ug, band_ug):
        fall_ug = self._last_ug - w_ug
        self._lowest_ug = min(self._lowest_ug, w_ug)
        self._calm = self._calm + 1 if _fits(fall_ug, expected_ug, band_ug) else 0
        falling = _FALLING_UG < fall_ug - expected_ug < _LARGEST_FALL_UG
        self._falls = self._falls + 1 if falling else 0
        if self.state == UNKNOWN:
            if self._calm >= _CALM and w_ug > _HOOK_EMPTY_UG:
                self._hang(w_ug)
            return
        if _fits(self.ug - w_ug, self._expected_ug, band_ug):
            self.state = STEADY  # it was a knock
            self._believe(w_ug)
        elif self._falls >= _FALLS and w_ug > _HOOK_EMPTY_UG:
            if self._lowest_ug < _HOOK_EMPTY_UG:
                self._settle(w_ug, _FALLS)  # another bag, out of which fluid runs already
                return
            self._fell = True
            self._balance.falling(self.ug - w_ug, self._expected_ug)
            self.ug = w_ug
            self._expected_ug = 0
            self._moved_tens = 0
        elif self._calm >= _CALM and w_ug > _HOOK_EMPTY_UG:
            self._settle(w_ug, _CALM)

    def _settle(self, w_ug, tens):
        """The weight has stood still at another level, or fallen evenly, for so many tens of seconds."""
        risen_ug = w_ug - self.ug + self._expected_ug
        changed = self._lowest_ug < _HOOK_EMPTY_UG
        if changed or risen_ug > _REFILL_UG and abs(self.shift_ug + risen_ug) > _UNDONE_UG:
            half_ms = (self._moved_tens - tens + 1) * 5000
            note(self._log, records.BAG, half_ms + tens * 10000, half_ms,
                 (self.ug + self.shift_ug) // 1000, (w_ug + self.shift_ug) // 1000,
                 0 if changed else 1)
            self._hang(w_ug + self.shift_ug)
        elif self._fell:
            self.state = STEADY
            self._believe(w_ug)
        else:
            self.state = STEADY
            self.shift_ug += risen_ug
            self.ug = w_ug - risen_ug
            self._balance.stepped()
            self._expected_ug = 0

    def _hang(self, ug):
        """Begins anew with the bag that hangs there."""
        self.state = STEADY
        self.ug = ug
        self.shift_ug = 0
        self.fresh = True
        self._expected_ug = 0
        self._balance.hung()


def _fits(fall_ug, expected_ug, band_ug):
    return -band_ug <= fall_ug <= expected_ug + band_ug
