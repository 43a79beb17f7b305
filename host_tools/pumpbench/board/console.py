"""The pseudo-terminal that is the virtual chip's UART 0, with MicroPython's prompt on it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import subprocess
import termios
import time

RAW_PROMPT = b"raw REPL; CTRL-B to exit\r\n>"
_FRIENDLY = b'Type "help()" for more information.'
_PROMPT_S = 5.0


class Console:
    """`fd` becomes readable when the chip says something."""

    def __init__(self) -> None:
        self.fd, self._chip = pty.openpty()
        os.set_blocking(self.fd, False)
        self.in_raw_repl = False
        self._tail = b""

    @staticmethod
    def raw(fd: int) -> None:
        """Has a terminal pass every byte as it is."""
        settings = termios.tcgetattr(fd)
        settings[0] = settings[1] = settings[3] = 0
        settings[2] = termios.CS8 | termios.CREAD | termios.CLOCAL
        settings[6][termios.VMIN], settings[6][termios.VTIME] = 1, 0
        termios.tcsetattr(fd, termios.TCSANOW, settings)

    def spawn(self, command: list[str], env: dict[str, str]) -> subprocess.Popen[bytes]:
        """Starts the chip's program on this terminal."""
        termios.tcflush(self._chip, termios.TCIOFLUSH)
        self.raw(self._chip)
        self.in_raw_repl, self._tail = False, b""

        def terminal() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        return subprocess.Popen(command, stdin=self._chip, stdout=self._chip, stderr=self._chip, env=env,
                                cwd="/", preexec_fn=terminal)

    def read(self) -> bytes:
        """Returns what the chip said, noting which prompt it shows."""
        data = os.read(self.fd, 65536)
        text = self._tail + data
        raw, friendly = text.rfind(RAW_PROMPT[:-1]), text.rfind(_FRIENDLY)
        if raw >= 0 or friendly >= 0:
            self.in_raw_repl = raw > friendly
        self._tail = text[-64:]
        return data

    def rest(self) -> bytes:
        """Returns what the chip had said before it ended."""
        said = b""
        while select.select([self.fd], [], [], 0)[0]:
            said += os.read(self.fd, 65536)
        return said

    def enter_raw_repl(self) -> bytes:
        """Waits for the prompt of a chip that starts, and has it show the raw prompt, as a soft reset in
        the raw REPL does on the ESP32. Returns what it said of its own meanwhile and the raw prompt."""
        said = self._until(b">>> ")
        os.write(self.fd, b"\x01")
        self._until(RAW_PROMPT)
        self.in_raw_repl = True
        return said.partition(b"MicroPython ")[0] + RAW_PROMPT

    def _until(self, ending: bytes) -> bytes:
        said = b""
        end_s = time.monotonic() + _PROMPT_S
        while ending not in said and time.monotonic() < end_s:
            if select.select([self.fd], [], [], 0.1)[0]:
                said += os.read(self.fd, 65536)
        return said

    def write(self, data: bytes) -> None:
        """Types at the chip."""
        while data:
            try:
                data = data[os.write(self.fd, data) :]
            except BlockingIOError:
                time.sleep(0.001)

    def close(self) -> None:
        """Ends it."""
        os.close(self.fd)
        os.close(self._chip)
