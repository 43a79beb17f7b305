"""The rig's firmware under MicroPython, its PIO programs in helpers/stand_ins/pico.

The same modules run under CPython where they stand; test_cell, 200,000 instructions, only there: under
MicroPython tests/firmware/drivers/test_rig_cell.py has the ESP32's driver read the same program.
"""

import ast
import os
import subprocess

import pytest
from helpers.paths import ROOT, RUN, STAND_INS, TESTS, micropython_path
from pumpbench.board.virtual_board import find_micropython

PICO = TESTS / "firmware" / "pico"
MODULES = sorted(path.stem for path in PICO.glob("test_*.py") if path.stem != "test_cell")


@pytest.mark.parametrize("module", MODULES)
def test_under_micropython(module: str) -> None:
    path = micropython_path(PICO, STAND_INS / "pico", ROOT / "hardware" / "pico")
    done = subprocess.run([find_micropython(), str(RUN), module],
                          capture_output=True, env={**os.environ, "MICROPYPATH": path})
    tree = ast.parse((PICO / f"{module}.py").read_text())
    tests = [node.name for node in tree.body
             if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0 and f"{len(tests)} passed, 0 failed" in said, said
