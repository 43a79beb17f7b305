"""The cable's two control lines: opening the port, by pyserial's own order, never resets an ESP32.

The usual two transistors pull EN low while RTS is asserted and DTR is not, and IO0 while DTR is and RTS
is not, which counts at a reset only. A kernel asserts both at once as it opens a port.
"""

from __future__ import annotations

import os
import pty
import struct
import sys
import termios

import pytest
from pumplog.links.serial_link import SerialLink


@pytest.mark.skipif(sys.platform != "linux", reason="it watches what pyserial asks Linux for")
def test_opening_the_port_resets_no_board(monkeypatch: pytest.MonkeyPatch) -> None:
    from serial import serialposix

    lines = termios.TIOCM_DTR | termios.TIOCM_RTS  # as the kernel leaves them
    seen, real = [], serialposix.fcntl.ioctl

    def ioctl(fd: int, request: int, *given: object) -> object:
        nonlocal lines
        if request not in (termios.TIOCMBIS, termios.TIOCMBIC):
            return real(fd, request, *given)
        (bits,) = struct.unpack("I", given[0])  # type: ignore[arg-type]
        lines = lines | bits if request == termios.TIOCMBIS else lines & ~bits
        seen.append((bool(lines & termios.TIOCM_DTR), bool(lines & termios.TIOCM_RTS)))
        return 0

    monkeypatch.setattr(serialposix.fcntl, "ioctl", ioctl)
    board, port = pty.openpty()
    try:
        SerialLink(os.ttyname(port)).close()
    finally:
        os.close(board)
        os.close(port)
    assert seen and (False, True) not in seen, "EN is low: the board starts anew"
    assert seen[-1] == (False, False)
