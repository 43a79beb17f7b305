"""The cable: opening the port, by pyserial's own order, never resets an ESP32; and a board that does
start anew, or that talks without answering, is waited for until a deadline and no longer.

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
import serial
from helpers.host.deaf_port import ANSWER, ROM, DeafPort
from pumplog.errors import UnreachableError
from pumplog.links import serial_link
from pumplog.links.serial_link import SerialLink
from pumpwire import serial_frame, uuids


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


@pytest.mark.parametrize("boots_ds", range(0, 96, 5))
def test_a_board_that_is_deaf_while_it_boots_is_asked_again(
    boots_ds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(10):
        port = DeafPort(boots_ds / 10, seed)
        port.install(monkeypatch)
        assert SerialLink("any").read(uuids.INFO) == ANSWER
        assert port.now_s - 1000 < boots_ds / 10 + 1


def frame(channel: int, data: bytes) -> bytes:
    return bytes(serial_frame.wrap(channel, data))


CHATTER = {
    "silence": b"", "console": ROM, "half frames": b"\xc0\x01\x02", "log": frame(uuids.LOG, bytes(40)),
    "answers to nothing": frame(uuids.COMMAND, b"\x81\x07\x00"),
}


@pytest.mark.parametrize("said", CHATTER.values(), ids=CHATTER)
def test_a_board_that_never_answers_is_told_of_at_the_deadline_whatever_it_says(
    said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = DeafPort(boots_s=1e9, chatter=lambda s: said)
    port.install(monkeypatch)
    with pytest.raises(UnreachableError, match="nothing answers on serial:any"):
        SerialLink("any").read(uuids.INFO)
    assert port.now_s - 1000 < serial_link._READ_TIMEOUT_S + 1 and port.asked > 10


def test_an_answer_that_came_while_the_computer_slept_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    port = DeafPort()
    port.install(monkeypatch)
    link = SerialLink("any")
    port.asleep_s = 3600
    assert link.read(uuids.INFO) == ANSWER
    port.takes_s, port.asleep_s = 1.0, 3600
    assert link.read(uuids.INFO) == ANSWER
    port.takes_s = 0.2
    port.answer = lambda channel, body: frame(uuids.COMMAND, b"it")  # type: ignore[method-assign]
    link.write(uuids.COMMAND, b"say")
    port.asleep_s = 3600
    assert link.receive(5.0) == (uuids.COMMAND, b"it")


def test_the_late_answer_to_what_was_asked_twice_is_no_answer_to_the_next(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    port = DeafPort(takes_s=0.7)
    port.install(monkeypatch)
    link, said = SerialLink("any"), iter(range(9))
    port.answer = lambda channel, body: frame(uuids.STATUS, bytes((next(said),)))  # type: ignore[method-assign]
    assert link.read(uuids.STATUS) == b"\0" and port.asked == 2
    port.now_s += 1
    assert link.read(uuids.STATUS) == b"\2"


def test_a_port_that_takes_nothing_has_a_deadline_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(data: bytes) -> None:
        raise serial.SerialTimeoutException("Write timeout")

    port, asked_for = DeafPort(), {}
    port.install(monkeypatch)
    monkeypatch.setattr(serial, "serial_for_url", lambda *_, **how: asked_for.update(how) or port)
    link = SerialLink("any")
    assert 0 < asked_for["write_timeout"] <= 10
    port.write = full  # type: ignore[method-assign]
    with pytest.raises(UnreachableError, match="went away"):
        link.read(uuids.INFO)
