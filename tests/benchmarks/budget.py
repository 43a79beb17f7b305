"""What the deployed firmware costs a board, against a budget: `make firmware` prints it and fails beyond
it.

Python's heap is counted as on a 32-bit chip (memory_stages.py), and the radio's share by the model of
the memory out of which both come. Instructions are those of the 32-bit build's WebAssembly. No clock has
a part in any of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "firmware"), str(ROOT / "tests")]

from helpers.esp32 import memory_run  # noqa: E402
from helpers.paths import MICROPYTHON32  # noqa: E402
from pumplog.deploy import firmware_build  # noqa: E402
from pumplog.deploy.image import PARTITIONS  # noqa: E402

_BLOCK_BYTES = 4096
# Of PSRAM at 40 MHz on four wires: 78 clocks for 32 bytes (2 command, 6 address, 6 to wait, 64 data).
_LINE_BYTES, _LINE_US = 32, 2
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
    inside, outside = (memory_run.run(built, psram=psram) for psram in (False, True))
    heap = max(stage.heap for stage in outside.stages)
    return [
        Cost("deployed files", sum(sizes), 84_000, True, "bytes"),
        Cost("two firmwares on the file system, in its blocks", 2 * blocks * _BLOCK_BYTES,
             PARTITIONS["vfs"][1] - (64 << 10), True, "bytes"),
        Cost("Python's heap: boot, three links, pairing, pull", heap, 126_000, True, "bytes"),
        Cost("memory left to the system then, with PSRAM", _left(outside), 61_440, False, "bytes"),
        Cost("the same without: below 16384 it takes no link", _left(inside), 0, False, "bytes"),
        Cost("a tick with all of the heap to fetch from PSRAM", heap // _LINE_BYTES * _LINE_US, 10_000,
             True, "us, estimated"),
        Cost("import of the gateway", import_instructions(built), 38_000_000, True, "instructions"),
    ]


def _left(run: memory_run.Run) -> int:
    return min(stage.left for stage in run.stages)


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
