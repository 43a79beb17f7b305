"""The virtual board: the ports of the real one, wired to the bench or put on the virtual air.

Settings come from the JSON text in PUMPBENCH_BOARD: flash, nvs and retained (paths), identity,
seed, reset_reason, rtc_s (what the clock says at boot, null: none fitted), and either the file
descriptors control, answers and serial and counters_from (in the bench, simulated time) or counts,
presses, reliefs, weight_raw and the file descriptor button (on the air, the air's time): a byte 1
there holds the service button down, 0 lets it go.
"""

import hashlib
import json
import os
import select
import sys

from bench_wires import TICK_MS, WRAP_MASK, Port, wires
from flash import Flash
from memory import Memory
from nvs import Nvs
from retained import Retained


class SerialPort:
    """The USB serial line: the non-blocking end of a pseudo-terminal."""

    def __init__(self, file):
        self._file = file
        self._room = select.poll()
        self._room.register(file, select.POLLOUT)

    def read(self):
        """Returns the bytes that came, or None."""
        try:
            return self._file.read(512)
        except OSError:
            return None

    def write(self, data):
        """Sends bytes, waiting for room as a UART does."""
        sent = 0
        while sent < len(data):
            n = self._file.write(memoryview(data)[sent:])
            if n:
                sent += n
            else:
                self._room.poll(100)


class Rtc:
    """A clock with a battery, kept right by the bench; not fitted when it begins with None."""

    def __init__(self, begins_s):
        self._begins_s = begins_s
        self.elapsed_s = lambda: 0  # until the board is wired

    def read(self):
        """Returns seconds since 2020 UTC, or None."""
        return None if self._begins_s is None else self._begins_s + int(self.elapsed_s())

    def set(self, seconds):
        """Sets the clock, until power is cut; does nothing if none is fitted."""
        if self._begins_s is not None:
            self._begins_s = seconds - int(self.elapsed_s())


class Supply:
    """The 5 V sense: `failed` once the bench has cut the supply and the hold-up runs."""

    def __init__(self):
        self.failed = False

    def failing(self):
        """Returns whether 5 V is gone."""
        return self.failed


class Watchdog:
    """Counts how often it was fed; the bench decides when it bites."""

    def __init__(self):
        self.fed = 0

    def feed(self):
        """Holds the reset off."""
        self.fed += 1


def _button(fd):
    """Returns what tells, one change a call, whether the button behind a pipe is held."""
    if fd is None:
        return lambda: False
    wire = open(fd, "rb", buffering=0)
    changes = select.poll()
    changes.register(wire, select.POLLIN)
    held = False

    def pressed():
        nonlocal held
        for _, event in changes.ipoll(0):
            if event & select.POLLIN:
                held = wire.read(1) == b"1"
        return held

    return pressed


class Board:
    """Every port of boards/esp32/board.py, and none beside."""

    def __init__(self):
        settings = json.loads(os.getenv("PUMPBENCH_BOARD"))
        self.flash = Flash(settings["flash"])
        self.nvs = Nvs(settings["nvs"])
        self.retained = Retained(settings["retained"])
        self.identity = hashlib.sha256(settings["identity"].encode()).digest()[:6]
        self._seed = settings["seed"]
        self._drawn = 0
        self._reset_reason = settings["reset_reason"]
        self._clock_ms = lambda: 0  # until `ticks` begins
        self.skipped = 0
        self.late_ms = 0
        self.counter = Port()
        self.handset = Port()
        self.relief = Port()
        self.service = Port()
        self.load_cell = Port()
        self.temperature = Port()
        self.supply = Supply()
        self.watchdog = Watchdog()
        self.light = Port()
        self.light.set = lambda on: None
        self.rtc = Rtc(settings["rtc_s"])
        self.serial = None
        self.memory = Memory(self.nvs)
        self.radio = None
        if "control" in settings:
            control = open(settings["control"], "rb", buffering=0)
            answers = open(settings["answers"], "wb", buffering=0)
            serial = open(settings["serial"], "r+b", buffering=0)
            self.serial = SerialPort(serial)
            wires(self, control, answers, serial, settings["counters_from"])
        else:
            self._on_the_air(settings)

    def _on_the_air(self, settings):
        self.radio = self.memory.radio(False)  # its radio is Python, and cannot end it
        self.counter.value = lambda: settings["counts"]
        self.handset.value = lambda: settings["presses"]
        self.handset.closed = lambda: False
        self.relief.value = lambda: settings["reliefs"]
        self.service.pressed = _button(settings["button"])
        self.load_cell.read = lambda: settings["weight_raw"]
        self.temperature.read = lambda: None
        self.rtc.elapsed_s = lambda: self.clock_ms() // 1000
        if settings["rtc_s"] is not None:
            self.rtc.set(settings["rtc_s"])

    def clock_ms(self):
        """Returns the ms since `ticks` began, modulo 2^30."""
        return self._clock_ms()

    def ticks(self, service):
        """Yields the time in ms modulo 2^30 every 100 ms, serving the radio in between."""
        import bluetooth

        air = bluetooth.BLE()
        start_ms = air.air_ms()[0]
        self._clock_ms = lambda: air.air_ms()[0] - start_ms & WRAP_MASK
        due_ms = start_ms
        poller = select.poll()
        poller.register(air._fileno_object(), select.POLLIN)
        while True:
            yield due_ms - start_ms & WRAP_MASK
            due_ms += TICK_MS
            while True:
                busy = service()
                now_ms, told_ms = air.air_ms()
                if now_ms >= due_ms:
                    break
                known = told_ms is not None and due_ms - now_ms <= told_ms
                poller.poll(1 if busy else due_ms - now_ms if known else 1000)

    def random(self, n):
        """Returns n bytes, the same for the same seed."""
        out = b""
        while len(out) < n:
            self._drawn += 1
            out += hashlib.sha256(b"%s/%d" % (self._seed.encode(), self._drawn)).digest()
        return out[:n]

    def reset_reason(self):
        """Returns why the board started: a key of pumpwire.names.BOOT_REASONS."""
        return self._reset_reason

    def fail(self, error):
        """Tells the bench what stopped the firmware."""
        sys.print_exception(error, sys.stderr)
        sys.exit(1)
