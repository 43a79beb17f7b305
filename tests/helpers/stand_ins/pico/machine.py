"""Stand-in for MicroPython's `machine` on the Pico, in real time, at the end of simulated cables.

RIG_CABLE in the environment is a JSON object: `to`, `from` (file descriptors; null: nothing is there)
and `broken` (names of wires that lead nowhere). What the rig does goes out as <u64 us> <i32 what>
<i32 value>: what is a GPIO and value its level, or -1 and the word of a conversion. What the other end
does comes in as <u8 GPIO> <u8 level>.
"""

import json
import os
import select
import struct
import time

import pio
from rig import wires

CELL_MACHINE, CONVERSION = 4, -1


class Pin:
    IN, OUT = 0, 1

    def __init__(self, number, mode=-1, pull=-1, *, value=None):
        if not 0 <= number < pio.PINS:
            raise ValueError("invalid pin")
        self.number = number
        self._mode = mode
        if value is not None:
            pio.chip.pads.drive(number, 1 if value else 0)

    def value(self, level=None):
        pio.chip.catch_up()
        if level is None:
            _take_in()
            return pio.chip.pads.level(self.number)
        if self._mode != Pin.OUT:
            raise ValueError("driving an input")  # the real one keeps quiet and does nothing
        pio.chip.pads.drive(self.number, 1 if level else 0)


def freq(hz):
    if hz != pio.SYSTEM_HZ:
        raise ValueError("the emulator runs at 125 MHz")


def _send(cycle, what, value):
    _to.write(struct.pack("<Qii", cycle // 125, what, value))


def _heard(cycle, pin, level):
    if pin in _outputs:
        _send(cycle, pin, level)


def _put(number, word):
    if number == CELL_MACHINE:
        _send(pio.chip.now, CONVERSION, word - (word >> 31 << 32) >> 8)


def _take_in():
    if _from:
        for _ in _coming.ipoll(0):
            pin, level = struct.unpack("BB", _from.read(2))
            if pin not in _broken:
                pio.chip.pads.drive(pin, level)


_settings = json.loads(os.getenv("RIG_CABLE") or "{}")
_broken = [wires.GPIO[name] for name in _settings.get("broken", ())]
_outputs = [gpio for _, gpio, way, _, _ in wires.WIRES if way == wires.OUT and gpio not in _broken]
_start_ns = time.time_ns()
pio.chip.reset(lambda: (time.time_ns() - _start_ns) * 125 // 1000)
if wires.GPIO["COUNT"] not in _broken and wires.GPIO["COUNT_BACK"] not in _broken:
    pio.chip.pads.drive(wires.GPIO["COUNT_BACK"], 1)  # the transistor turns the level over
    pio.chip.pads.joined[wires.GPIO["COUNT"]] = (wires.GPIO["COUNT_BACK"], 1)
_from = None
if _settings.get("to") is not None:
    _to = open(_settings["to"], "wb", buffering=0)
    _from = open(_settings["from"], "rb", buffering=0)
    _coming = select.poll()
    _coming.register(_from, select.POLLIN)
    pio.chip.pads.hear = _heard
    pio.chip.put_heard = _put
