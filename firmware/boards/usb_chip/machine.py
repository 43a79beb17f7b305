"""MicroPython's `machine` for the virtual chip, in real time: pins, I2C with a DS3231, RTC, watchdog."""

import time

import bench

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
_ENODEV = 19
_EPOCH_2000_S = 946684800


def reset_cause():
    return bench.settings["cause"]


def reset():
    bench.end("reset %d" % HARD_RESET)


def unique_id():
    return b"\x24\x6f\x28\x01\x02\x03"


def disable_irq():
    time.interrupts(False)
    return 0


def enable_irq(state):
    time.interrupts(True)


class _Cell:
    """An HX711 that always has a conversion ready; raw 2^23 - 1: none is fitted."""

    def __init__(self):
        self._pulses = 0

    def clocked(self):
        if not self._pulses:
            self._raw = bench.cell_raw() & 0xFFFFFF
        self._pulses += 1

    def level(self):
        pulses = self._pulses
        if bench.cell_raw() == 0x7FFFFF:
            return 1  # nothing pulls it low
        if not pulses:
            return 0
        if pulses <= 24:
            return self._raw >> (24 - pulses) & 1
        self._pulses = 0
        return 1


_cell = _Cell()
_dout, _sck = bench.settings["cell"] or (None, None)


class Pin:
    IN, OUT = 1, 3
    PULL_UP, PULL_DOWN = 2, 1
    IRQ_RISING, IRQ_FALLING = 1, 2

    def __init__(self, number, mode=-1, pull=-1, *, value=None):
        if number >= 34 and (mode == Pin.OUT or pull != -1):
            raise ValueError("pin can only be input")
        self.number = number
        if value is not None:
            self._drive(value)

    def _drive(self, level):
        if self.number == _sck:
            if level:
                _cell.clocked()
        else:
            bench.drive(self.number, 1 if level else 0)

    def value(self, level=None):
        if level is not None:
            return self._drive(level)
        return _cell.level() if self.number == _dout else bench.wire(self.number, 0)

    def on(self):
        self._drive(1)

    def off(self):
        self._drive(0)

    def irq(self, handler=None, trigger=3):
        pass


def _bcd(number):
    return number // 10 << 4 | number % 10


class _Clock:
    """The registers of a DS3231; its battery keeps clock.bin: <text of seconds ahead of the host>."""

    def __init__(self):
        self._file = open(bench.settings["state"] + "/clock.txt", "r+")
        text = self._file.read().strip()
        self._ahead_s = int(text) if text else None

    def read(self, register, buf):
        bank = bytearray(0x13)
        bank[0x0F] = 0x80 if self._ahead_s is None else 0
        g = time.gmtime(int(time.time()) + (self._ahead_s or 0))
        bank[0:7] = bytes((_bcd(g[5]), _bcd(g[4]), _bcd(g[3]), g[6] + 1, _bcd(g[2]), _bcd(g[1]),
                           _bcd(g[0] % 100)))
        bank[0x11] = 22
        buf[:] = bank[register : register + len(buf)]

    def write(self, register, buf):
        if register:
            return
        n = [(byte >> 4) * 10 + (byte & 15) for byte in buf]
        then = time.mktime((2000 + n[6], n[5], n[4], n[2], n[1], n[0], 0, 0))
        now = time.gmtime(int(time.time()))
        self._ahead_s = then - time.mktime(now[:6] + (0, 0))
        self._file.seek(0)
        self._file.write("%-20d" % self._ahead_s)
        self._file.flush()


_bus = {0x68: _Clock()} if bench.settings["clock"] else {}


class I2C:
    def __init__(self, id=0, *, scl=None, sda=None, freq=400000, timeout=50000):
        pass

    def scan(self):
        return sorted(_bus)

    def readfrom_mem_into(self, address, register, buf):
        if address not in _bus:
            raise OSError(_ENODEV)
        _bus[address].read(register, buf)

    def writeto_mem(self, address, register, buf):
        if address not in _bus:
            raise OSError(_ENODEV)
        _bus[address].write(register, buf)


class RTC:
    """2 kB that outlive a reset, in a file that the bench empties when power goes; and the calendar."""

    _file = open(bench.settings["state"] + "/rtc.bin", "r+b")

    def memory(self, data=None):
        RTC._file.seek(0)
        if data is None:
            n = RTC._file.read(2)
            return RTC._file.read(n[0] | n[1] << 8) if n else b""
        RTC._file.write(bytes((len(data) & 255, len(data) >> 8)) + bytes(data))

    def datetime(self, to=None):
        g = time.gmtime()
        return (g[0], g[1], g[2], g[6], g[3], g[4], g[5], 0)


class WDT:
    """The bench bites."""

    def __init__(self, id=0, timeout=5000):
        bench.tell("watchdog %d" % timeout)

    def feed(self):
        bench.tell("feed")
