"""A push button whose presses are latched in hardware, so that none is lost while the loop is busy.

The contact pulls the pin low through the debounce filter on the board (an RC of some 10 ms and a
Schmitt trigger): contacts bounce for 1 to 5 ms, the counter's own filter ends at 12.8 us.
"""

from machine import Pin

from .pulse_counter import PulseCounter


class PressLatch(PulseCounter):
    """unit: counter unit 0..7; pin: low while the contact is closed. value(): presses so far."""

    def __init__(self, unit, pin: Pin):
        super().__init__(unit, pin, rising=False)
        self._pin = pin

    def closed(self):
        """Returns whether the contact is closed now: to find one that is stuck, never to count."""
        return not self._pin.value()
