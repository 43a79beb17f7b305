"""The ESP32 board: the ports that the gateway relies on, wired to the chips.

The same ports on every board (boards/virtual is the other):

    flash        pages, read(page, offset, buf), program(page, offset, buf), erase(page): the raw
                 log partition in pages of 4096 bytes; OSError on failure
    nvs          get(key) -> bytes or None, set(key, bytes)
    counter      value() -> counts of the pump's mechanism
    handset      value() -> presses of the patient's handset, latched in hardware;
                 closed() -> is it pressed now (only to find one that is stuck)
    relief       value() -> presses of the relief button, latched in hardware
    service      pressed() -> is the service button held now
    load_cell    read() -> signed raw 24 bits, None without a fresh reading
    temperature  read() -> quarter degrees C, or None
    supply       failing() -> 5 V is gone, the hold-up capacitor runs
    rtc          read() -> seconds since 2020 UTC, or None (not fitted, or lost its time);
                 set(seconds); it may say anything, so the gateway wants a year that can be
    retained     load(buf) -> bool, save(buf): up to 256 bytes kept over a watchdog reset, not over
                 a loss of power
    watchdog     feed()
    light        set(on)
    serial       read() -> bytes or None, write(data); or None
    radio        boards/radio.py; or None
    memory       left() -> (free, largest, lowest) bytes of what the radio takes its memory from;
                 short: whether the radio is off for want of it; lasted(): the board runs
    identity     bytes, unique to the chip
    skipped      ticks that passed unseen since boot
    late_ms      how late the latest tick came at worst since this was last set to 0
    ticks        ticks(service): yields the time of every 100 ms tick in ms modulo 2^30, calls
                 service() in between; service() -> has a link work to do
    clock_ms     clock_ms() -> ms since `ticks` began, modulo 2^30: their clock, at this moment
    random       random(n) -> n bytes
    reset_reason reset_reason() -> key of pumpwire.names.BOOT_REASONS
    fail         fail(error): the firmware cannot go on

Counters count since boot modulo 2^30 and are never reset: only differences count.
"""

import hashlib
import machine
import os
import pins
import sys
import time
from drivers import ds3231
from drivers.button import Button
from drivers.hx711 import Hx711
from drivers.light import Light
from drivers.press_latch import PressLatch
from drivers.pulse_counter import PulseCounter
from drivers.supply_sense import SupplySense
from flash import Flash
from machine import I2C, Pin
from memory import Memory
from micropython import const
from nvs import Nvs
from pumpwire.units import TICK_MS, TICKS_WRAP
from retained import Retained
from serial_port import SerialPort
from watchdog import Watchdog

# Just over the RTOS's 10 ms: shorter sleeps are spun away, holding the lock that radio events need.
_IDLE_MS = const(12)
_BUSY_MS = const(1)
_MASK = TICKS_WRAP - 1  # worked out once: 2^30 itself allocates
_RESTART_MS = const(5000)
_MOTOR_UNIT, _HANDSET_UNIT, _RELIEF_UNIT = const(0), const(1), const(2)
_RESET_REASONS = {  # power on is also a brown-out and the reset pin: ports/esp32/modmachine.c
    machine.PWRON_RESET: 1, machine.HARD_RESET: 2, machine.WDT_RESET: 3,
    machine.DEEPSLEEP_RESET: 4, machine.SOFT_RESET: 5,
}


class Board:
    """Ports as listed above. The service button held at boot gives service mode: no watchdog."""

    def __init__(self):
        self.light = Light(Pin(pins.LIGHT, Pin.OUT, value=0))
        self.service = Button(Pin(pins.SERVICE, Pin.IN, Pin.PULL_UP))
        self._in_service = self.service.pressed()
        self.watchdog = Watchdog(armed=not self._in_service)
        self.counter = PulseCounter(_MOTOR_UNIT, Pin(pins.MOTOR, Pin.IN))
        self.handset = PressLatch(_HANDSET_UNIT, Pin(pins.HANDSET, Pin.IN, Pin.PULL_UP))
        self.relief = PressLatch(_RELIEF_UNIT, Pin(pins.RELIEF, Pin.IN, Pin.PULL_UP))
        self.load_cell = Hx711(Pin(pins.CELL_DOUT, Pin.IN), Pin(pins.CELL_SCK, Pin.OUT, value=0))
        chip = ds3231.Registers(I2C(0, scl=Pin(pins.SCL), sda=Pin(pins.SDA), freq=100000))
        self.rtc = ds3231.Clock(chip)
        self.temperature = ds3231.Thermometer(chip)
        self.supply = SupplySense(Pin(pins.SUPPLY, Pin.IN))
        self.flash = Flash()
        self.nvs = Nvs()
        self.retained = Retained()
        self.serial = SerialPort()
        self.memory = Memory(self.nvs)
        self.radio = self.memory.radio(
            machine.reset_cause() != machine.PWRON_RESET and not self.retained.served())
        self.identity = machine.unique_id()
        self.skipped = 0
        self.late_ms = 0
        self._start_ms = time.ticks_ms()

    def ticks(self, service):
        """Yields each tick's time on a fixed 100 ms grid; ticks that are over when it looks are skipped.

        Between ticks it idles but never sleeps: in light sleep the pulse counters stop.
        """
        self._start_ms = start_ms = due_ms = time.ticks_ms()
        while True:
            late_ms = time.ticks_diff(time.ticks_ms(), due_ms)
            if late_ms > self.late_ms:
                self.late_ms = late_ms
            if late_ms >= TICK_MS:
                unseen = late_ms // TICK_MS
                self.skipped += unseen
                due_ms = time.ticks_add(due_ms, unseen * TICK_MS)
            yield time.ticks_diff(due_ms, start_ms) & _MASK
            due_ms = time.ticks_add(due_ms, TICK_MS)
            while True:
                busy = service()
                left_ms = time.ticks_diff(due_ms, time.ticks_ms())
                if left_ms <= 0:
                    break
                time.sleep_ms(min(left_ms, _BUSY_MS if busy else _IDLE_MS))

    def clock_ms(self):
        """Returns the ms since `ticks` began, modulo 2^30: up to a tick and a stall past the latest."""
        return time.ticks_diff(time.ticks_ms(), self._start_ms) & _MASK

    def random(self, n):
        """Returns n random bytes, the chip's id mixed in: its source is weak until the radio runs."""
        out = b""
        while len(out) < n:
            out += hashlib.sha256(self.identity + os.urandom(32)).digest()
        return out[:n]

    def reset_reason(self):
        """Returns why the board started: a key of pumpwire.names.BOOT_REASONS."""
        return _RESET_REASONS.get(machine.reset_cause(), 0)

    def fail(self, error):
        """Puts the light out and shows the error on the console; 5 s later the board starts again.

        In service mode it returns, and the console is free.
        """
        self.light.set(False)
        sys.print_exception(error)
        if not self._in_service:
            time.sleep_ms(_RESTART_MS)
            machine.reset()
