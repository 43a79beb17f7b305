"""A virtual ESP32 on a USB cable: a serial port on which real mpremote and the real `pumplog` find a
board.

Theory of operation. MicroPython's unix port has the ESP32's raw REPL. Here it runs behind a
pseudo-terminal (console.py), on the modules of firmware/boards/usb_chip: 4 MiB of flash by the partition
table on it, NVS, pins, watchdog. Time is real. What deploys to a board deploys here, byte for byte, and
boots.

    host program -- cable (a pseudo-terminal) -- UsbBoard -- console (another) -- MicroPython
                                                    |  wires.bin, mapped by both
                                                    +-- datagrams: reset, watchdog, feed, power cut

There are two terminals because the port outlives the program behind it: a board that resets keeps its
port, and a board whose cable is out runs on. One thread moves bytes between them and does what the chip
around the processor does. A reset is a new process with its cause. A watchdog that nobody feeds bites
from outside, so it bites a hung program too. Power off is SIGKILL, which no program sees coming.

Ctrl-C is the exception to bytes as they come. The ESP32's UART interrupts running code with it, while
at the prompt it is a character. The kernel tells which of the two holds (`_catches_interrupts`):
MicroPython catches SIGINT only while code runs. Until the file system is mounted nothing interrupts, as
on the ESP32 (`pyexec_frozen_module("_boot.py", false)` in its main.c). A second interrupt soon after the
first would end the unix port, so it is left out.

The folder holds a board's state: flash.bin, nvs.json, clock.txt, wires.bin, and rtc.bin, which only a
power cut empties. Who has a `UsbBoard` moves the wires (`Wires`), unplugs the cable and cuts the power.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

from pumplog.deploy import sources

from ..errors import BenchError
from .console import Console
from .virtual_board import find_micropython
from .wires import Wires

FLASH_BYTES = 4 << 20
HEAP = "512k"  # the chip's own modules, which are C on the ESP32, lie on it too
CELL_DOUT, CELL_SCK = 35, 25  # as wired here, not by the firmware's map
_MEMORY = 100, True
_POWER_ON, _HARD, _WATCHDOG, _SOFT = 1, 2, 3, 5
_READS_CONSOLE = ["0", "0x0"]  # read, of file 0, as the kernel of a 64-bit PC has it
_SECOND_INTERRUPT_S = 0.05  # the unix port ends at the second of two


def fresh_flash() -> bytes:
    """Returns the flash of a board whose image was just written, as far as the virtual chip looks: its
    partition table, with room for firmware and log."""
    rows = (("nvs", 1, 2, 0x9000, 0x6000), ("factory", 0, 0, 0x10000, 0x1F0000),
            ("vfs", 1, 0x81, 0x200000, 0x100000), ("log", 1, 0x81, 0x300000, 0x100000))
    table = b"".join(struct.pack("<HBBII16sI", 0x50AA, kind, subtype, at, size, label.encode(), 0)
                     for label, kind, subtype, at, size in rows)
    return b"\xff" * 0x8000 + table


class UsbBoard:
    """One board, from `with` on under power on its cable; `port` is the path of its serial port.

    image, nvs: the flash to begin with and nvs.json, if the folder has none. clock False: no DS3231.
    speed: how many times as fast as the wall's clock the board's time runs. erase_ms: how long, in that
    time, an erase of flash stops it. air: (where an air.server.Air takes boards, this one's address
    there); without an air its radio hears nobody. memory: (its chip's internal memory in per cent of an
    ESP32's, whether it has PSRAM).
    """

    def __init__(
        self, folder: Path, image: bytes = b"", nvs: bytes = b"{}", clock: bool = True, speed: int = 1,
        erase_ms: int = 0, air: tuple[str, str] | None = None,
        memory: tuple[int, bool] = _MEMORY,
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "flash.bin").exists():
            (folder / "flash.bin").write_bytes(image.ljust(FLASH_BYTES, b"\xff"))
            (folder / "nvs.json").write_bytes(nvs)
            (folder / "clock.txt").write_text("")
        self.wires = Wires(folder / "wires.bin")
        self.port = ""
        self.resets: list[int] = []  # the cause of each start so far
        # power goes in that flash operation of a start between two addresses: (low, high, operations)
        self.cut_in: tuple[int, int, int] | None = None
        self.record = False  # from the next start, keep every flash operation in the file `operations`
        self._clock = clock
        self._speed = speed
        self._erase_ms = erase_ms
        self._air = air
        self._memory = memory
        self._process: subprocess.Popen[bytes] | None = None
        self._bites_s: tuple[float, float] | None = None  # (watchdog's time, when it bites)
        self._interrupted_s = 0.0
        self._mounted = False  # its file system, since it started
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def __enter__(self) -> UsbBoard:
        self._bench = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._bench.bind(("127.0.0.1", 0))
        self._console = Console()
        self._cable: tuple[int, int] | None = None
        self.plug_in()
        self.power_on()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self.power_off()
        self.unplug()
        self._console.close()
        self._bench.close()

    # ---- what a person at the desk does

    def power_on(self) -> None:
        """Gives the board power."""
        with self._lock:
            if self._process is None:
                (self.folder / "rtc.bin").write_bytes(b"")
                self._start(_POWER_ON)

    def power_off(self) -> None:
        """Takes it away, in the midst of what happens."""
        with self._lock:
            self._stop()

    @property
    def powered(self) -> bool:
        """Is there power."""
        return self._process is not None

    @property
    def watched(self) -> bool:
        """Does a watchdog run."""
        return self._bites_s is not None

    def plug_in(self) -> None:
        """Plugs the cable in: its port appears."""
        with self._lock:
            ours, theirs = os.openpty()
            Console.raw(theirs)
            self.port = os.ttyname(theirs)
            self._cable = ours, theirs

    def unplug(self) -> None:
        """Unplugs it: the port goes; the board has its power from elsewhere and runs on."""
        with self._lock:
            if self._cable:
                for end in self._cable:
                    os.close(end)
                self._cable = None

    def doing(self) -> list[str]:
        """Returns what the kernel says of the chip: the call it sleeps in, or "running"."""
        process = self._process
        with contextlib.suppress(OSError):
            return Path(f"/proc/{process.pid}/syscall").read_text().split() if process else []
        return []

    def waits_for_host(self) -> bool:
        """Does the chip wait in a read of its console, or has it no power, with nothing on its way
        between it and the host. A board in the midst of a reset is waited for."""
        with self._lock:
            if self._process and self.doing()[:2] != _READS_CONSOLE:
                return False
            cable = [self._cable[0]] if self._cable else []
            return not select.select([*cable, self._console.fd, self._bench.fileno()], [], [], 0)[0]

    def let_watchdog_wait(self) -> float | None:
        """Returns the running watchdog's time in s, None where none runs, and lets that time pass
        now."""
        with self._lock:
            if self._bites_s is None:
                return None
            wait_s = self._bites_s[0]
            self._reset(_WATCHDOG)
            return wait_s

    # ---- the chip

    def _start(self, cause: int, main: bool = True) -> None:
        self._bites_s = None
        self._mounted = False
        self.resets.append(cause)
        settings = {
            "state": str(self.folder.absolute()), "bench": self._bench.getsockname()[1], "cause": cause,
            "cell": [CELL_DOUT, CELL_SCK], "clock": self._clock, "cut_in": self.cut_in,
            "record": self.record, "speed": self._speed, "erase_ms": self._erase_ms,
            "memory": self._memory,
        }
        if self.record:
            (self.folder / "operations").touch()
        chip = sources() / "boards" / "usb_chip"
        env = {"USB_CHIP": json.dumps(settings), "USB_CHIP_MAIN": str(int(main)),
               "USB_CHIP_VIRTUAL": str(chip.with_name("virtual")), "MICROPYPATH": str(chip)}
        if self._air:
            env |= {"PUMPBENCH_AIR": self._air[0], "PUMPBENCH_ADDRESS": self._air[1]}
        self._process = self._console.spawn(
            [find_micropython(), "-X", f"heapsize={HEAP}", "-i", str(chip / "boot_chip.py")], env)

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self._send(self._console.rest())
        self._bites_s = None

    def _reset(self, cause: int, main: bool = True) -> None:
        self._stop()
        self._start(cause, main)

    def _serve(self) -> None:
        while not self._ended.is_set():
            with self._lock:
                cable = [self._cable[0]] if self._cable else []
            ready, _, _ = select.select([*cable, self._console.fd, self._bench.fileno()], [], [], 0.02)
            with self._lock, contextlib.suppress(BlockingIOError):
                if cable and cable[0] in ready and self._cable and self._cable[0] == cable[0]:
                    self._from_host(os.read(cable[0], 4096))
                if self._console.fd in ready and self._process:
                    self._send(self._console.read())
                if self._bench.fileno() in ready:
                    self._told(self._bench.recv(100).decode().split())
                self._look_after()

    def _look_after(self) -> None:
        if self._bites_s and time.monotonic() >= self._bites_s[1]:
            self._reset(_WATCHDOG)
        elif self._process and self._process.poll() is not None:
            soft = self._process.returncode == 0  # Ctrl-D; the raw REPL stays raw over it
            raw = soft and self._console.in_raw_repl
            self._send(b"MPY: soft reboot\r\n" if soft else b"\r\nrst:0x10\r\n")
            self._reset(_SOFT if soft else _WATCHDOG, main=not raw)
            if raw:
                self._send(self._console.enter_raw_repl())

    def _told(self, words: list[str]) -> None:
        if words[0] == "mounted":
            self._mounted = True
        elif words[0] == "reset":
            self._reset(int(words[1]))
        elif words[0] == "watchdog":
            wait_s = int(words[1]) / 1000
            self._bites_s = (wait_s, time.monotonic() + wait_s / self._speed)
        elif words[0] == "feed" and self._bites_s:
            wait_s = self._bites_s[0]
            self._bites_s = (wait_s, time.monotonic() + wait_s / self._speed)
        elif words == ["power", "cut"]:
            self.cut_in = None
            self._stop()

    def _from_host(self, data: bytes) -> None:
        """Passes on what the host sends; a Ctrl-C while code runs interrupts it, as the UART does."""
        if self._process is None:
            return
        if b"\x03" in data and self._catches_interrupts():
            before, _, data = data.partition(b"\x03")
            self._console.write(before)
            data = data.replace(b"\x03", b"")
            if time.monotonic() - self._interrupted_s > _SECOND_INTERRUPT_S:
                self._interrupted_s = time.monotonic()
                self._process.send_signal(signal.SIGINT)
        self._console.write(data)

    def _catches_interrupts(self) -> bool:
        """Returns whether code runs, rather than the prompt waits for a line."""
        assert self._process is not None
        if not self._mounted:
            return False
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
                if line.startswith("SigCgt:"):
                    return bool(int(line.split()[1], 16) >> (signal.SIGINT - 1) & 1)
        return False

    def _send(self, data: bytes) -> None:
        """Sends to the program that has the port open; what nobody reads is lost, as on a UART."""
        while data and self._cable:
            _, room, _ = select.select([], [self._cable[0]], [], 0.2)
            if not room:
                return
            data = data[os.write(self._cable[0], data) :]


def run_on_chip(folder: Path, code: str) -> str:
    """Runs Python on the chip of a board that is off, its file system mounted; returns what it
    printed."""
    chip = sources() / "boards" / "usb_chip"
    settings = {"state": str(folder.absolute()), "bench": 9, "cause": _POWER_ON, "cell": None,
                "clock": False, "cut_in": None, "record": False, "erase_ms": 0, "speed": 1,
                "memory": _MEMORY}
    done = subprocess.run(
        [find_micropython(), "-X", f"heapsize={HEAP}", "-c", "import boot_chip\n" + code],
        env={"USB_CHIP": json.dumps(settings), "USB_CHIP_MAIN": "0",
             "USB_CHIP_VIRTUAL": str(chip.with_name("virtual")), "MICROPYPATH": str(chip)},
        capture_output=True, text=True)
    if done.returncode:
        raise BenchError(f"the chip in {folder} could not run that",
                         f"see what it said, {done.stderr or done.stdout}")
    return done.stdout


def operations(folder: Path) -> list[tuple[str, int, bytes]]:
    """Returns the flash operations noted in a board's folder: (E or P, address, what lies there
    then)."""
    data = (folder / "operations").read_bytes()
    found, at = [], 0
    while at < len(data):
        kind, address, n = struct.unpack_from("<BII", data, at)
        at += 9
        body = data[at : at + n] if kind == ord("P") else b"\xff" * n
        at += n if kind == ord("P") else 0
        found.append((chr(kind), address, body))
    return found
