"""The wires between the bench and the virtual chip, which two processes read and write at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pumpbench.board.wires import Wires

MOTOR, EDGES = 34, 100_000
#: reads the rises of a pin as the chip does, four bytes at a time, and prints each that is less than
#: the reading before it
_CHIP = """
import os, sys
file, at, last = os.open(sys.argv[1], os.O_RDONLY), int(sys.argv[2]), 0
print("reads", flush=True)
while last < int(sys.argv[3]):
    now = int.from_bytes(os.pread(file, 4, at), "little")
    if now < last:
        print(last, now)
    last = now
"""


def test_the_chip_never_reads_a_count_that_is_half_written(tmp_path: Path) -> None:
    """A count that went back would be a whole turn of the pulse counter, 32000 counts too many."""
    path = tmp_path / "wires.bin"
    wires = Wires(path)
    with subprocess.Popen(
        [sys.executable, "-c", _CHIP, str(path), str(12 * MOTOR + 4), str(EDGES)],
        stdout=subprocess.PIPE, text=True) as chip:
        assert chip.stdout is not None
        assert chip.stdout.readline() == "reads\n"
        for _ in range(EDGES):
            wires.drive(MOTOR, 1)
            wires.drive(MOTOR, 0)
        assert chip.stdout.read() == ""


def test_the_wires_keep_levels_edges_and_the_weight(tmp_path: Path) -> None:
    path = tmp_path / "wires.bin"
    wires = Wires(path)
    wires.drive(MOTOR, 1)
    wires.drive(MOTOR, 1)
    wires.drive(MOTOR, 0)
    wires.pulse(MOTOR, 5)
    wires.weigh(-70_000)
    assert wires.level(MOTOR) == 0
    data = path.read_bytes()
    fields = [int.from_bytes(data[12 * MOTOR + at:][:4], "little") for at in (0, 4, 8)]
    assert fields == [0, 6, 6]
    assert int.from_bytes(data[480:484], "little", signed=True) == -70_000
