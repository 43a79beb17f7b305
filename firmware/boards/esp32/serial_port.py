"""The USB serial line: the console's UART 0 at 115200 baud, shared with the REPL.

A raw 0x03 from the host still interrupts the firmware, so that mpremote works: frames escape it.
The console holds 259 bytes (22 ms at full speed) between two calls of `read`; what a host sends
beyond that while the board erases flash is lost, found by the frame's check, and asked for again.
Source: ports/esp32/uart.c and shared/runtime/sys_stdio_mphal.c of MicroPython 1.27.0.
"""

import select
import sys

from micropython import const

_MOST_BYTES = const(256)


class SerialPort:
    """Binary input and output beside the console's text."""

    def __init__(self):
        self._input = sys.stdin.buffer
        self._output = sys.stdout.buffer
        self._poller = select.poll()
        self._poller.register(self._input, select.POLLIN)
        self._byte = bytearray(1)
        self._received = bytearray(_MOST_BYTES)

    def _waiting(self):
        for _ in self._poller.ipoll(0):
            return True
        return False

    def read(self):
        """Returns the bytes that came, at most 256, or None. Never waits."""
        n = 0
        while n < _MOST_BYTES and self._waiting():
            if not self._input.readinto(self._byte):  # one by one: for more than came it would wait
                break
            self._received[n] = self._byte[0]
            n += 1
        return bytes(self._received[:n]) if n else None

    def write(self, data):
        """Sends bytes; waits for the line, 87 us a byte."""
        self._output.write(data)
