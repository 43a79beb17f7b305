"""Plays the load cell's converter: ten conversions a second, its gains and channels, its settling,
its power-down. What is on the wire, bit by bit, is programs.cell; here are the values.

After a power-up or a change of gain SETTLING conversions are far off, as the chip's own may be. The
gain that a reading chose is known one conversion later: its first value is put at once, and put right
within a turn of the loop.
"""

from rp2 import StateMachine

from . import programs

PERIOD_US = 100000
SETTLING = 4
LOWEST, HIGHEST = -(1 << 23), (1 << 23) - 1
_GAINS = {25: 128, 26: 32, 27: 64}
_CELL_MACHINE = 4  # alone in the second block: its program fills it


class Cell:
    """dout, sck: pins. clock_us: the rig's. `raw`: channel A at gain 128; `raw_b`: channel B."""

    def __init__(self, dout, sck, clock_us):
        self._clock_us = clock_us
        self._machine = StateMachine(
            _CELL_MACHINE, programs.cell, freq=programs.CELL_HZ,
            in_base=sck, jmp_pin=sck, out_base=dout, sideset_base=dout,
        )
        self.raw = self.raw_b = 0
        self.fitted = True
        self.reads = {25: 0, 26: 0, 27: 0}
        self.odd_reads = self.offs = 0
        self._power_up()
        self._machine.active(1)

    def _power_up(self):
        self._gain = 128
        self._settling = SETTLING
        self._due_us = self._clock_us() + PERIOD_US

    def step(self):
        """Converts when it is time and takes in what the board did; to be called often."""
        while self._machine.rx_fifo():
            self._told(self._machine.get())
        now_us = self._clock_us()
        if now_us < self._due_us:
            return
        self._due_us += PERIOD_US
        if self._due_us <= now_us:  # the loop was held up: no burst of conversions
            self._due_us = now_us + PERIOD_US
        if self.fitted and not self._machine.tx_fifo():  # else it is being read
            self._put(self._value())
            self._settling = max(0, self._settling - 1)

    def _value(self):
        raw = self.raw_b if self._gain == 32 else self.raw * self._gain // 128
        raw = max(LOWEST, min(HIGHEST, raw))
        return ~raw if self._settling else raw

    def _put(self, raw):
        self._machine.put((raw & 0xFFFFFF) << 8 | programs.CELL_MARK)

    def _told(self, word):
        if word == programs.CELL_OFF:
            self.offs += 1
            self._power_up()
            return
        clocks = 24 + (-word & 0xFFFFFFFF)
        if clocks not in _GAINS:
            self.odd_reads += 1
            return
        self.reads[clocks] += 1
        if _GAINS[clocks] != self._gain:
            self._gain = _GAINS[clocks]
            self._settling = SETTLING
            self._put(self._value())  # in place of the one that was put at the old gain
            self._settling -= 1

    def state(self):
        """Returns {gain, settling, reads_25, reads_26, reads_27, odd_reads, offs}."""
        self.step()
        state = {"reads_%d" % clocks: n for clocks, n in self.reads.items()}
        state.update(gain=self._gain, settling=self._settling, odd_reads=self.odd_reads, offs=self.offs)
        return state
