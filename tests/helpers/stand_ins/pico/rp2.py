"""Stand-in for MicroPython's `rp2`: an assembler of PIO programs, and state machines that run them in
the emulator of pio.py.

Strict where the real one is: names, delays, side-set, label, range; and further: an operand that does
not fit, a program of more than 32 instructions, two programs that do not fit into one block.
Encodings: RP2040 datasheet, section 3.4; the language: MicroPython's documentation of `rp2`.
"""

import pio

OPCODES = {"jmp": 0, "wait": 1, "in_": 2, "out": 3, "push": 4, "pull": 4, "mov": 5, "irq": 6, "set": 7}
_CONDITIONS = {"not_x": 1, "x_dec": 2, "not_y": 3, "y_dec": 4, "x_not_y": 5, "pin": 6, "not_osre": 7}
_IN = {"pins": 0, "x": 1, "y": 2, "null": 3, "isr": 6, "osr": 7}
_OUT = {"pins": 0, "x": 1, "y": 2, "null": 3, "pindirs": 4, "pc": 5, "isr": 6, "exec": 7}
_MOV_TO = {"pins": 0, "x": 1, "y": 2, "exec": 4, "pc": 5, "isr": 6, "osr": 7}
_MOV_FROM = {"pins": 0, "x": 1, "y": 2, "null": 3, "status": 5, "isr": 6, "osr": 7}
_SET = {"pins": 0, "x": 1, "y": 2, "pindirs": 4}
_NAMES = ("pins", "x", "y", "null", "pindirs", "pc", "status", "isr", "osr", "exec", "gpio", "pin",
          "not_x", "x_dec", "not_y", "y_dec", "x_not_y", "not_osre", "noblock", "block", "iffull",
          "ifempty", "clear")


class PIOASMError(Exception):
    """The program cannot be assembled; the text says why."""


class Program:
    """words, and the settings that go with them into a state machine."""

    def __init__(self, options):
        self.words = []
        self.wrap_target = 0
        self.wrap = None
        self.side_bits = 0
        self.side_optional = False
        self.out_init = options.pop("out_init", None)
        self.set_init = options.pop("set_init", None)
        self.sideset_init = options.pop("sideset_init", None)
        self.in_right = options.pop("in_shiftdir", PIO.SHIFT_LEFT) == PIO.SHIFT_RIGHT
        self.out_right = options.pop("out_shiftdir", PIO.SHIFT_LEFT) == PIO.SHIFT_RIGHT
        self.autopush = options.pop("autopush", False)
        self.autopull = options.pop("autopull", False)
        self.push_thresh = options.pop("push_thresh", 32)
        self.pull_thresh = options.pop("pull_thresh", 32)
        self.join = options.pop("fifo_join", PIO.JOIN_NONE)
        if options:
            raise PIOASMError("no such option: %s" % ", ".join(options))
        if self.sideset_init is not None:
            self.side_bits = 1 if isinstance(self.sideset_init, int) else len(self.sideset_init)


class _Assembler:
    """What a program's names call. First pass: labels; second: words."""

    def __init__(self, program):
        self._program = program
        self._labels = {}
        self._side_used = 0
        self._last = None
        self.delay_max = 31

    def begin(self, second):
        program = self._program
        if second:
            n = len(program.words)
            program.side_optional = bool(program.side_bits) and self._side_used < n
            self.delay_max = 31 >> (program.side_bits + program.side_optional)
            if program.wrap is None:
                program.wrap = n - 1
        self._second = second
        program.words = []

    def names(self):
        given = {name: name for name in _NAMES}
        given["invert"] = lambda source: (source, 1)
        given["reverse"] = lambda source: (source, 2)
        given["rel"] = lambda number: (number, 0x10)
        for name in ("label", "wrap_target", "wrap", "nop", "word"):
            given[name] = getattr(self, name)
        for name in OPCODES:
            given[name] = getattr(self, name)
        return given

    # ---- directives

    def label(self, name):
        if not self._second:
            if name in self._labels:
                raise PIOASMError("label %s twice" % name)
            self._labels[name] = len(self._program.words)

    def wrap_target(self):
        self._program.wrap_target = len(self._program.words)

    def wrap(self):
        self._program.wrap = len(self._program.words) - 1

    # ---- what may follow an instruction

    def __getitem__(self, delay):
        return self.delay(delay)

    def delay(self, delay):
        if self._second:
            if not 0 <= delay <= self.delay_max:
                raise PIOASMError("a delay of %d; at most %d" % (delay, self.delay_max))
            self._program.words[-1] |= delay << 8
        return self

    def side(self, value):
        program = self._program
        if not 0 <= value < 1 << program.side_bits:
            raise PIOASMError("side(%d) with %d side-set pins" % (value, program.side_bits))
        if self._second:
            word = value << (13 - program.side_bits - program.side_optional)
            program.words[-1] |= word | program.side_optional << 12
        else:
            self._side_used += 1
        return self

    # ---- instructions

    def word(self, word):
        self._program.words.append(word)
        if len(self._program.words) > pio.PROGRAM_WORDS:
            raise PIOASMError("a PIO block has room for 32 instructions")
        return self

    def _emit(self, name, field, low):
        if not (0 <= field <= 7 and 0 <= low <= 31):
            raise PIOASMError("%s: an operand does not fit" % name)
        return self.word(OPCODES[name] << 13 | field << 5 | low)

    def _pick(self, table, name):
        if name not in table:
            raise PIOASMError("%s is not possible here" % (name,))
        return table[name]

    def _target(self, name):
        if self._second and name not in self._labels:
            raise PIOASMError("no label %s" % name)
        return self._labels.get(name, 0)

    def nop(self):
        return self.mov("y", "y")

    def jmp(self, condition, target=None):
        if target is None:
            return self._emit("jmp", 0, self._target(condition))
        return self._emit("jmp", self._pick(_CONDITIONS, condition), self._target(target))

    def wait(self, polarity, source, index):
        number = {"gpio": 0, "pin": 1}.get(source, 2)
        relative = 0
        if isinstance(index, tuple):
            index, relative = index
        return self._emit("wait", polarity << 2 | number, index | relative)

    def _count(self, n):
        if not 1 <= n <= 32:
            raise PIOASMError("%d bits" % n)
        return n & 31

    def in_(self, source, n):
        return self._emit("in_", self._pick(_IN, source), self._count(n))

    def out(self, to, n):
        return self._emit("out", self._pick(_OUT, to), self._count(n))

    def _fifo(self, name, options, base, conditional):
        field = base | (0 if "noblock" in options else 1)
        if conditional in options:
            field |= 2
        for option in options:
            if option not in ("block", "noblock", conditional):
                raise PIOASMError("%s(%s)" % (name, option))
        return self._emit(name, field, 0)

    def push(self, *options):
        return self._fifo("push", options, 0, "iffull")

    def pull(self, *options):
        return self._fifo("pull", options, 4, "ifempty")

    def mov(self, to, source):
        change = 0
        if isinstance(source, tuple):
            source, change = source
        return self._emit("mov", self._pick(_MOV_TO, to), change << 3 | self._pick(_MOV_FROM, source))

    def irq(self, mode, index=None):
        if index is None:
            mode, index = None, mode
        relative = 0
        if isinstance(index, tuple):
            index, relative = index
        return self._emit("irq", {None: 0, "noblock": 0, "block": 1, "clear": 2}[mode], index | relative)

    def set(self, to, value):
        return self._emit("set", self._pick(_SET, to), value)


class PIO:
    IN_LOW, IN_HIGH, OUT_LOW, OUT_HIGH = 0, 1, 2, 3
    SHIFT_LEFT, SHIFT_RIGHT = 0, 1
    JOIN_NONE, JOIN_TX, JOIN_RX = 0, 1, 2


def asm_pio(**options):
    """The decorator that makes a Program of a function."""

    def assembled(function):
        program = Program(options)
        assembler = _Assembler(program)
        own = function.__globals__
        kept = own.copy()
        try:
            own.update(assembler.names())
            assembler.begin(False)
            function()
            assembler.begin(True)
            function()
        finally:
            own.clear()
            own.update(kept)
        return program

    return assembled


def encode(text, program):
    """Returns the word of one instruction, such as exec() takes it."""
    alone = Program({})
    alone.side_bits = program.side_bits
    assembler = _Assembler(alone)
    assembler.begin(True)
    alone.side_optional = program.side_optional
    exec(text, assembler.names())
    if len(alone.words) != 1:
        raise PIOASMError("not one instruction: %s" % text)
    return alone.words[0]


class StateMachine:
    """One of the eight of the chip that `world` holds."""

    def __init__(self, number, program, freq=0, **pins):
        self._machine = pio.chip.machine(number, program, freq or pio.SYSTEM_HZ,
                                         {name: pin.number for name, pin in pins.items()})
        self._program = program
        self._number = number

    def active(self, on=None):
        if on is not None:
            pio.chip.catch_up()
            self._machine.enable(bool(on))
        return self._machine.enabled

    def restart(self):
        pio.chip.catch_up()
        self._machine.restart()

    def exec(self, text):
        pio.chip.catch_up()
        self._machine.execute(encode(text, self._program))

    def put(self, value, shift=0):
        words = (value,) if isinstance(value, int) else value
        pio.chip.catch_up()
        for word in words:
            if pio.chip.put_heard:
                pio.chip.put_heard(self._number, word << shift & 0xFFFFFFFF)
            while not self._machine.put(word << shift & 0xFFFFFFFF):
                pio.chip.catch_up(wait=True)

    def get(self):
        while not self._machine.rx:
            pio.chip.catch_up(wait=True)
        return self._machine.get()

    def rx_fifo(self):
        pio.chip.catch_up()
        return len(self._machine.rx)

    def tx_fifo(self):
        pio.chip.catch_up()
        return len(self._machine.tx)
