"""The ESP32's drivers and the whole ESP32 board, under MicroPython against stand-in hardware."""

import os
import struct
import subprocess
from pathlib import Path

import pytest
from pumpbench.virtual_board import find_micropython
from pumpwire import commands, serial_frame, uuids

ROOT = Path(__file__).resolve().parents[1]
BOTH = ROOT / "tests" / "both"
DRIVERS = ROOT / "tests" / "drivers"
MODULES = sorted(path.stem for path in DRIVERS.glob("test_*.py"))
PATH = ":".join(map(str, (
    ROOT / "tests" / "stand_ins", DRIVERS, BOTH, ROOT / "firmware" / "boards" / "esp32",
    ROOT / "firmware" / "boards", ROOT / "firmware",
)))


def run(script: Path, *arguments: str, typed: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([find_micropython(), str(script), *arguments], input=typed,
                          capture_output=True, env={**os.environ, "MICROPYPATH": PATH})


@pytest.mark.parametrize("module", MODULES)
def test_under_the_unix_port(module: str) -> None:
    done = run(BOTH / "run.py", module)
    assert done.returncode == 0 and b", 0 failed" in done.stdout, (done.stdout + done.stderr).decode()


def test_the_console_carries_frames_between_whatever_else_is_typed() -> None:
    request = serial_frame.wrap(uuids.INFO | serial_frame.READ_REQUEST, b"")
    done = run(DRIVERS / "console.py", typed=b"\r\nhelp()\r\n" + bytes(request) + b">>> ")
    ((channel, body),) = serial_frame.FrameReader().feed(done.stdout)
    assert channel == uuids.INFO, done.stderr.decode()
    protocol, provisioned, *_ = struct.unpack(commands.INFO_BODY, body)
    assert (protocol, provisioned) == (commands.PROTOCOL, 0)
