"""Resets the board when the gateway stops making progress."""

from machine import WDT
from micropython import const

_TIMEOUT_MS = const(10000)  # well over the longest erase (0.4 s) and a settings write


class Watchdog:
    """Starts at the first `feed`, when the loop runs: a first format may erase for a minute.

    armed: False in service mode, where a deploy over the console stops the loop for long; a
    watchdog that was started cannot be stopped.
    """

    def __init__(self, armed):
        self._armed = armed
        self._wdt = None

    def feed(self):
        """Puts the reset off by 10 s."""
        if self._wdt is not None:
            self._wdt.feed()
        elif self._armed:
            self._wdt = WDT(timeout=_TIMEOUT_MS)
