"""MicroPython's raw prompt in this process, at the end of a bad line, with time that is played.

It speaks what ports without raw paste do. Ctrl-A shows the prompt. Ctrl-D runs what was typed: the
answer is `OK`, what was printed, Ctrl-D, the traceback, Ctrl-D, `>`. CPython runs the code.
"""

from __future__ import annotations

import binascii
import contextlib
import io
import random
import traceback
import warnings
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import mpremote.transport_serial
import pytest
import serial
from pumplog import host

from helpers.cable.bad_line import damaged

BANNER = b"raw REPL; CTRL-B to exit\r\n>"


class _Reset(BaseException):
    """The board starts again."""


def _reset() -> None:
    raise _Reset


def _import(name: str, *_: object) -> ModuleType:
    found = ModuleType(name)
    if name in ("os", "machine"):
        found.remove, found.reset = (lambda path: None), _reset  # type: ignore[attr-defined]
        return found
    if name != "binascii":
        raise ImportError(name)
    found.crc32 = lambda data: binascii.crc32(  # type: ignore[attr-defined]
        data.encode() if isinstance(data, str) else data)  # as MicroPython's
    return found


class RawPrompt:
    """bad: its line damages. boots_s: how long it neither hears nor keeps what is sent. chatter: what it
    says whenever somebody waits; at_start: as it starts. builtins: what its code finds beside a few of
    Python's own."""

    dtr = rts = True
    timeout: float | None = None
    write_timeout: float | None = None

    def __init__(self, seed: int = 0, bad: bool = False, boots_s: float = 0.0, chatter: bytes = b"",
                 at_start: bytes = b"", **builtins: Callable[..., Any]) -> None:
        self._dice, self._bad, self._boots_s, self._chatter = random.Random(seed), bad, boots_s, chatter
        safe = (print, map, str, repr, exec, Exception, OSError)  # garbled code gets no more
        self._builtins = {each.__name__: each for each in safe} | {"__import__": _import} | builtins
        self.now_s = 0.0
        self._typed, self._said = bytearray(), bytearray()
        self._raw = False
        self.gone, self.resets, self._at_start = False, 0, at_start

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Puts itself into the place of every port, and its time into that of waits."""
        patch.setattr(serial, "serial_for_url", lambda *_, **__: self)
        patch.setattr(host, "waited_s", lambda: self.now_s)
        patch.setattr(host, "wait", self.wait)
        patch.setattr(mpremote.transport_serial, "time",
                      SimpleNamespace(monotonic=lambda: self.now_s, sleep=self.wait))

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now_s += seconds
        self._said += self._chatter

    def open(self) -> None:
        """Opens the port, if it is there."""
        if self.gone:
            raise serial.SerialException(2, "No such file or directory")

    def isOpen(self) -> bool:  # noqa: N802 (pyserial's name)
        """Whether it is open."""
        return False

    def close(self) -> None:
        """Closes it."""

    def inWaiting(self) -> int:  # noqa: N802 (pyserial's name)
        """Returns how many bytes came."""
        if self.gone:
            raise OSError(5, "Input/output error")
        return len(self._said)

    def read(self, size: int = 1) -> bytes:
        """Returns what came; its timeout passes if that is less than was asked for."""
        if len(self._said) < size:
            self.now_s += self.timeout or 0
        data = bytes(self._said[:size])
        del self._said[:size]
        return data

    def write(self, data: bytes) -> int:
        """Takes what is typed."""
        if self.gone:
            raise OSError(5, "Input/output error")
        if self.now_s >= self._boots_s:
            for byte in self._over_the_line(data):
                self._take(byte)
        return len(data)

    def _over_the_line(self, data: bytes) -> bytes:
        return b"".join(damaged(byte, self._dice) for byte in data) if self._bad else data

    def _say(self, data: bytes) -> None:
        self._said += self._over_the_line(data)

    def _take(self, byte: int) -> None:
        if byte == 1:
            self._raw = True
            self._typed.clear()
            self._say(BANNER)
        elif byte in (2, 3):
            self._raw &= byte == 3
            self._typed.clear()
        elif not self._raw:
            return
        elif byte == 5:
            self._typed.clear()
        elif byte == 4:
            code = bytes(self._typed)
            self._typed.clear()
            self._run(code)
        else:
            self._typed.append(byte)

    def _run(self, code: bytes) -> None:
        out, trace = io.StringIO(), ""
        namespace = {"__builtins__": self._builtins}
        try:
            with contextlib.redirect_stdout(out), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                exec(compile(code, "typed", "exec"), namespace)
        except _Reset:
            self.resets += 1
            self._raw = False
            self._say(b"OK" + self._at_start)
            return
        except Exception:
            trace = traceback.format_exc()
        said = out.getvalue().replace("\n", "\r\n").encode(errors="replace")
        self._say(b"OK" + said + b"\x04" + trace.encode(errors="replace") + b"\x04>")
