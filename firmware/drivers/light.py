"""A light on a pin."""

from machine import Pin


class Light:
    """pin: an output, high lights."""

    def __init__(self, pin: Pin):
        self._pin = pin

    def set(self, on):
        """Switches the light."""
        self._pin.value(1 if on else 0)
