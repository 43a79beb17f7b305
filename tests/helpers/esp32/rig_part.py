"""The rig in the place of the load cell's converter: its PIO program, clocked by the driver."""

import pio
from rig.cell import SETTLING, Cell
from world import world

DOUT, SCK = 4, 5
T2_CYCLES = 13  # 0.1 us after a rise the bit must be there


class _Pin:
    def __init__(self, number):
        self.number = number


class RigPart:
    """The interface of parts.Hx711Part, as far as the tests need it."""

    SETTLING = SETTLING

    def __init__(self, dout, sck):
        pio.chip.reset()
        self._dout = dout
        sck.level = 0
        sck.listeners.append(self)
        self._cell = Cell(_Pin(DOUT), _Pin(SCK), lambda: world.now_us)
        pio.chip.pads.hear = self._heard
        dout.drive(1)
        self._look()

    def _heard(self, cycle, pin, level):
        if pin == DOUT:
            self._dout.drive(level)

    def _look(self):
        world.after(1000, self._look)
        pio.chip.run_until(world.now_us * 125)
        self._cell.step()

    def changed(self, level):
        pio.chip.run_until(world.now_us * 125)
        pio.chip.pads.drive(SCK, level)
        pio.chip.run_until(world.now_us * 125 + T2_CYCLES)

    @property
    def weight(self):
        return self._cell.raw

    @weight.setter
    def weight(self, raw):
        self._cell.raw = raw

    def state(self):
        """Returns what the rig tells of its cell."""
        return self._cell.state()
