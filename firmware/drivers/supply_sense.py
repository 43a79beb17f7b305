"""Watches the 5 V supply, so that a last record can be written while the hold-up capacitor lasts."""

from machine import Pin


class SupplySense:
    """pin: high while 5 V is there."""

    def __init__(self, pin: Pin):
        self._pin = pin
        self._fell = False
        pin.irq(handler=self._falling, trigger=Pin.IRQ_FALLING)

    def _falling(self, _pin):
        self._fell = True

    def failing(self):
        """Returns whether 5 V is gone; once more after a dip that ended before anyone asked."""
        fell = self._fell
        self._fell = False
        return fell or not self._pin.value()
