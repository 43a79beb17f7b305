"""The virtual board on its cable, and the time that a bad cable lets pass beside it."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from helpers.cable.bad_line import BadLine
from helpers.cable.desk import SPEED
from pumpbench.board.console import Console
from pumpbench.board.usb_board import UsbBoard, fresh_flash

_LONG_S = 3600.0
_LOOKS_S = 0.5  # real: some ten times what finds a board waiting


def test_no_time_passes_at_once_while_a_busy_computer_starts_the_chip_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A deploy that listened would else have waited its whole two minutes in no time, for a board that
    had not begun to start."""
    spawn, may_start = Console.spawn, threading.Event()

    def held_up(self: Console, *arguments: Any) -> subprocess.Popen[bytes]:
        may_start.wait()
        return spawn(self, *arguments)

    with UsbBoard(tmp_path, fresh_flash(), speed=SPEED) as board, BadLine(board, 1).in_place() as line:
        line.open()
        line.wait(_LONG_S)  # it waits at its prompt: that passes at once
        monkeypatch.setattr(Console, "spawn", held_up)
        line.write(b"import machine; machine.reset()\r")
        listener = threading.Thread(target=line.wait, args=(_LONG_S,))
        listener.start()
        listener.join(_LOOKS_S)
        listens = listener.is_alive()
        may_start.set()
        listener.join()
    assert listens and len(board.resets) == 2
