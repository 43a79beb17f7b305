"""Counts edges on a pin in hardware (ESP32 PCNT): exact while the processor is stalled or asleep
between ticks.

The unit counts to 32000 and starts again at 0 by itself. `value` adds up the differences between
its readings, so nothing is ever reset and no interrupt is needed; the one condition is that fewer
than 32000 edges come between two calls (16 s at 2 kHz; a flash stall takes 0.4 s).
Not machine.Counter: that is a Python layer over the same unit, which extends it by interrupts that
are scheduled, and whose value allocates from 2^30 on (6.2 days at 2 kHz).
Source: ports/esp32/esp32_pcnt.c and modules/machine.py of MicroPython 1.27.0.
"""

from esp32 import PCNT
from machine import Pin
from micropython import const

_RANGE = const(32000)
_HIGHEST = const((1 << 30) - 1)
_LONGEST_FILTER = const(1023)  # cycles of the 80 MHz bus clock: levels shorter than 12.8 us are noise


class PulseCounter:
    """unit: 0..7; rising: which edge counts."""

    def __init__(self, unit, pin: Pin, rising=True):
        self._pcnt = PCNT(unit, min=-_RANGE, max=_RANGE)
        self._pcnt.init(
            channel=0, pin=pin,
            rising=PCNT.INCREMENT if rising else PCNT.IGNORE,
            falling=PCNT.IGNORE if rising else PCNT.INCREMENT,
        )
        self._pcnt.init(filter=_LONGEST_FILTER, value=0)
        self._last = 0
        self._total = 0
        self._pcnt.start()

    def value(self):
        """Returns the edges since the start, modulo 2^30. Allocates nothing."""
        now = self._pcnt.value()
        new = (now - self._last) % _RANGE
        self._last = now
        left = _HIGHEST - self._total  # added up so, no int ever reaches 2^30: that would allocate
        self._total = self._total + new if new <= left else new - left - 1
        return self._total
