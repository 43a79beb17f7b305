#!/usr/bin/env python3
"""One coverage-guided fuzzer: `fuzz.py TARGET [libFuzzer's options and corpus folders]`; fuzz_run.py
starts them all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("host_tools", "firmware", "tests")]

with atheris.instrument_imports(include=["pumpwire", "gateway", "pumplog"]):
    from helpers.fuzz.targets import TARGETS


def main() -> None:
    """Runs the target that the first argument names; where libFuzzer starts this file again itself, as
    it does to merge, it passes on only its own options."""
    options = sys.argv[1:]
    if options and options[0] in TARGETS:
        os.environ["FUZZ_TARGET"] = options.pop(0)
        os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    atheris.Setup([sys.argv[0], *options], TARGETS[os.environ["FUZZ_TARGET"]])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
