"""HX711: the load cell's 24-bit converter, read through two pins.

    DOUT  low: a conversion waits; then 24 bits, highest first, one at each rising edge of SCK
    SCK   1, 2 or 3 more pulses choose gain 128, 32 or 64 for the next conversion, and DOUT goes high

SCK high for more than 60 us switches the chip off, and the next low restarts it at gain 128 with
four conversions of nonsense to come. So no interrupt may fall into a pulse, and what could still
stretch one (the other core holding the flash) is measured: such a reading is thrown away.
Source: Avia Semiconductor, HX711 datasheet; machine.disable_irq of MicroPython 1.27.0 for the ESP32.
"""

import time

from machine import Pin, disable_irq, enable_irq
from micropython import const

_BITS = const(24)
_LONGEST_PULSE_US = const(50)  # as measured around the pulse; the chip allows 60
_SETTLE_MS = const(600)  # four conversions at 10 a second, and half as much again
_LOWEST = const(-0x800000)
_HIGHEST = const(0x7FFFFF)
_GAIN_PULSES = {128: 1, 32: 2, 64: 3}


class Hx711:
    """gain: 128 or 64 (channel A), 32 (channel B)."""

    def __init__(self, dout: Pin, sck: Pin, gain=128):
        self._dout = dout
        self._sck = sck
        self._pulses = _BITS + _GAIN_PULSES[gain]
        self._gain_chosen = False
        self._settling = True
        self._since_ms = time.ticks_ms()
        sck.off()

    def read(self):
        """Returns the conversion that waits, raw counts, -8388607..8388606; None when there is none.

        None too: within 1.2 s after a start (the first reading only chooses the gain), after a
        stretched pulse, at either end of the range, from a chip that does not answer. Allocates
        nothing.
        """
        if self._dout.value() or not self._settled():
            return None
        raw = 0
        for i in range(self._pulses):
            if not self._pulse():
                self._restarted()
                return None
            if i < _BITS:
                raw = raw << 1 | self._dout.value()
        if raw > _HIGHEST:
            raw -= 1 << _BITS
        if not self._gain_chosen:
            self._settle()
            self._gain_chosen = True
            return None
        dead = not self._dout.value()  # a chip that lives lets go of DOUT after the last pulse
        if dead or raw == _LOWEST or raw == _HIGHEST:
            return None
        return raw

    def _pulse(self):
        """Clocks once; returns whether SCK was high so briefly that the chip stayed on.

        Between the two irq calls stands no branch and no call into Python: at those MicroPython
        lets other threads in.
        """
        state = disable_irq()
        began_us = time.ticks_us()
        self._sck.on()
        self._sck.off()
        ended_us = time.ticks_us()
        enable_irq(state)
        return time.ticks_diff(ended_us, began_us) <= _LONGEST_PULSE_US

    def _restarted(self):
        self._gain_chosen = False
        self._settle()

    def _settle(self):
        self._settling = True
        self._since_ms = time.ticks_ms()

    def _settled(self):
        if self._settling and time.ticks_diff(time.ticks_ms(), self._since_ms) >= _SETTLE_MS:
            self._settling = False
        return not self._settling
