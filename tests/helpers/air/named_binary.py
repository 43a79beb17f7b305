"""A program that stands in for MicroPython: notes its calls, runs the firmware, tells of its memory."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pumpbench.board.virtual_board import find_micropython

STAND_IN = """\
#!{python}
import json, os, sys
with open({calls!r}, "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
sys.argv[-1] += '''
import gc, json, os, sys
gc.collect()
told = {{"folder": os.getcwd(), "free": gc.mem_free(), "used": gc.mem_alloc(), "modules": {{}}}}
for name, module in sys.modules.items():
    told["modules"][name] = getattr(module, "__file__", "")
with open({told!r}, "a") as file:
    file.write(json.dumps(told) + chr(10))
'''
os.execv({real!r}, [{real!r}, *sys.argv[1:]])
"""


@dataclass(frozen=True)
class Told:
    """What the stand-in noted, a line of JSON for each time that it ran."""

    folder: Path

    def calls(self) -> list[list[str]]:
        """Returns the arguments of each call."""
        return [json.loads(line) for line in self._calls.read_text().splitlines()]

    def told(self) -> list[dict[str, Any]]:
        """Returns what each run told at its end: its folder, free and used heap, modules."""
        return [json.loads(line) for line in self._told.read_text().splitlines()]

    @property
    def _calls(self) -> Path:
        return self.folder / "calls.jsonl"

    @property
    def _told(self) -> Path:
        return self.folder / "told.jsonl"


@contextmanager
def named_binary(folder: Path) -> Iterator[Told]:
    """Names the stand-in by MICROPYTHON for as long as the block lasts."""
    path = folder / "another-micropython"
    path.write_text(STAND_IN.format(
        python=sys.executable, calls=str(folder / "calls.jsonl"), told=str(folder / "told.jsonl"),
        real=find_micropython()))
    path.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MICROPYTHON", str(path))
        yield Told(folder)
