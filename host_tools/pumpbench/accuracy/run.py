"""Runs the planned windows, two or more side by side, and keeps what each showed."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..runs.monte_carlo import map_windows
from .judge import judge
from .plan import Planned


def run(planned: Sequence[Planned], out: Path, jobs: int | None = None) -> list[dict[str, Any]]:
    """Returns each window's findings, also written to out/windows.jsonl, a line a window."""
    out.mkdir(parents=True, exist_ok=True)
    found = []
    with tempfile.TemporaryDirectory(dir=out) as scratch, (out / "windows.jsonl").open("w") as file:
        specs = [one.spec for one in planned]
        results = map_windows(judge, specs, Path(scratch), jobs)
        for one, findings in zip(planned, results, strict=True):
            found.append({"group": one.group, **findings})
            file.write(json.dumps(found[-1]) + "\n")
            file.flush()
    return found
