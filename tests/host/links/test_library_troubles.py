"""Whatever the libraries of radio and cable raise: the board went away, and a pull tries again.

They raise more than they promise. Public reports name EOFError, AssertionError, AttributeError and
KeyError of bleak and dbus-fast as a link ends, and termios.error and TypeError of pyserial.
"""

from __future__ import annotations

import errno
import os
import pty
import queue
import re
import sys
import termios
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import serial
from _bleio.exceptions import BluetoothError
from helpers.host.deaf_port import ANSWER, DeafPort
from pumplog.errors import UnreachableError
from pumplog.links import ble_link, ble_pairing, ble_radio
from pumplog.links.ble_peer import GattPeer
from pumplog.links.serial_link import SerialLink
from pumpwire import uuids

RAISED = [
    BluetoothError("lost"), OSError(errno.EIO, "Input/output error"), TimeoutError(), EOFError(),
    AssertionError(), AttributeError("'NoneType' has no attribute 'call'"), KeyError("/org/bluez"),
    RuntimeError("the object has been closed"), TypeError("no integer"), ValueError("closed"),
    termios.error(errno.EIO, "Input/output error"), serial.SerialException("no data"), re.error("["),
]
named = pytest.mark.parametrize("error", RAISED, ids=[type(error).__name__ for error in RAISED])


def fails(error: Exception) -> Callable[..., Any]:
    def call(*_: object, **__: object) -> None:
        raise error

    return call


def peer(**connection: Any) -> GattPeer:
    made = GattPeer.__new__(GattPeer)
    made._connection = SimpleNamespace(**connection)
    made._arrived = queue.SimpleQueue()
    return made


class Gone:
    """A connection of which the library cannot even say whether it is there."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    @property
    def connected(self) -> bool:
        raise self._error


@named
def test_whatever_a_call_to_the_radio_raises_is_a_lost_link(error: Exception) -> None:
    with pytest.raises(UnreachableError, match="the radio link broke"):
        peer(connected=True)._guard(fails(error))
    lost = peer()
    lost._connection = Gone(error)
    with pytest.raises(UnreachableError, match="the radio link broke"):
        lost.receive(timeout_s=36_000)


@named
def test_a_radio_link_that_ends_badly_spoils_nothing_that_came_over_it(error: Exception) -> None:
    peer(connected=True, disconnect=fails(error)).close()
    lost = peer()
    lost._connection = Gone(error)
    lost.close()


@named
def test_no_error_leaves_a_board_connected(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take a place on the board, and this computer could not connect again."""
    closed = []
    found = SimpleNamespace(close=lambda: closed.append(True))
    monkeypatch.setattr(ble_radio, "scan", lambda *_, **__: [SimpleNamespace(name="B01")])
    monkeypatch.setattr(ble_radio, "connect", lambda heard: found)
    monkeypatch.setattr(ble_pairing, "secure", fails(error))
    with pytest.raises(type(error)):
        ble_link.open_ble("B01", None)
    assert closed


@named
def test_whatever_a_port_raises_the_board_is_not_reached_and_ends_well(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    for call in ("open", "write", "read", "close"):
        port = DeafPort()
        port.install(monkeypatch)
        setattr(port, call, fails(error))
        if call == "open":
            with pytest.raises(UnreachableError, match="cannot be opened"):
                SerialLink("any")
            continue
        link = SerialLink("any")
        if call != "close":
            with pytest.raises(UnreachableError, match="went away"):
                link.read(uuids.INFO)
        link.close()


NOT_YOURS, TAKEN, NOT_THERE = (
    ("this user may not use", "dialout"), ("another program has", "close"),
    ("cannot be opened", "check the cable"))


@pytest.mark.parametrize("error, told_as", [
    (serial.SerialException(errno.EACCES, "could not open port"), NOT_YOURS),
    (serial.SerialException(errno.EPERM, "could not open port"), NOT_YOURS),
    (serial.SerialException(errno.EBUSY, "could not open port"), TAKEN),
    (serial.SerialException(errno.EAGAIN, "Could not exclusively lock port"), TAKEN),
    (serial.SerialException(  # all that pyserial says of it on Windows, in its user's language
        "could not open port 'COM3': PermissionError(13, 'Zugriff verweigert', None, 5)"), TAKEN),
    (serial.SerialException(errno.ENOENT, "could not open port"), NOT_THERE),
    (serial.SerialException(
        "could not open port 'COM3': FileNotFoundError(2, 'no such file', None, 2)"), NOT_THERE),
])
def test_a_port_that_does_not_open_is_told_with_what_to_do(
    error: Exception, told_as: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    port = DeafPort()
    port.install(monkeypatch)
    port.open = fails(error)  # type: ignore[method-assign]
    with pytest.raises(UnreachableError) as told:
        SerialLink("COM3")
    what, do = told_as
    assert what in told.value.what and do in told.value.do and "COM3" in told.value.what


@pytest.mark.skipif(sys.platform == "win32", reason="Windows gives a port to one program by itself")
def test_a_second_program_at_a_port_is_told_and_takes_no_byte_of_the_first() -> None:
    board, port = pty.openpty()
    try:
        first = SerialLink(os.ttyname(port))
        with pytest.raises(UnreachableError, match="another program has serial port"):
            SerialLink(os.ttyname(port))
        os.write(board, DeafPort().answer(uuids.INFO | 0x80, b""))
        assert first.receive(5.0) == (uuids.INFO, ANSWER)
        first.close()
        SerialLink(os.ttyname(port)).close()
    finally:
        os.close(board)
        os.close(port)
