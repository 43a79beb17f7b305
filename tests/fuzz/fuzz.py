"""One coverage-guided fuzzer: `fuzz.py TARGET [libFuzzer's options and corpus folders]`; fuzz_run.py
starts them all."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in (
    "host_tools", "firmware", "tests/both", "tests/host", "tests/fuzz")]

with atheris.instrument_imports(include=["pumpwire", "gateway", "pumplog"]):
    from targets import TARGETS


def main() -> None:
    """Runs the target that the first argument names."""
    target = TARGETS[sys.argv[1]]
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
