"""The rig as a whole: everything at rest after power-up, so that a rig without its host disturbs
nothing."""

import time

from machine import Pin

from . import wires
from .cell import Cell
from .contact import Contact
from .count_generator import CountGenerator

_FIRST_CONTACT_MACHINE = 2  # two contacts beside the generator; the service button needs no bounce


def clock_us():
    """Returns microseconds since some moment before; does not wrap."""
    return time.time_ns() // 1000


class PlainContact:
    """A contact that is only held: the rig's service button, by hand of the loop."""

    def __init__(self, pin):
        self._pin = pin
        self.closed = False
        self.presses = 0
        self.began_us = self.ended_us = None

    def press(self, held_us, bounces_us, opening_bounces_us):
        self.hold(True)
        self.presses += 1
        self.ended_us = self.began_us + held_us

    def hold(self, closed):
        self._pin.value(closed)
        self.closed = closed
        self.began_us, self.ended_us = clock_us(), None

    def step(self):
        if self.ended_us is not None and self.closed and clock_us() >= self.ended_us:
            self._pin.value(0)
            self.closed = False
            self.ended_us = clock_us()

    def state(self):
        self.step()
        playing = self.closed and self.ended_us is not None
        return {"playing": playing, "closed": self.closed, "presses": self.presses, "late": 0,
                "began_us": self.began_us, "ended_us": None if playing else self.ended_us}


class Rig:
    """What the protocol's commands do."""

    def __init__(self):
        pins = {name: Pin(gpio, Pin.OUT, value=0) if way == wires.OUT else Pin(gpio, Pin.IN)
                for name, gpio, way, _, _ in wires.WIRES}
        self._pins = pins
        self.generator = CountGenerator(pins["COUNT"], pins["COUNT_BACK"], clock_us)
        self.cell = Cell(pins["CELL_DOUT"], pins["CELL_SCK"], clock_us)
        self.contacts = {
            "HANDSET": Contact(_FIRST_CONTACT_MACHINE, pins["HANDSET"], clock_us),
            "RELIEF": Contact(_FIRST_CONTACT_MACHINE + 1, pins["RELIEF"], clock_us),
            "SERVICE": PlainContact(pins["SERVICE"]),
        }
        self._cut = False
        self._cut_us = self._back_us = self._power_due_us = None

    def step(self):
        """Keeps everything going; to be called every ms."""
        self.generator.look()
        self.cell.step()
        for contact in self.contacts.values():
            contact.step()
        if self._power_due_us is not None and clock_us() >= self._power_due_us:
            self._supply(True)

    def begin_counts(self, n, high_us, low_us):
        self.generator.begin(n, high_us, low_us)
        return self.generator.state()

    def stop_counts(self):
        self.generator.stop()
        return self.generator.state()

    def press(self, contact, held_us, bounces_us, opening_bounces_us):
        self.contacts[contact].press(held_us, bounces_us, opening_bounces_us)
        return self.contacts[contact].state()

    def hold(self, contact, closed):
        self.contacts[contact].hold(closed)
        return self.contacts[contact].state()

    def weigh(self, raw, raw_b):
        self.cell.raw, self.cell.raw_b = raw, raw_b
        return self.cell.state()

    def fit_cell(self, fitted):
        self.cell.fitted = fitted
        return self.cell.state()

    def cut(self, for_ms):
        """Cuts the supply now, for so many ms, 0: until told."""
        self._supply(False)
        self._power_due_us = self._cut_us + for_ms * 1000 if for_ms else None
        return self.supply_state()

    def power(self):
        """Gives the supply back."""
        self._supply(True)
        return self.supply_state()

    def _supply(self, on):
        self._pins["CUT"].value(not on)
        self._cut = not on
        self._power_due_us = None
        if on:
            self._back_us = clock_us()
        else:
            self._cut_us, self._back_us = clock_us(), None

    def supply_state(self):
        """Returns {cut, cut_us, back_us, there}: there is what was read back at the board."""
        return {"cut": self._cut, "cut_us": self._cut_us, "back_us": self._back_us,
                "there": bool(self._pins["SUPPLY_BACK"].value())}

    def read(self):
        """Returns the levels of all inputs."""
        return {name.lower(): self._pins[name].value() for name in wires.INPUTS}

    def rest(self):
        """Ends everything: no count, every contact open, the supply there."""
        self.generator.stop()
        for contact in self.contacts.values():
            contact.hold(False)
        self.cell.fitted = True
        self._supply(True)
        return self.read()
