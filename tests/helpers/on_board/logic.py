"""A logic analyser on the emulated Pico's pins, and shorthand for its tests."""

import pio


class Pin:
    """As little of machine.Pin as a state machine wants."""

    def __init__(self, number):
        self.number = number


class Trace:
    """Every change of level from here on: (cycle, pin, level)."""

    def __init__(self):
        self.changes = []
        pio.chip.pads.hear = self._heard

    def _heard(self, cycle, pin, level):
        self.changes.append((cycle, pin, level))

    def of(self, pin):
        """Returns [(cycle, level)] of one pin."""
        return [(cycle, level) for cycle, which, level in self.changes if which == pin]

    def lengths_us(self, pin):
        """Returns how long each level but the last lasted, in us."""
        at = [cycle for cycle, _ in self.of(pin)]
        return [(b - a) / 125 for a, b in zip(at, at[1:])]


def power_up():
    """A Pico after power-up, no clock but the test's."""
    pio.chip.reset()


def pass_us(us):
    """Lets so many us pass."""
    pio.chip.run_until(pio.chip.now + round(us * 125))


def clock_us():
    """The rig's clock."""
    return pio.chip.now // 125
