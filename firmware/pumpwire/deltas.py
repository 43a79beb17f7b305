"""What a page's earlier records held: where the differences of the later ones start from.

One for the writer and one for the reader; both go through a page from its first record on, and a
BOOT resets them. Field codes: pumpwire.records.
"""

from array import array

from .records import BOLUS, MINUTE, RESERVOIR
from .units import const

_ROWS = {MINUTE: 0, BOLUS: 3, RESERVOIR: 11}  # where a kind's fields lie in `held`
_LEVEL = const(11)
SE = 12  # RESERVOIR's standard error
LEVEL_STEP = 13  # the last step of RESERVOIR's level
_CELLS = const(14)
_NONE = -(1 << 29)  # with no dt does this make a minute


class Deltas:
    """held: last values; since_minute: ticks from the last MINUTE to the last record, negative: none."""

    def __init__(self):
        self.held = array("i", [0] * _CELLS)
        self.since_minute = _NONE

    def reset(self):
        """Forgets everything: a page, or a boot in it, begins. Allocates nothing."""
        held = self.held
        k = 0
        while k < _CELLS:
            held[k] = 0
            k += 1
        self.since_minute = _NONE

    def passed(self, kind, dt):
        """Takes note of a record dt ticks after the one before."""
        if kind == MINUTE:
            self.since_minute = 0
        elif self.since_minute >= 0:
            self.since_minute += dt

    def rides(self, reservoir):
        """Returns whether a RESERVOIR of these values can go in one frame with a minute."""
        return reservoir[1] == self.held[SE]

    def first_cell(self, kind):
        """Returns where in `held` the fields of a kind lie, if it has any there."""
        return _ROWS.get(kind, 0)

    def level_step(self, level_ul):
        """Returns how far a RESERVOIR's level is from what was to be expected, and holds it."""
        held = self.held
        last = held[_LEVEL]
        step = level_ul - last
        expected = held[LEVEL_STEP]
        held[_LEVEL] = level_ul
        held[LEVEL_STEP] = step if last else 0
        return step - expected
