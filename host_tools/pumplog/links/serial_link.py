"""The link over a USB serial port, beside the board's own console. Format: pumpwire.serial_frame.

Many boards start anew as their port is opened, and hear nothing while they boot. So a value is asked for
again and again until it comes or the deadline is over. Whatever else a board says meanwhile, its
console's text or frames that answer nothing, puts no deadline off.
"""

from __future__ import annotations

import errno
import os
from collections import deque
from contextlib import suppress

import serial
from pumpwire import serial_frame

from .. import host
from ..errors import UnreachableError

_READ_TIMEOUT_S = 10.0  # a board has booted by then, its log's head found
_ASK_AGAIN_S = 0.5
_WRITE_TIMEOUT_S = 5.0  # a port whose other end takes nothing
_LOOK_S = 0.05
_BAUD = 115200


class SerialLink:
    """A board on `port` (a device, or any URL that pyserial knows)."""

    def __init__(self, port: str) -> None:
        self.description = f"serial:{port}"
        self._frames = serial_frame.FrameReader()
        self._arrived: deque[tuple[int, bytes]] = deque()
        try:
            self._port = serial.serial_for_url(
                port, _BAUD, timeout=_LOOK_S, do_not_open=True, write_timeout=_WRITE_TIMEOUT_S,
                exclusive=True)  # two programs at a port would take each other's bytes
            # RTS without DTR resets an ESP32. A port opens with both, and pyserial sets DTR first.
            self._port.dtr = True
            self._port.rts = False
            self._port.open()
            with suppress(OSError):  # a port without such lines: a pseudo terminal
                self._port.dtr = False
        except Exception as error:  # pyserial raises more than it promises
            raise _not_open(port, error) from error

    def read(self, channel: int) -> bytes:
        """Asks for a readable channel's value, again and again until it comes or the time is over."""
        self._take_in(None, wait=False)  # a late answer to what was asked twice is no answer to this
        began_s = asked_s = host.waited_s()
        self.write(channel | serial_frame.READ_REQUEST, b"")
        while True:
            now_s = host.waited_s()
            value = self._take_in(channel)
            if value is not None:
                return value
            if now_s - began_s > _READ_TIMEOUT_S:
                raise UnreachableError(f"nothing answers on {self.description}",
                                       "check that a board with pumplog firmware is on this port and"
                                       " has power")
            if now_s - asked_s > _ASK_AGAIN_S:
                asked_s = now_s
                self.write(channel | serial_frame.READ_REQUEST, b"")

    def write(self, channel: int, data: bytes) -> None:
        """Sends a frame."""
        try:
            self._port.write(bytes(serial_frame.wrap(channel, data)))
        except Exception as error:
            raise self._gone(error) from error

    def receive(self, timeout_s: float) -> tuple[int, bytes] | None:
        """Returns the next frame that is not an answer to `read`.

        Each look begins before the deadline or is the last: what came while the computer slept counts.
        """
        deadline_s = host.waited_s() + timeout_s
        late = False
        while not self._arrived and not late:
            late = host.waited_s() > deadline_s
            self._take_in(None)
        return self._arrived.popleft() if self._arrived else None

    def close(self) -> None:
        """Closes the port. However that goes, what came over the cable is kept."""
        with suppress(Exception):
            self._port.close()

    def _take_in(self, reading: int | None, wait: bool = True) -> bytes | None:
        """Reads what is there; returns the value of the channel that is being read, if it came.

        wait: for a moment, if nothing is there.
        """
        try:
            data = self._port.read(max(int(wait), self._port.in_waiting))
        except Exception as error:
            raise self._gone(error) from error
        value = None
        for channel, body in self._frames.feed(data):
            if channel == reading:
                value = body
            else:
                self._arrived.append((channel, body))
        return value

    def _gone(self, error: Exception) -> UnreachableError:
        return UnreachableError(f"the board on {self.description} went away ({error})",
                                "check the cable, then do it again; what came is kept")


def _not_open(port: str, error: Exception) -> UnreachableError:
    """Returns why a port does not open, and what to do about it."""
    number = getattr(error, "errno", None)
    if number in (errno.EBUSY, errno.EAGAIN) or "PermissionError" in str(error):  # on Windows
        return UnreachableError(f"another program has serial port {port}",
                                "close the other program, or wait until it is done")
    if number in (errno.EACCES, errno.EPERM):
        return UnreachableError(f"this user may not use serial port {port}",
                                "have it added to the group of the ports, often dialout, and log in"
                                " again")
    why = os.strerror(number) if number else error  # pyserial's own text says it twice
    return UnreachableError(f"serial port {port} cannot be opened ({why})",
                            "check the cable and the port's name")
