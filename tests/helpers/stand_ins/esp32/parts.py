"""Parts that the drivers talk to, down to their pins: load cell converter, clock, contact, pump."""

import errno

from world import world


class Hx711Part:
    """The converter: 10 conversions a second of `weight`; what its datasheet says, and no more.

    After a power-up or a change of gain the next SETTLING conversions are nonsense.
    """

    PERIOD_US = 100000
    SETTLING = 4
    OFF_US = 60
    GAINS = {25: 128, 26: 32, 27: 64}
    NONSENSE = 0x123456

    def __init__(self, dout, sck):
        self.weight = 0
        self.off_times = 0
        self.dead = False
        self._dout = dout
        self._sck = sck
        self._rose_us = 0
        sck.level = 0
        sck.listeners.append(self)
        self._power_up()
        world.after(self.PERIOD_US, self._convert)

    def _power_up(self):
        self.gain = 128
        self._settling = self.SETTLING
        self._pulses = 0
        self._ready = False
        self._dout.drive(1)

    def _convert(self):
        world.after(self.PERIOD_US, self._convert)
        if self.dead or 0 < self._pulses < 25:
            return  # being read: the register keeps what it holds
        gain = self.GAINS.get(self._pulses, self.gain)
        if gain != self.gain:
            self.gain = gain
            self._settling = self.SETTLING
        value = self.weight * self.gain // 128
        if self._settling:
            self._settling -= 1
            value = self.NONSENSE
        self._register = max(-0x800000, min(0x7FFFFF, value)) & 0xFFFFFF
        self._pulses = 0
        self._ready = True
        self._dout.drive(0)

    def changed(self, level):
        if level:
            self._rose_us = world.now_us
            if self._ready and not self.dead:
                self._pulses += 1
                left = 24 - self._pulses
                self._dout.drive(self._register >> left & 1 if left >= 0 else 1)
        elif world.now_us - self._rose_us > self.OFF_US:
            self.off_times += 1
            self._power_up()


class Ds3231Part:
    """The clock: counts simulated seconds from a calendar date that was written to it."""

    def __init__(self):
        self.registers = bytearray(0x13)
        self.registers[0x0F] = 0x88  # as it comes: oscillator stopped, 32 kHz output on
        self.registers[3:7] = bytes((1, 1, 1, 0))
        self._set_us = world.now_us
        self.hangs = False  # holds its line low: every transfer times out
        world.i2c[0x68] = self

    def _answer(self):
        if self.hangs:
            world.pass_us(800000)
            raise OSError(errno.ETIMEDOUT)

    def read(self, register, buf):
        self._answer()
        while world.now_us - self._set_us >= 1000000:
            self._set_us += 1000000
            self._second()
        for i in range(len(buf)):
            buf[i] = self.registers[register + i]

    def write(self, register, buf):
        self._answer()
        if register == 0:
            self._set_us = world.now_us
        for i in range(len(buf)):
            self.registers[register + i] = buf[i]

    def _second(self):
        """Carries by one second, digit by digit, as the chip does."""
        r = self.registers
        year, month = self._number(6), self._number(5)
        days = (31, 29 if year % 4 == 0 else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
        for at, last, first in ((0, 59, 0), (1, 59, 0), (2, 23, 0), (4, days, 1), (5, 12, 1),
                                (6, 99, 0)):
            number = self._number(at)
            if at == 4:
                r[3] = r[3] % 7 + 1
            if number < last:
                r[at] = (number + 1) // 10 << 4 | (number + 1) % 10
                return
            r[at] = first

    def _number(self, at):
        return (self.registers[at] >> 4) * 10 + (self.registers[at] & 15)


class Contact:
    """A push button that bounces, behind an RC filter and a Schmitt trigger unless filtered=False."""

    STEP_US = 100
    BOUNCE_STEPS = 40  # 4 ms
    TAU_STEPS = 100  # 10 ms
    HIGH, LOW = 7000, 3000  # thresholds, of a supply of 10000

    def __init__(self, wire, chance, filtered=True):
        self._wire = wire
        self._chance = chance  # chance(share) -> bool
        self._filtered = filtered
        self._volts = 10000
        self._closed = False
        self._bouncing = 0
        self._stepping = False

    def press(self, held_ms):
        self._turn(True)
        world.after(held_ms * 1000, self._release)

    def _release(self):
        self._turn(False)

    def _turn(self, closed):
        self._closed = closed
        self._bouncing = self.BOUNCE_STEPS
        if not self._stepping:
            self._stepping = True
            self._step()

    def _step(self):
        closed = self._closed
        if self._bouncing:
            self._bouncing -= 1
            if self._chance(0.5):
                closed = not closed
        goal = 0 if closed else 10000
        self._volts += (goal - self._volts) // self.TAU_STEPS if self._filtered else goal - self._volts
        if self._volts < self.LOW:
            self._wire.drive(0)
        elif self._volts > self.HIGH:
            self._wire.drive(1)
        at_rest = not self._bouncing and abs(goal - self._volts) <= self.TAU_STEPS
        self._stepping = not at_rest
        if self._stepping:
            world.after(self.STEP_US, self._step)


class Pump:
    """Pulses of the mechanism, `width_us` long, every `period_us` while it runs."""

    def __init__(self, wire, period_us, width_us=100):
        self.counts = 0
        self.running = True
        self._wire = wire
        self._period_us = period_us
        self._width_us = width_us
        wire.drive(0)
        world.after(period_us, self._rise)

    def _rise(self):
        world.after(self._period_us, self._rise)
        if self.running:
            self._wire.drive(1)
            self.counts += 1
            world.after(self._width_us, self._fall)

    def _fall(self):
        self._wire.drive(0)
