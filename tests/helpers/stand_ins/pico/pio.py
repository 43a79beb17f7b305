"""An RP2040 PIO emulator, exact to the system cycle, for CPython and MicroPython alike.

It runs the words that rp2.py assembles: all nine instructions with delays and side-set, autopush and
autopull, joined FIFOs, clock dividers, two cycles of synchroniser before every input. Not emulated:
out and mov to exec, mov from status, inputs whose synchroniser is bypassed, two machines that drive
one pin in the same cycle. Time that nothing happens in is skipped, not run: a machine that waits, turns
on the spot or goes round a loop with nothing changed sleeps until an input changes or the processor
touches it, and then stands where it would have stood. Source: RP2040 datasheet, chapter 3.
"""

SYSTEM_HZ = 125000000
PROGRAM_WORDS = 32
SYNCHRONISER = 2
FIFO_WORDS = 4
PINS = 30
_ALL = 0xFFFFFFFF


class Pads:
    """The pins: levels, when they changed, and what is wired to what."""

    def __init__(self, chip):
        self._chip = chip
        self._level = [0] * PINS
        self._before = [0] * PINS
        self._changed = [-SYNCHRONISER] * PINS
        self.joined = {}  # a pin: (another, inverted) that a wire outside joins to it
        self.hear = None  # hear(cycle, pin, level) at every change
        self.last_change = -SYNCHRONISER

    def level(self, pin):
        """Returns a pin's level now."""
        return self._level[pin]

    def sample(self, pin, cycle):
        """Returns what a machine sees of a pin in this cycle."""
        seen = self._before if cycle - self._changed[pin] < SYNCHRONISER else self._level
        return seen[pin]

    def drive(self, pin, level, cycle=None):
        """Changes a level, by default in the chip's present cycle."""
        if level == self._level[pin]:
            return
        if cycle is None:
            cycle = self._chip.now
        self._before[pin] = self._level[pin]
        self._level[pin] = level
        self._changed[pin] = cycle
        self.last_change = cycle
        if self.hear:
            self.hear(cycle, pin, level)
        self._chip.wake(cycle)
        if pin in self.joined:
            other, inverted = self.joined[pin]
            self.drive(other, level ^ inverted, cycle)


class Machine:
    """A state machine; the processor's side is put, get, enable, execute, restart."""

    def __init__(self, chip, number, program, hz, pins):
        self._chip = chip
        self._pads = chip.pads
        self._flags = chip.flags[number // 4]
        self._number = number & 3
        self._program = program
        self._in = pins.get("in_base", 0)
        self._jump = pins.get("jmp_pin", 0)
        self._out = pins.get("out_base", 0)
        self._set = pins.get("set_base", 0)
        self._side = pins.get("sideset_base", 0)
        self._out_n = _width(program.out_init)
        self._set_n = _width(program.set_init)
        self._div = round(SYSTEM_HZ * 256 / hz)
        if not 256 <= self._div < 65536 * 256:
            raise ValueError("freq out of range")
        self.enabled = False
        self.asleep = False
        self.x = self.y = 0
        self._depth = (FIFO_WORDS, FIFO_WORDS)
        if program.join:
            self._depth = (8, 0) if program.join == 1 else (0, 8)
        for first, levels in ((self._out, program.out_init), (self._set, program.set_init),
                              (self._side, program.sideset_init)):
            for i, level in enumerate(levels if isinstance(levels, tuple) else (levels,)):
                if level is not None:
                    self._pads.drive(first + i, level & 1)
        self.restart()

    # ---- the processor's side

    def restart(self):
        """Goes to the first instruction with empty FIFOs and shift registers; X and Y stay."""
        self.tx, self.rx = [], []
        self.pc = 0
        self.isr = self.isr_n = self.osr = 0
        self.osr_n = 32
        self._begin()

    def enable(self, on):
        """Starts or stops the machine."""
        if on and not self.enabled:
            self._begin()
        self.enabled = on

    def put(self, word):
        """Puts a word into the TX FIFO; returns whether there was room."""
        if len(self.tx) >= self._depth[0]:
            return False
        self.tx.append(word)
        self.wake(self._chip.now)
        return True

    def get(self):
        """Takes a word from the RX FIFO, which must not be empty."""
        word = self.rx.pop(0)
        self.wake(self._chip.now)
        return word

    def execute(self, word):
        """Runs one instruction now, in between; it must be one that need not wait."""
        cycle = self._chip.now
        self._next_pc = None
        if not self._do(word, cycle):
            raise ValueError("an instruction put in between would wait")
        if self._next_pc is not None:
            self.pc = self._next_pc
        self.wake(cycle)

    # ---- time

    def _begin(self):
        self._began = self._chip.now
        self._tick = 0
        self._seen = None
        self.asleep = False

    def due(self):
        """Returns the cycle of the next instruction."""
        return self._began + (self._tick * self._div >> 8)

    def wake(self, cycle):
        """Has a sleeping machine look again: in the first tick at or after `cycle`, or at the last
        beginning of its loop before."""
        self._seen = None
        if not self.asleep:
            return
        self.asleep = False
        ticks = ((cycle - self._began) * 256 - 1) // self._div + 1 - self._tick
        if ticks > 0:
            self._tick += ticks if self._period == 1 else ticks // self._period * self._period

    def step(self, end, horizon):
        """Runs one instruction, due before cycle `end`, and before it all turns of a loop on the spot
        that end before cycle `horizon`: they see and move nothing, whatever other machines do."""
        program = self._program
        word = program.words[self.pc]
        cycle = self.due()
        delay = word >> 8 & 31
        side_bits = program.side_bits + program.side_optional
        if side_bits:
            side = delay >> (5 - side_bits)
            delay &= 31 >> side_bits
            if not program.side_optional or side >> program.side_bits:
                self._write(self._side, program.side_bits, side, cycle)
        turning = self.pc == word & 31 and word >> 13 == 0 and word >> 5 & 7 in (2, 4)
        if turning and self._chip.skipping:
            self._turn(word >> 5 & 7 == 2, 1 + delay, horizon)
            cycle = self.due()
            if cycle >= end:
                return
        if program.autopull and word >> 13 != 3 and self.osr_n >= program.pull_thresh and self.tx:
            self._refill()
        self._next_pc = None
        if not self._do(word, cycle):
            if self._chip.skipping and cycle - self._pads.last_change >= SYNCHRONISER:
                self.asleep, self._period = True, 1
            self._tick += 1
            return
        self._tick += 1 + delay
        if self._next_pc is not None:
            to = self._next_pc
        elif self.pc == program.wrap:
            to = program.wrap_target
        else:
            to = self.pc + 1
        back = to <= self.pc
        self.pc = to
        if back and self._chip.skipping:
            self._look_for_idling()

    def _turn(self, of_x, ticks, horizon):
        left = self.x if of_x else self.y
        turns = min(left, (horizon - self.due()) * 256 // self._div // ticks)
        if turns > 0:
            if of_x:
                self.x -= turns
            else:
                self.y -= turns
            self._tick += turns * ticks

    def _look_for_idling(self):
        state = (self.pc, self.x, self.y, self.isr, self.isr_n, self.osr, self.osr_n,
                 len(self.tx), len(self.rx))
        settled = self._pads.last_change + SYNCHRONISER
        if self._seen and self._seen[0] == state and self._seen[2] > settled:
            self._period = self._tick - self._seen[1]
            self.asleep = True
            self._seen = None
        else:
            self._seen = (state, self._tick, self.due())

    # ---- instructions

    def _do(self, word, cycle):
        """Runs an instruction; returns False if it has to wait."""
        low, field = word & 31, word >> 5 & 7
        return self._BY_CODE[word >> 13](self, field, low, cycle)

    def _jmp(self, condition, to, cycle):
        yes = True
        if condition == 1:
            yes = self.x == 0
        elif condition == 2:
            yes = self.x != 0
            self.x = self.x - 1 & _ALL
        elif condition == 3:
            yes = self.y == 0
        elif condition == 4:
            yes = self.y != 0
            self.y = self.y - 1 & _ALL
        elif condition == 5:
            yes = self.x != self.y
        elif condition == 6:
            yes = self._pads.sample(self._jump, cycle)
        elif condition == 7:
            yes = self.osr_n < self._program.pull_thresh
        if yes:
            self._next_pc = to
        return True

    def _wait(self, field, index, cycle):
        polarity, source = field >> 2, field & 3
        if source == 2:
            flag = self._flag(index)
            raised = self._flags.get(flag, cycle) < cycle  # a cycle after it was raised
            if raised and polarity:
                del self._flags[flag]
            return raised == bool(polarity)
        pin = index if source == 0 else (self._in + index) % 32
        return self._pads.sample(pin, cycle) == polarity

    def _flag(self, index):
        return index & 4 | (index + self._number) & 3 if index & 0x10 else index & 7

    def _in_(self, source, n, cycle):
        n = n or 32
        program = self._program
        if program.autopush and self.isr_n + n >= program.push_thresh and self._rx_full():
            return False
        value = self._source(source, cycle) & (1 << n) - 1
        if program.in_right:
            self.isr = self.isr >> n | value << 32 - n
        else:
            self.isr = (self.isr << n | value) & _ALL
        self.isr_n = min(32, self.isr_n + n)
        if program.autopush and self.isr_n >= program.push_thresh:
            self._push_isr()
        return True

    def _source(self, number, cycle):
        if number == 0:
            return sum(self._pads.sample((self._in + i) % 32, cycle) << i
                       for i in range(32) if (self._in + i) % 32 < PINS)
        return (0, self.x, self.y, 0, None, None, self.isr, self.osr)[number]

    def _out_(self, to, n, cycle):
        n = n or 32
        program = self._program
        if program.autopull and self.osr_n >= program.pull_thresh:
            if not self.tx:
                return False
            self._refill()  # and shifts in the next cycle
            self._next_pc = self.pc
            return True
        if program.out_right:
            value = self.osr & (1 << n) - 1
            self.osr >>= n
        else:
            value = self.osr >> 32 - n
            self.osr = self.osr << n & _ALL
        self.osr_n = min(32, self.osr_n + n)
        self._to(to, value, n, cycle)
        if program.autopull and self.osr_n >= program.pull_thresh and self.tx:
            self._refill()
        return True

    def _to(self, number, value, n, cycle):
        if number == 0:
            self._write(self._out, self._out_n, value, cycle)
        elif number == 1:
            self.x = value
        elif number == 2:
            self.y = value
        elif number == 5:
            self._next_pc = value
        elif number == 6:
            self.isr, self.isr_n = value, n
        elif number != 3:
            raise NotImplementedError("out to %d" % number)

    def _write(self, first, n, value, cycle):
        for i in range(n):
            self._pads.drive(first + i, value >> i & 1, cycle + 1)

    def _fifo(self, field, low, cycle):
        wait, conditional = field & 1, field & 2
        program = self._program
        if field & 4:
            if conditional and self.osr_n < program.pull_thresh or program.autopull and self.osr_n == 0:
                return True
            if self.tx:
                self._refill()
            elif wait:
                return False
            else:
                self.osr, self.osr_n = self.x, 0
            return True
        if conditional and self.isr_n < program.push_thresh:
            return True
        if self._rx_full() and wait:
            return False
        self._push_isr()
        return True

    def _rx_full(self):
        return len(self.rx) >= self._depth[1]

    def _push_isr(self):
        if not self._rx_full():  # else it is lost
            self.rx.append(self.isr)
        self.isr = self.isr_n = 0

    def _refill(self):
        self.osr, self.osr_n = self.tx.pop(0), 0

    def _mov(self, to, low, cycle):
        value = self._source(low & 7, cycle)
        if value is None:
            raise NotImplementedError("mov from status")
        if low >> 3 == 1:
            value ^= _ALL
        elif low >> 3 == 2:
            turned = 0
            for i in range(32):
                turned |= (value >> i & 1) << 31 - i
            value = turned
        if to == 7:
            self.osr, self.osr_n = value, 0
        elif to == 6:
            self.isr, self.isr_n = value, 0
        elif to == 4:
            raise NotImplementedError("mov to exec")
        else:
            self._to(to, value & (31 if to == 5 else _ALL), 32, cycle)
        return True

    def _irq(self, field, low, cycle):
        flag = self._flag(low)
        if field & 2:
            self._flags.pop(flag, None)
        elif field & 1:
            if self._raised:
                self._raised = flag in self._flags
                return not self._raised
            self._flags[flag] = cycle
            self._raised = True
            self._chip.wake(cycle + 1)
            return False
        else:
            self._flags[flag] = cycle
        self._chip.wake(cycle + 1)
        return True

    _raised = False

    def _set_(self, to, value, cycle):
        if to == 0:
            self._write(self._set, self._set_n, value, cycle)
        else:
            self._to(to, value, 5, cycle)
        return True

    _BY_CODE = (_jmp, _wait, _in_, _out_, _fifo, _mov, _irq, _set_)


def _width(levels):
    if levels is None:
        return 0
    return len(levels) if isinstance(levels, tuple) else 1


class Chip:
    """Two blocks of four machines. clock: returns the present cycle in real time; None: tests say."""

    def __init__(self, clock=None):
        self.reset(clock)

    def reset(self, clock=None):
        """A chip after power-up. skipping: see above; without it everything is run."""
        self.now = 0
        self.skipping = True
        self.clock = clock
        self.flags = ({}, {})  # of each block: a flag, the cycle that raised it
        self.machines = {}
        self.put_heard = None  # put_heard(machine's number, word) for every word that rp2 puts
        self._programs = ([], [])
        self.pads = Pads(self)

    def machine(self, number, program, hz, pins):
        """Returns machine `number` set up anew with a program."""
        held = self._programs[number // 4]
        if program not in held:
            held.append(program)
            if sum(len(one.words) for one in held) > PROGRAM_WORDS:
                raise OSError(12)  # ENOMEM
        self.machines[number] = Machine(self, number, program, hz, pins)
        return self.machines[number]

    def wake(self, cycle):
        """Something outside the machines changed."""
        for machine in self.machines.values():
            machine.wake(cycle)

    def run_until(self, cycle):
        """Runs all that comes before `cycle`, which then is now."""
        machines = [machine for machine in self.machines.values() if machine.enabled]
        while True:
            first, second, due = None, cycle, cycle
            for machine in machines:
                if not machine.asleep:
                    at = machine.due()
                    if at < due:
                        first, second, due = machine, due, at
                    elif at < second:
                        second = at
            if first is None:
                break
            first.step(max(second, due + 1), cycle)
        self.now = max(self.now, cycle)

    def catch_up(self, wait=False):
        """Runs up to the real present; without a clock, and only to wait, a microsecond."""
        if self.clock:
            self.run_until(self.clock())
        elif wait:
            self.run_until(self.now + SYSTEM_HZ // 1000000)


chip = Chip()
