"""A cable that damages bytes or holds them back, between the real deploy code and a virtual board, and
time that passes only as the board's own time does.

The port is what pyserial gives for the board's pseudo-terminal; mpremote reads and writes through
`BadLine` in its place. A byte is dropped, doubled or garbled with a chance of 1 %, each way, in the
stretch that the seed chose. The cable may also be silent from some byte on, for a while, or pulled.

Nobody waits for a limit to pass. A board that has nothing to do waits in a read of its console, which
the kernel tells: then any time may pass at once, since nothing will come. While it works, time passes as
the board's does.
"""

from __future__ import annotations

import contextlib
import os
import random
import select
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import mpremote.transport_serial
import pytest
import serial
from pumpbench.board.console import Console
from pumpbench.board.usb_board import UsbBoard
from pumplog import host

CHANCE = 0.01
_REAL_LOOK_S = 0.002
_QUIET_LOOKS = 15  # in a row, that find the board waiting and the line empty
_open = serial.serial_for_url


def damaged(byte: int, dice: random.Random) -> bytes:
    """Returns what a bad line makes of a byte: mostly itself."""
    if dice.random() >= CHANCE:
        return bytes((byte,))
    return dice.choice((b"", bytes((byte, byte)), dice.randbytes(1)))


@contextlib.contextmanager
def bad_terminal(port: str, seed: int, begin: int) -> Iterator[str]:
    """Gives another port before a port, for programs of their own: the line between damages what comes
    after `begin` bytes. Time is real."""
    ours, theirs = os.openpty()
    Console.raw(theirs)
    far = os.open(port, os.O_RDWR | os.O_NOCTTY)
    Console.raw(far)
    dice, ended = random.Random(seed), threading.Event()

    def carry() -> None:
        carried = 0
        while not ended.is_set():
            for end in select.select([ours, far], [], [], 0.05)[0]:
                data = os.read(end, 4096)
                carried += len(data)
                if carried > begin:
                    data = b"".join(damaged(byte, dice) for byte in data)
                os.write(far if end == ours else ours, data)

    thread = threading.Thread(target=carry, daemon=True)
    thread.start()
    try:
        yield os.ttyname(theirs)
    finally:
        ended.set()
        thread.join()
        for end in (ours, theirs, far):
            os.close(end)


class BadLine:
    """bad: the bytes, counted both ways, between which the line damages. silent_at: the byte at which it
    holds everything back for silent_s. pulled_at: the byte at which the cable goes, for good.
    stopped_at: the byte at which somebody presses Ctrl-C, once."""

    def __init__(self, board: UsbBoard, seed: int, bad: tuple[int, int] = (0, 0),
                 silent_at: int | None = None, silent_s: float = 60.0, pulled_at: int | None = None,
                 stopped_at: int | None = None) -> None:
        self.board, self.bad, self.pulled_at, self._stopped_at = board, bad, pulled_at, stopped_at
        self.carried = self.damaged = 0
        self.now_s = 1000.0
        self._dice = random.Random(seed)
        self._silent_at, self._silent_s = silent_at, silent_s
        self._until_s = 0.0  # everything is held back
        self._to_board, self._to_host = bytearray(), bytearray()
        self._port: serial.Serial | None = None
        self._quiet = 0
        self.timeout: float | None = None
        self.write_timeout: float | None = None
        self.dtr = self.rts = True

    @contextlib.contextmanager
    def in_place(self) -> Iterator[BadLine]:
        """Puts it into the place of the port, and its time into that of waits."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(serial, "serial_for_url", self._given)
            patch.setattr(host, "waited_s", lambda: self.now_s)
            patch.setattr(host, "wait", self.wait)
            patch.setattr(mpremote.transport_serial, "time",
                          SimpleNamespace(monotonic=lambda: self.now_s, sleep=self.wait_for_bytes))
            yield self
        self._hang_up()

    # ---- the port, as pyserial has it

    def _given(self, *_: object, timeout: float | None = None, **__: object) -> BadLine:
        self.timeout = timeout
        return self

    def open(self) -> None:
        """Opens it."""
        if self._pulled():
            raise serial.SerialException(2, "No such file or directory")
        self._port = _open(self.board.port, 115200, timeout=0)

    def isOpen(self) -> bool:  # noqa: N802 (pyserial's name)
        """Whether it is open."""
        return self._port is not None

    def close(self) -> None:
        """Closes it."""
        self._hang_up()

    def inWaiting(self) -> int:  # noqa: N802 (pyserial's name)
        """Returns how many bytes came."""
        self._move()
        return 0 if self.now_s < self._until_s else len(self._to_host)

    in_waiting = property(inWaiting)

    def read(self, size: int = 1) -> bytes:
        """Returns what came, after its timeout less than was asked for."""
        end_s = self.now_s + (self.timeout or 0)
        while self.inWaiting() < size and self.now_s < end_s:
            self.wait_for_bytes(0.05)
        size = min(size, self.inWaiting())
        data = bytes(self._to_host[:size])
        del self._to_host[:size]
        return data

    def write(self, data: bytes) -> int:
        """Sends."""
        if self._stopped_at is not None and self.carried >= self._stopped_at:
            self._stopped_at = None
            raise KeyboardInterrupt
        self._quiet = 0
        self._to_board += self._carried(data)
        self._move()
        return len(data)

    # ---- the line

    def _hang_up(self) -> None:
        if self._port is not None:
            with contextlib.suppress(OSError):
                self._port.close()
            self._port = None

    def _pulled(self) -> bool:
        return self.pulled_at is not None and self.carried >= self.pulled_at

    def _carried(self, data: bytes) -> bytes:
        out = bytearray()
        for byte in data:
            self.carried += 1
            if self.carried == self._silent_at:
                self._until_s = self.now_s + self._silent_s
            if self.bad[0] <= self.carried < self.bad[1]:
                after = damaged(byte, self._dice)
                self.damaged += after != bytes((byte,))
                out += after
            else:
                out.append(byte)
        return bytes(out)

    def _move(self) -> None:
        """Moves what waits at either end."""
        if self._port is None or self._pulled():
            self._hang_up()
            raise serial.SerialException(5, "Input/output error")
        if self.now_s >= self._until_s and self._to_board:
            self._port.write(bytes(self._to_board))
            self._to_board.clear()
        came = self._port.read(65536)
        if came:
            self._quiet = 0
            self._to_host += self._carried(came)

    # ---- time

    def wait_for_bytes(self, seconds: float) -> None:
        """Lets time pass until something comes."""
        self.wait(seconds, until_bytes=True)

    def wait(self, seconds: float, until_bytes: bool = False) -> None:
        """Lets time pass: at once if nothing can come of it."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            if self._port is not None:
                with contextlib.suppress(OSError):
                    self._move()
                if until_bytes and self._to_host and self.now_s >= self._until_s:
                    break
            self._quiet = self._quiet + 1 if self._nothing_can_come() else 0
            if self._quiet > _QUIET_LOOKS:
                self.now_s = end_s if self.now_s >= self._until_s else min(end_s, self._until_s)
                continue
            began_s = time.monotonic()
            time.sleep(_REAL_LOOK_S)
            # a busy computer may keep the board from its processor: that is no time of the board's
            passed_s = time.monotonic() - began_s
            busy = self.board.doing() == ["running"]
            self.now_s += _REAL_LOOK_S if busy else passed_s * self.board._speed

    def _nothing_can_come(self) -> bool:
        if self._port is None or self.now_s < self._until_s and self._to_board:
            return True
        return self.board.waits_for_host()
