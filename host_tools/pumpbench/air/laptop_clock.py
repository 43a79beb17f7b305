"""A laptop's clocks on the air: in its process time passes as the air says.

The laptop's process connects to the air's port for laptops a second time, and says `T` and its process
id. It is told when the air began, UTC, and then again and again how much time has passed since. clock.py
says why.
"""

from __future__ import annotations

import concurrent.futures
import os
import queue
import socket
import struct
import threading
import time
from concurrent.futures import Future
from typing import Any

from .clock import STEP_S

HELLO = b"T"
HELLO_BODY = ">I"  # process id
BEGAN_BODY = ">Q"  # UTC, ns since 1970
PASSED_BODY = ">Q"  # us since the air began
_SLICE_S = 0.2

_now_s = time.monotonic


class LaptopClock:
    """The air's time at one laptop, the computer's own again once the air is gone."""

    def __init__(self, air: str) -> None:
        host, port = air.rsplit(":", 1)
        self._air = socket.create_connection((host, int(port)))
        self._air.sendall(HELLO + struct.pack(HELLO_BODY, os.getpid()))
        (self._began_utc_ns,) = struct.unpack(BEGAN_BODY, self._exactly(8))
        self._passed_s = self._said_s = 0.0
        self._most_s = STEP_S
        self._take(self._exactly(8))
        threading.Thread(target=self._follow, daemon=True, name="air clock").start()

    def now_s(self) -> float:
        """Returns the seconds since the air began; they never run back."""
        self._said_s = max(self._said_s, self._passed_s + min(_now_s() - self._told_s, self._most_s))
        return self._said_s

    def utc_ns(self) -> int:
        """Returns the time of day on the air, UTC, ns since 1970."""
        return self._began_utc_ns + int(self.now_s() * 1e9)

    def _exactly(self, n: int) -> bytes:
        data = b""
        while len(data) < n:
            more = self._air.recv(n - len(data))
            if not more:
                raise ConnectionError("the air is gone")
            data += more
        return data

    def _take(self, body: bytes) -> None:
        self._passed_s, self._told_s = struct.unpack(PASSED_BODY, body)[0] / 1e6, _now_s()

    def _follow(self) -> None:
        try:
            while True:
                self._take(self._exactly(8))
        except OSError:
            self._most_s = float("inf")


def keep_time(air: str) -> None:
    """Puts the air's time into the place of this process's clocks, as its libraries and pumplog ask
    them."""
    clock = LaptopClock(air)
    time.monotonic = clock.now_s
    time.monotonic_ns = lambda: int(clock.now_s() * 1e9)
    time.clock_gettime = lambda clock_id: clock.now_s()  # pumplog waits by a clock that counts sleep
    time.time = lambda: clock.utc_ns() / 1e9
    time.time_ns = clock.utc_ns
    queue.time = clock.now_s  # type: ignore[attr-defined]
    wait = Future.result

    def result(self: Future[Any], timeout: float | None = None) -> Any:
        """Waits as Future.result does, by the air's time."""
        if timeout is None:
            return wait(self)
        end_s = clock.now_s() + timeout
        while True:
            try:
                return wait(self, min(_SLICE_S, timeout))
            except concurrent.futures.TimeoutError:
                if self.done():
                    return wait(self)  # it came just now, or this error is its own
                if clock.now_s() >= end_s:
                    raise

    Future.result = result  # type: ignore[method-assign]
