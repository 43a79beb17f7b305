"""Gives trains of counts, and counts at the far end of the cable what arrived there."""

from rp2 import StateMachine

from . import programs
from .errors import RigError

LOWEST_US = 5
HIGHEST_US = (1 << 32) - 1  # a count in 71 minutes: 0.04 mL/h at 50 uL a count
HIGHEST_N = 1000000


class CountGenerator:
    """count: the pin that drives the contact; back: the pin that reads it back. clock_us: the rig's."""

    def __init__(self, count, back, clock_us):
        self._clock_us = clock_us
        self._train = StateMachine(0, programs.counts, freq=programs.COUNTS_HZ, set_base=count)
        self._edges = StateMachine(1, programs.edges, freq=programs.EDGES_HZ, in_base=back)
        self._edges.exec("set(x, 0)")
        self._edges.active(1)
        self._from = 0
        self._train.active(1)
        self._asked = 0
        self._began_us = self._ended_us = None
        self._running = False

    def begin(self, n, high_us, low_us):
        """Begins a train of n pulses; RigError while another runs."""
        self.look()
        if self._running:
            raise RigError("a train of counts is running; wait for its end or send stop")
        self._asked = n
        self._from = self._total()
        self._running = True
        self._ended_us = None
        self._train.put(low_us - programs.COUNTS_LOW_LESS_US)
        self._train.put(n - 1)
        self._began_us = self._clock_us()
        self._train.put(high_us - programs.COUNTS_HIGH_LESS_US)

    def stop(self):
        """Ends the train where it is: a pulse that was begun ends now."""
        self.look()
        if self._running:
            self._train.active(0)
            self._train.restart()
            self._train.exec("set(pins, 0)")
            self._train.active(1)
            self._finish()

    def look(self):
        """Notes whether a train came to its end; to be called often."""
        if self._running and self._train.rx_fifo():
            self._train.get()
            self._finish()

    def _finish(self):
        self._running = False
        self._ended_us = self._clock_us()

    def _total(self):
        """Returns the edges at the far end since the start, modulo 2^32."""
        self._edges.exec("mov(isr, x)")
        self._edges.exec("push(noblock)")
        return -self._edges.get() & 0xFFFFFFFF

    def state(self):
        """Returns {running, asked, made, began_us, ended_us}: made is what was read back."""
        self.look()
        return {
            "running": self._running, "asked": self._asked,
            "made": self._total() - self._from & 0xFFFFFFFF,
            "began_us": self._began_us, "ended_us": self._ended_us,
        }
