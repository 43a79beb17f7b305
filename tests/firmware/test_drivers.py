"""The ESP32's drivers and the whole ESP32 board against stand-in hardware, under MicroPython: 64-bit,
and 32-bit as on the ESP32."""

import ast
import os
import struct
import subprocess
import sys

import pytest
from helpers.paths import MICROPYTHON32, ROOT, RUN, STAND_INS, TESTS, micropython_path
from pumpbench.board.virtual_board import find_micropython
from pumpwire import commands, serial_frame, uuids

DRIVERS = TESTS / "firmware" / "drivers"
MODULES = sorted(path.stem for path in DRIVERS.glob("test_*.py"))
BOARDS = ROOT / "firmware" / "boards"
PATH = micropython_path(STAND_INS / "esp32", DRIVERS, BOARDS / "esp32", BOARDS, STAND_INS / "pico",
                        ROOT / "hardware" / "pico")


def run(command: list[str], typed: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, input=typed, capture_output=True,
                          env={**os.environ, "MICROPYPATH": PATH})


def runtime(bits: int) -> list[str]:
    if bits == 32:
        return [sys.executable, str(MICROPYTHON32), "helpers.on_board.run"]
    return [find_micropython(), str(RUN)]


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("module", MODULES)
def test_under_micropython(module: str, bits: int) -> None:
    tree = ast.parse((DRIVERS / f"{module}.py").read_text())
    tests = [node.name for node in tree.body
             if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    done = run([*runtime(bits), module])
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0 and f"{len(tests)} passed, 0 failed" in said, said


def test_the_console_carries_frames_between_whatever_else_is_typed() -> None:
    request = serial_frame.wrap(uuids.INFO | serial_frame.READ_REQUEST, b"")
    typed = b"\r\nhelp()\r\n" + bytes(request) + b">>> "
    done = run([find_micropython(), str(TESTS / "helpers" / "esp32" / "console.py")], typed)
    ((channel, body),) = serial_frame.FrameReader().feed(done.stdout)
    assert channel == uuids.INFO, done.stderr.decode()
    protocol, provisioned, *_ = struct.unpack(commands.INFO_BODY, body)
    assert (protocol, provisioned) == (commands.PROTOCOL, 0)
