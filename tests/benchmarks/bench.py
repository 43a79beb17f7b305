"""Prints what the log takes, what a tick of the gateway costs, how much of a radio link a pull makes
use of, and how quickly pumplog starts (`make bench`); fails if a goal is missed.

Instructions of the 32-bit MicroPython's WebAssembly over one simulated hour at 1 mL/h and 1 uL a
count; no clock has a part in it. Two ratios of one run compare; the numbers alone say little.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("firmware", "tests")]

from benchmarks import callgrind, figures, link_bench, log_bench, start_up  # noqa: E402


def main() -> int:
    """Prints the tables; returns 1 if a goal was missed."""
    missed = log_bench.tell()
    print()
    missed += link_bench.tell()
    print()
    missed += _tell_ticks()
    print()
    missed += start_up.tell()
    print()
    _tell_instructions()
    if missed:
        print(f"goals missed: {'; '.join(missed)}: see above.", file=sys.stderr)
    return 1 if missed else 0


def _tell_ticks() -> list[str]:
    found = figures.measure()
    empty = found.rows[0].cost
    print(f"{'tick':42}{'in the hour':>12}{'instructions':>14}{'of empty':>10}")
    for row in found.rows:
        print(f"{row.name:42}{row.count:12}{row.cost:14.0f}{row.cost / empty:10.1f}")
    print(f"\n{'goal':64}{'ratio':>8}{'at most':>9}")
    for goal in found.goals:
        print(f"{goal.name:64}{goal.ratio:8.3g}{goal.most:9.3g}  {'met' if goal.met() else 'NOT met'}")
    print("\nfor information, no goal:")
    for told in found.beside:
        print(f"{told.name:64}{told.ratio:8.3g}{told.most:9.3g}  {'within' if told.met() else 'above'}")
    return [goal.name for goal in found.goals if not goal.met()]


def _tell_instructions() -> None:
    if not callgrind.available():
        print("machine instructions: no valgrind here, skipped")
        return
    own, empty, firmware, draft, thrifty = map(
        callgrind.mean_tick, ("none", "empty", "firmware", "draft", "plain"))
    print("machine instructions of an average tick (64-bit unix port, collector included):")
    print(f"empty {empty - own:.0f}, firmware {firmware - own:.0f}, first draft {draft - own:.0f},"
          f" thrifty plain {thrifty - own:.0f}; firmware {(firmware - own) / (empty - own):.1f} times"
          f" empty, {(firmware - own) / (draft - own):.3f} of the first draft,"
          f" {(firmware - own) / (thrifty - own):.3f} of the thrifty plain tick")


if __name__ == "__main__":
    sys.exit(main())
