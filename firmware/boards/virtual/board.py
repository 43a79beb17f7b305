"""The virtual board: the ports of the real one, wired to the bench or put on the virtual air.

Settings come from the JSON text in PUMPBENCH_BOARD: flash and nvs (paths), seed, reset_reason,
and either the file descriptors control, answers and serial (in the bench, simulated time) or
counts, presses and weight_raw (on the air, the laptop's time).
"""

import hashlib
import json
import os
import select
import sys
import time

from bench_wires import TICK_MS, WRAP_MASK, Port, wires
from flash import Flash
from nvs import Nvs


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


class Board:
    """Ports: counter, handset, load_cell, relief, service, light, flash, nvs, serial, radio."""

    def __init__(self):
        settings = json.loads(os.getenv("PUMPBENCH_BOARD"))
        self.flash = Flash(settings["flash"])
        self.nvs = Nvs(settings["nvs"])
        self._seed = settings["seed"]
        self._drawn = 0
        self._reset_reason = settings["reset_reason"]
        self.skipped = 0
        self.relief, self.service, self.light = Port(), Port(), Port()
        self.relief.value = lambda: 0
        self.service.pressed = lambda: False
        self.light.set = lambda on: None
        if "control" in settings:
            control = open(settings["control"], "rb", buffering=0)
            answers = open(settings["answers"], "wb", buffering=0)
            serial = open(settings["serial"], "r+b", buffering=0)
            self.serial = SerialPort(serial)
            self.radio = None
            self.counter, self.handset, self.load_cell, self.ticks = wires(
                control, answers, serial
            )
        else:
            self._on_the_air(settings)

    def _on_the_air(self, settings):
        from radio import Radio

        self.serial = None
        self.radio = Radio()
        self.counter, self.handset, self.load_cell = Port(), Port(), Port()
        self.counter.value = lambda: settings["counts"]
        self.handset.value = lambda: settings["presses"]
        self.load_cell.read = lambda: settings["weight_raw"]

    def ticks(self, service):
        """Yields the time in ms modulo 2^30 every 100 ms, serving the radio in between."""
        import bluetooth

        start_ms = time.ticks_ms()
        due_ms = start_ms
        poller = select.poll()
        poller.register(bluetooth.BLE()._fileno_object(), select.POLLIN)
        while True:
            yield time.ticks_diff(due_ms, start_ms) & WRAP_MASK
            due_ms = time.ticks_add(due_ms, TICK_MS)
            while True:
                busy = service()
                left_ms = time.ticks_diff(due_ms, time.ticks_ms())
                if left_ms <= 0:
                    break
                poller.poll(1 if busy else left_ms)

    def random(self, n):
        """Returns n bytes, the same for the same seed."""
        out = b""
        while len(out) < n:
            self._drawn += 1
            out += hashlib.sha256(b"%s/%d" % (self._seed.encode(), self._drawn)).digest()
        return out[:n]

    def reset_reason(self):
        """Returns why the board started: a key of pumpwire.records.BOOT_REASONS."""
        return self._reset_reason

    def fail(self, error):
        """Tells the bench what stopped the firmware."""
        sys.print_exception(error, sys.stderr)
        sys.exit(1)
