"""The bench rig's firmware under MicroPython, its PIO programs in the emulator of tests/pico.

The same modules run under CPython where they stand; test_cell, 200,000 instructions, only there: under
MicroPython tests/drivers/test_rig_cell.py has the ESP32's driver read the same program.
"""

import ast
import os
import subprocess
from pathlib import Path

import pytest
from pumpbench.board.virtual_board import find_micropython

ROOT = Path(__file__).resolve().parents[1]
PICO = ROOT / "tests" / "pico"
MODULES = sorted(path.stem for path in PICO.glob("test_*.py") if path.stem != "test_cell")


@pytest.mark.parametrize("module", MODULES)
def test_under_micropython(module: str) -> None:
    path = f"{PICO}:{ROOT / 'hardware' / 'bench'}"
    done = subprocess.run([find_micropython(), str(ROOT / "tests" / "both" / "run.py"), module],
                          capture_output=True, env={**os.environ, "MICROPYPATH": path})
    tree = ast.parse((PICO / f"{module}.py").read_text())
    tests = [node.name for node in tree.body
             if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0 and f"{len(tests)} passed, 0 failed" in said, said
