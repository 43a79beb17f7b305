"""Stand-in for MicroPython's `machine` on the ESP32: what the board uses, as strict as the chip."""

from world import PIN_US, world

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
ENODEV = 19
FIRST_INPUT_ONLY = 34

# what outlives a reset; `length` None: power was lost
chip = {"cause": PWRON_RESET, "memory": bytearray(2048), "length": None}


class ResetError(Exception):
    """The chip was reset; the text says by what."""


def disable_irq():
    was = world.interrupts_off
    world.interrupts_off = True
    return was


def enable_irq(state):
    world.interrupts_off = state


def unique_id():
    return b"\x24\x6f\x28\x01\x02\x03"


def reset_cause():
    return chip["cause"]


def reset():
    raise ResetError("machine.reset")


class Pin:
    IN, OUT = 1, 3
    PULL_UP = 2
    IRQ_FALLING = 2

    def __init__(self, number, mode=-1, pull=-1, *, value=None):
        if number >= FIRST_INPUT_ONLY and mode == Pin.OUT:
            raise ValueError("pin can only be input")
        if number >= FIRST_INPUT_ONLY and pull != -1:
            raise ValueError("the chip has no pull there")  # the real one keeps quiet and floats
        self.wire = world.wire(number)
        self._mode = mode
        self._handler = None
        if value is not None:
            self.wire.drive(value)

    def value(self, level=None):
        if level is None:
            return self.wire.level
        self._move(1 if level else 0)

    def on(self):
        self._move(1)

    def off(self):
        self._move(0)

    def _move(self, level):
        if self._mode != Pin.OUT:
            raise ValueError("driving an input")  # the real one keeps quiet and does nothing
        self.wire.drive(level)
        world.spend(PIN_US)
        if level and world.stall_us:
            world.stall()

    def irq(self, handler=None, trigger=3):
        if trigger != Pin.IRQ_FALLING:
            raise ValueError("trigger")
        self._handler = handler
        self.wire.listeners.append(self)

    def changed(self, level):
        if not level:
            self._handler(self)


class I2C:
    def __init__(self, id=0, *, scl, sda, freq=400000, timeout=50000):
        if not (isinstance(scl, Pin) and isinstance(sda, Pin) and id in (0, 1)):
            raise TypeError("pins and a bus of 0 or 1")

    def readfrom_mem_into(self, address, register, buf):
        if address not in world.i2c:
            raise OSError(ENODEV)
        world.i2c[address].read(register, buf)

    def writeto_mem(self, address, register, buf):
        if address not in world.i2c:
            raise OSError(ENODEV)
        world.i2c[address].write(register, buf)


class RTC:
    """2048 bytes that outlive everything but a loss of power; writing them allocates nothing."""

    def __init__(self):
        if chip["length"] is None:  # the real one finds that its mark is gone
            chip["length"] = 0

    def memory(self, data=None):
        kept = chip["memory"]
        if data is None:
            return bytes(kept[: chip["length"]])
        for i in range(len(data)):
            kept[i] = data[i]
        chip["length"] = len(data)


class WDT:
    def __init__(self, id=0, timeout=5000):
        self._timeout_us = timeout * 1000
        self.feed()

    def feed(self):
        self._fed_us = world.now_us
        world.after(self._timeout_us, self._look)

    def _look(self):
        if world.now_us - self._fed_us >= self._timeout_us:
            raise ResetError("watchdog")
