"""Where things lie in this checkout."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
VECTORS = TESTS / "vectors"
ON_BOARD = TESTS / "helpers" / "on_board"
RUN = ON_BOARD / "run.py"  # runs test modules under MicroPython, without pytest
MICROPYTHON32 = TESTS / "helpers" / "micropython32.py"
STAND_INS = TESTS / "helpers" / "stand_ins"

PRODUCT = f"{ROOT / 'host_tools'}:{ROOT / 'firmware'}"  # a PYTHONPATH: this checkout's, installed or not


def micropython_path(*folders: Path) -> str:
    """Returns a MICROPYPATH: these folders, the firmware, and the helpers as `helpers.on_board` ..."""
    return ":".join(map(str, (*folders, ROOT / "firmware", TESTS)))
