"""Runs tests/benchmarks/memory_stages.py: all that takes a board's memory, on the model of it."""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.log_size import logged, read_days
from pumpbench.board.virtual_board import find_micropython
from pumpwire import decoding, page, receiving, records

from helpers.paths import ROOT, STAND_INS, TESTS

PAGE_BYTES = 4096
# What objects take on a 32-bit MicroPython, in per cent of a 64-bit one. Measured with this very run on
# the newest commit, 1c3c201, whose unix port was built for x86-64 and with -m32: docs/EVIDENCE.md.
SHARE_32 = 69


@dataclass(frozen=True)
class Stage:
    """What the board needed at most of Python's heap, and left to the system at least, in bytes."""

    name: str
    heap: int
    left: int


@dataclass(frozen=True)
class Run:
    """A run to its end. unheard: hosts that could not connect; packets: of the log, that came;
    minutes: records that the log has more; told: the MEMORY records' fields; own: bytes of the 64-bit
    heap that were the stand-ins'."""

    stages: tuple[Stage, ...]
    unheard: int
    packets: int
    minutes: int
    told: tuple[dict[str, int], ...]
    own: int


@cache
def thirty_days() -> bytes:
    """Returns the flash of a log of thirty days, in a ring with room for more."""
    return bytes(logged(read_days()).flash.cells) + b"\xff" * (4 * PAGE_BYTES)


def run(built: Path, psram: bool, share: int = 100, heap: int = 1 << 20) -> Run:
    """Returns what came of it. share: of an ESP32's memory, per cent; heap: MicroPython's, bytes."""
    with tempfile.TemporaryDirectory() as name:
        flash = Path(name) / "flash"
        flash.write_bytes(thirty_days())
        arguments = [str(flash), receiving.report_from(0).hex(), str(share), str(SHARE_32),
                 *["psram"] * psram]
        done = subprocess.run(
            [find_micropython(), "-X", f"heapsize={heap}",
             str(TESTS / "benchmarks" / "memory_stages.py"), *arguments],
            cwd=built, capture_output=True, text=True, stdin=subprocess.DEVNULL,
            # From its own folder: every file's path lies on the heap, and a board's are short.
            env={"MICROPYPATH": f".:{STAND_INS / 'esp32'}:{TESTS}:{TESTS / 'benchmarks'}:"
                                f"{ROOT / 'firmware' / 'boards' / 'virtual'}"})
        assert done.returncode == 0, done.stdout + done.stderr
        found = _records(flash.read_bytes())
    before = _records(thirty_days())
    told = re.findall(r"^stage (.+) (\d+) (\d+)$", done.stdout, re.M)
    return Run(tuple(Stage(name, int(heap), int(left)) for name, heap, left in told),
               done.stdout.count("not heard"), int(_said(done.stdout, "packets")),
               len(_of(found, records.MINUTE)) - len(_of(before, records.MINUTE)),
               tuple(_of(found, records.MEMORY)), int(_said(done.stdout, "own")))


def _said(text: str, what: str) -> str:
    told = re.search(rf"^{what} (\d+)$", text, re.M)
    assert told, text
    return told[1]


def _of(found: list[decoding.Record], kind: int) -> list[dict[str, int]]:
    return [record.fields for record in found if record.kind == kind]


def _records(cells: bytes) -> list[decoding.Record]:
    found: list[decoding.Record] = []
    for at in range(0, len(cells), PAGE_BYTES):
        data = cells[at : at + PAGE_BYTES]
        if data[8 : page.HEADER_BYTES].strip(b"\xff"):
            found += decoding.decode_page(data)[1]
    return sorted(found, key=lambda record: record.seq)
