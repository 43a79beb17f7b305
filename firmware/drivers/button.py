"""A push button of which only the present level matters."""

from machine import Pin


class Button:
    """pin: low while the button is held."""

    def __init__(self, pin: Pin):
        self._pin = pin

    def pressed(self):
        """Returns whether the button is held now."""
        return not self._pin.value()
