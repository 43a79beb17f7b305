"""The link over a USB serial port, beside the board's own console. Format: pumpwire.serial_frame."""

from __future__ import annotations

import time
from collections import deque
from contextlib import suppress

import serial
from pumpwire import serial_frame

from ..errors import UnreachableError

_READ_TIMEOUT_S = 5.0
_BAUD = 115200


class SerialLink:
    """A board on `port` (a device, or any URL that pyserial knows)."""

    def __init__(self, port: str) -> None:
        self.description = f"serial:{port}"
        self._frames = serial_frame.FrameReader()
        self._arrived: deque[tuple[int, bytes]] = deque()
        self._values: dict[int, bytes] = {}
        try:
            self._port = serial.serial_for_url(port, _BAUD, timeout=0.05, do_not_open=True)
            # RTS without DTR resets an ESP32. A port opens with both, and pyserial sets DTR first.
            self._port.dtr = True
            self._port.rts = False
            self._port.open()
            with suppress(OSError):  # a port without such lines: a pseudo terminal
                self._port.dtr = False
        except (serial.SerialException, ValueError, OSError) as error:
            raise UnreachableError(f"serial port {port} cannot be opened ({error})",
                                   "check the cable and the port's name") from error

    def read(self, channel: int) -> bytes:
        """Asks for a readable channel's value."""
        self._values.pop(channel, None)
        self.write(channel | serial_frame.READ_REQUEST, b"")
        deadline_s = time.monotonic() + _READ_TIMEOUT_S
        while channel not in self._values:
            if time.monotonic() > deadline_s:
                raise UnreachableError(f"nothing answers on {self.description}",
                                       "check that a board with pumplog firmware is on this port and"
                                       " has power")
            self._take_in(channel)
        return self._values[channel]

    def write(self, channel: int, data: bytes) -> None:
        """Sends a frame."""
        try:
            self._port.write(bytes(serial_frame.wrap(channel, data)))
        except (serial.SerialException, OSError) as error:
            raise self._gone(error) from error

    def receive(self, timeout_s: float) -> tuple[int, bytes] | None:
        """Returns the next frame that is not an answer to `read`."""
        deadline_s = time.monotonic() + timeout_s
        while not self._arrived:
            if time.monotonic() > deadline_s:
                return None
            self._take_in(None)
        return self._arrived.popleft()

    def close(self) -> None:
        """Closes the port."""
        self._port.close()

    def _take_in(self, reading: int | None) -> None:
        """Reads what is there; a frame of the channel being read is its value."""
        try:
            data = self._port.read(max(1, self._port.in_waiting))
        except (serial.SerialException, OSError) as error:
            raise self._gone(error) from error
        for channel, body in self._frames.feed(data):
            if channel == reading:
                self._values[channel] = body
            else:
                self._arrived.append((channel, body))

    def _gone(self, error: Exception) -> UnreachableError:
        return UnreachableError(f"the board on {self.description} went away ({error})",
                                "check the cable, then do it again; what came is kept")
