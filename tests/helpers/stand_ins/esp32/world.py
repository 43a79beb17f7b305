"""What lies around the stand-in ESP32: simulated time, and the wires that parts and pins share.

Time passes when the firmware sleeps, reads a clock (1 us) or moves a pin (2 us), and when a test
lets it pass. Interrupts take the processor for `interrupt_us` every `interrupt_every_us`, but not
while they are disabled; `stall_us` takes it once, at the next move of a pin, whatever is disabled.
"""

CLOCK_US = 1
PIN_US = 2


class Wire:
    """A level, and who hears it change: objects with changed(level)."""

    def __init__(self):
        self.level = 1
        self.listeners = []

    def drive(self, level):
        if level != self.level:
            self.level = level
            for listener in self.listeners:
                listener.changed(level)


class World:
    def __init__(self):
        self.reset()

    def reset(self, ticks_ms=0):
        """A new world at the reading `ticks_ms` of the board's clock."""
        self.now_us = 0
        self.ticks_ms = ticks_ms
        self.wires = {}
        self.i2c = {}  # address: part
        self.interrupts_off = False
        self.interrupt_us = 0
        self.interrupt_every_us = 0
        self.next_interrupt_us = 0
        self.stall_us = 0
        self.end_us = None
        self._due = []  # (at_us, number, action), soonest last
        self._planned = 0

    def wire(self, number):
        if number not in self.wires:
            self.wires[number] = Wire()
        return self.wires[number]

    def after(self, us, action):
        """Has action() done in so many us."""
        self._planned -= 1  # of two at the same moment the one planned first comes first
        item = (self.now_us + us, self._planned, action)
        at = len(self._due)
        while at and self._due[at - 1][:2] < item[:2]:
            at -= 1
        self._due.insert(at, item)

    def pass_us(self, us):
        """Lets time pass, and happen what is due."""
        until_us = self.now_us + us
        while self._due and self._due[-1][0] <= until_us:
            at_us, _, action = self._due.pop()
            self.now_us = max(self.now_us, at_us)
            action()
        self.now_us = max(self.now_us, until_us)
        if self.end_us is not None and self.now_us >= self.end_us:
            raise SystemExit("the test's time is over")

    def spend(self, us):
        """The firmware itself takes time; allocates nothing while nothing is due."""
        self.now_us += us
        if self.interrupt_us and not self.interrupts_off and self.now_us >= self.next_interrupt_us:
            self.now_us += self.interrupt_us
            self.next_interrupt_us = self.now_us + self.interrupt_every_us

    def stall(self):
        self.now_us += self.stall_us
        self.stall_us = 0


world = World()
