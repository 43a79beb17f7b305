"""Resets the board when the gateway stops making progress; tells the loader when it has made some."""

from machine import WDT
from micropython import const

_TIMEOUT_MS = const(10000)  # well over the longest erase (0.4 s) and a settings write
_CAME_UP = const(10)  # feeds: that many seconds of sampling, logging and serving links


class Watchdog:
    """Starts at the first `feed`, when the loop runs: a first format may erase for a minute.

    armed: False in service mode, where a deploy over the console stops the loop for long; a
    watchdog that was started cannot be stopped.
    """

    def __init__(self, armed):
        self._armed = armed
        self._wdt = None
        self._left = _CAME_UP

    def feed(self):
        """Puts the reset off by 10 s."""
        if self._wdt is not None:
            self._wdt.feed()
        elif self._armed:
            self._wdt = WDT(timeout=_TIMEOUT_MS)
        if self._left:
            self._left -= 1
            if not self._left:
                self._came_up()

    def _came_up(self):
        """Ends the trial of a firmware that was just deployed: one write to flash, once."""
        try:
            from loader import came_up

            came_up()
        except (ImportError, OSError):
            pass  # started without a loader; or the write failed, and the loader tries the next start
