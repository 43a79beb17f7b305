"""What the deployed firmware costs a board, against a budget: `make firmware` prints it and fails beyond
it.

The heap is that of MicroPython's 64-bit unix port, where pointers and objects are twice as large as on
the ESP32: so 200 kB here stand for the largest free piece of an ESP32 that just booted, 100 kB of its
160 kB, and the firmware with its radio must fit into that piece alone. The chip's own modules, C on the
ESP32, come on top. Instructions are those of the 32-bit build's WebAssembly. No clock has a part in any
of it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pumpbench.board.usb_board import UsbBoard, fresh_flash
from pumpbench.board.virtual_board import find_micropython
from pumplog.deploy import firmware_build
from pumplog.deploy.image import PARTITIONS

MICROPYTHON32 = Path(__file__).resolve().parents[1] / "helpers" / "micropython32.py"
PIECE_BYTES = 200 << 10
_CHIP_BYTES = 28 << 10  # at least what the chip's own modules take
_BLOCK_BYTES = 4096
_GC_BLOCK_BYTES = 32
_FOLDERS = 5  # a firmware's own and those in it: two blocks each


@dataclass(frozen=True)
class Cost:
    """One figure; most: whether `limit` is the most or the least that it may be."""

    name: str
    value: int
    limit: int
    most: bool
    unit: str

    def kept(self) -> bool:
        """Returns whether it is within the budget."""
        return self.value <= self.limit if self.most else self.value >= self.limit


def measure(built: Path) -> list[Cost]:
    """Returns what a built firmware for the ESP32 costs."""
    sizes = [path.stat().st_size for path in built.rglob("*") if path.is_file()]
    blocks = sum(-(-size // _BLOCK_BYTES) for size in sizes) + _FOLDERS * 2
    free, largest = heap_after_boot(built)
    return [
        Cost("deployed files", sum(sizes), 96_000, True, "bytes"),
        Cost("two firmwares on the file system, in its blocks", 2 * blocks * _BLOCK_BYTES,
             PARTITIONS["vfs"][1] - (64 << 10), True, "bytes"),
        Cost("heap free after boot with radio", free, 28_000, False, "bytes"),
        Cost("largest free piece of it", largest, 12_000, False, "bytes"),
        Cost("import of the gateway", import_instructions(built), 55_000_000, True, "instructions"),
    ]


def heap_after_boot(built: Path) -> tuple[int, int]:
    """Returns (free, largest free piece) after ten seconds, in PIECE_BYTES of heap beside the chip's."""
    chip = firmware_build.sources() / "boards" / "usb_chip"
    with tempfile.TemporaryDirectory() as name:
        state = UsbBoard(Path(name), fresh_flash()).folder
        (state / "rtc.bin").touch()
        settings = {"state": name, "bench": 9, "cause": 1, "cell": [35, 25], "clock": True,
                    "cut_in": None, "record": False, "erase_ms": 0, "speed": 20}
        done = subprocess.run(
            [find_micropython(), "-X", f"heapsize={PIECE_BYTES + _CHIP_BYTES}", "-c", "import"
                                                                                      " boot_heap"],
            cwd=built, capture_output=True, text=True, stdin=subprocess.DEVNULL,
            env={"USB_CHIP": json.dumps(settings),
                 "MICROPYPATH": f".:{chip}:{Path(__file__).parent}"})
    told = re.search(r"^heap (\d+) (\d+)$.*max free sz: (\d+)", done.stdout, re.S | re.M)
    if told is None:
        raise SystemExit(f"the firmware does not boot in {PIECE_BYTES} bytes of heap:"
                         f" {done.stdout}{done.stderr}")
    taken, free, piece = map(int, told.groups())
    return free + taken - _CHIP_BYTES, piece * _GC_BLOCK_BYTES


def import_instructions(built: Path) -> int:
    """Returns how many instructions importing the gateway takes, under the 32-bit MicroPython."""
    done = subprocess.run(
        [sys.executable, str(MICROPYTHON32), "--counting", "import_cost"],
        capture_output=True, text=True, check=True,
        env={**os.environ, "MICROPYPATH": f"{built.resolve()}:{Path(__file__).parent}"})
    return int(done.stdout)


def table(costs: list[Cost]) -> str:
    """Returns the figures, one a line."""
    return "\n".join(f"{cost.name:50}{cost.value:>12} {cost.unit:13} at"
                     f" {'most' if cost.most else 'least'}"
                     f" {cost.limit}{'' if cost.kept() else '  BEYOND'}" for cost in costs)


def main(root: Path) -> int:
    """Builds below `root`, prints the figures; returns 1 if one is beyond the budget."""
    costs = measure(firmware_build.build(root, "esp32"))
    print(table(costs))
    beyond = [cost.name for cost in costs if not cost.kept()]
    if beyond:
        print(f"firmware: beyond its budget: {', '.join(beyond)}; make it smaller, or say in budget.py"
              " why not.", file=sys.stderr)
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
