"""The real mpremote on a board's serial port, called as a person would call it."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence

import serial

from .. import host
from ..errors import UnreachableError
from ..extras import require

_BAUD = 115200
PATIENCE_S = 30.0  # the longest file takes 3 s at 115,200 baud, the longest erase 0.4 s
_MOST = 30  # times that, of a whole call, whatever a board says: all files of a firmware take 2 minutes


class Mpremote:
    """A board on `port`. Nothing heard of it for `patience_s`: it is gone. So it is if it never ends."""

    def __init__(self, port: str, patience_s: float = PATIENCE_S) -> None:
        require("board", "mpremote")
        self.port = port
        self._patience_s = patience_s

    def run(self, *arguments: str, patience_s: float | None = None) -> str:
        """Runs mpremote without a soft reset; returns what it printed; raises UnreachableError."""
        command = [sys.executable, "-m", "mpremote", "connect", self.port, "resume", *arguments]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env={**os.environ, "PYTHONUNBUFFERED": "1"}
                              ) as process:
            assert process.stdout is not None
            arrived: queue.SimpleQueue[bytes] = queue.SimpleQueue()
            # on Windows nothing but a thread waits for a pipe with a deadline. It has a handle of its
            # own: the other may be another call's, once this one was given up
            pipe = os.dup(process.stdout.fileno())
            threading.Thread(target=_take_in, args=(pipe, arrived), daemon=True).start()
            said, end_s = [b""], host.waited_s() + _MOST * self._patience_s
            try:
                while not said[1:] or said[-1]:
                    wait_s = min(patience_s or self._patience_s, end_s - host.waited_s())
                    if wait_s < 0:
                        raise queue.Empty
                    said.append(arrived.get(timeout=wait_s))
            except BaseException as error:
                process.kill()
                if not isinstance(error, queue.Empty):
                    raise
                raise UnreachableError(f"the board on {self.port} no longer answers",
                                       "check its power and the cable, then do it again") from None
        text = b"".join(said).decode(errors="replace")
        if process.returncode:
            lines = text.strip().splitlines() or ["no word"]
            raise UnreachableError(f"the board on {self.port} does not do what it is asked"
                                   f" ({lines[-1]})",
                                   "check port, power and cable. Close what else uses the port, then do"
                                   " it again")
        return text

    def execute(self, code: str) -> str:
        """Runs Python on the board; returns what it printed. What ran there before is interrupted."""
        return self.run("exec", code)

    def put(self, folders: Mapping[str, Sequence[str]]) -> None:
        """Copies files into folders of the board that are there: {folder on the board: paths}."""
        arguments: list[str] = []
        for folder, paths in folders.items():
            arguments += ["+"] * bool(arguments) + ["fs", "cp", *paths, f":{folder}/"]
        if arguments:
            self.run(*arguments)

    def restart(self, code: str) -> serial.Serial:
        """Runs code that starts the board again; returns the open port, on which nothing was missed of
        what it says from then on. The caller closes it."""
        failure = require("board", "mpremote.transport").TransportError
        serial_transport = require("board", "mpremote.transport_serial").SerialTransport
        try:
            transport = serial_transport(self.port, _BAUD)
            transport.enter_raw_repl(soft_reset=False)
            transport.exec_raw_no_follow(code)
        except (failure, serial.SerialException, OSError) as error:
            raise UnreachableError(f"the board on {self.port} went away ({error})",
                                   "check its power and the cable, then do it again") from error
        line: serial.Serial = transport.serial
        return line


def _take_in(pipe: int, arrived: queue.SimpleQueue[bytes]) -> None:
    """Hands on what a process says, and b"" at its end."""
    data = b" "
    try:
        while data:
            data = os.read(pipe, 65536)
            arrived.put(data)
    finally:
        os.close(pipe)
