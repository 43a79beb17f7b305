"""A rig without a Pico: its firmware under MicroPython's unix port, its PIO in the emulator, behind a
pseudo-terminal; its wires end in our hands."""

from __future__ import annotations

import json
import os
import select
import struct
import subprocess
import sys
import threading
import tty
from collections.abc import Callable

from pumpbench.board.virtual_board import find_micropython

from helpers.paths import ROOT, STAND_INS

SAID = struct.Struct("<Qii")
CONVERSION = -1  # in the place of a GPIO: the value is a conversion of the load cell
HEAP = "4m"
LOOK_S = 0.005

Heard = Callable[[int, int, int], None]


class SimulatedRig:
    """From `with` on, `port` is the path of its serial port.

    heard: called with (us of the rig, GPIO or CONVERSION, level or raw). looked: called every few ms
    with a function that drives one of the rig's inputs (GPIO, level). broken: names of wires cut.
    """

    def __init__(
        self, heard: Heard | None = None, broken: tuple[str, ...] = (),
        looked: Callable[[Callable[[int, int], None]], None] | None = None,
    ) -> None:
        self._heard = heard or (lambda us, what, value: None)
        self._looked = looked or (lambda drive: None)
        self._broken = broken
        self._ended = threading.Event()

    def __enter__(self) -> SimulatedRig:
        self._ours, console = os.openpty()
        tty.setraw(console)
        self._said, to = os.pipe()
        coming, self._inputs = os.pipe()
        port, theirs = os.openpty()
        tty.setraw(theirs)
        self.port = os.ttyname(theirs)
        self._host = port, theirs
        path = f"{STAND_INS / 'pico'}:{ROOT / 'hardware' / 'pico'}"
        self._process = subprocess.Popen(
            [find_micropython(), "-X", f"heapsize={HEAP}", str(ROOT / "hardware/pico/rig/main.py")],
            stdin=console, stdout=console, stderr=sys.stderr, pass_fds=(to, coming),
            env={"MICROPYPATH": path,
                 "RIG_CABLE": json.dumps({"to": to, "from": coming, "broken": self._broken})})
        for fd in (console, to, coming):
            os.close(fd)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._process.kill()
        self._process.wait()
        for fd in (self._ours, self._said, self._inputs, *self._host):
            os.close(fd)

    def _serve(self) -> None:
        rest = b""
        while not self._ended.is_set():
            ready, _, _ = select.select([self._ours, self._said, self._host[0]], [], [], LOOK_S)
            try:
                if self._host[0] in ready:
                    os.write(self._ours, os.read(self._host[0], 4096))
                if self._ours in ready:
                    os.write(self._host[0], os.read(self._ours, 4096))
                if self._said in ready:
                    rest += os.read(self._said, 65536)
            except OSError:
                return  # the rig's program ended: the client says that it does not answer
            whole = len(rest) // SAID.size * SAID.size
            for us, what, value in SAID.iter_unpack(rest[:whole]):
                self._heard(us, what, value)
            rest = rest[whole:]
            self._looked(self._drive)

    def _drive(self, gpio: int, level: int) -> None:
        os.write(self._inputs, bytes((gpio, level)))
