"""Runs the planned windows, two or more side by side, and keeps what each showed."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..runs import map_windows
from .judge import judge
from .plan import Planned


def run(planned: Sequence[Planned], out: Path, jobs: int | None = None) -> list[dict[str, Any]]:
    """Returns what each window showed, also written to out/windows.jsonl, a line a window."""
    out.mkdir(parents=True, exist_ok=True)
    found = []
    with tempfile.TemporaryDirectory(dir=out) as scratch, (out / "windows.jsonl").open("w") as file:
        specs = [window.spec for window in planned]
        results = map_windows(judge, specs, Path(scratch), jobs)
        for window, judged in zip(planned, results, strict=True):
            found.append({"group": window.group, **judged})
            file.write(json.dumps(found[-1]) + "\n")
            file.flush()
    return found
