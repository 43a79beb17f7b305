"""Keeps what a failing simulated test ran on: seed, truth, flash images, stores, and how to replay it.

A test that fails leaves in build/failures/TEST/ a copy of every bench run that it was given or that
it made (folders with truth.json or log.flash), the stores in its own folder, and replay.txt with
the one command that runs it again: every simulated test has its seed in its own text.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

_ENV = ("SCALE", "MICROPYTHON")  # what changes a test from outside


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Copies the runs of a failing test, and says where to."""
    report = yield
    if report.failed and call.when in ("setup", "call"):
        kept = _keep(item, call.start)
        if kept:
            report.sections.append(("kept for a replay", f"{kept}: see replay.txt there"))
    return report


def _keep(item: pytest.Item, since_s: float) -> Path | None:
    folders = list(_given(getattr(item, "funcargs", {}).values()))
    runs = {run for folder in folders for run in _runs_below(folder)}
    base = item.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    runs |= {run for run in _runs_below(base) if _changed_since(run, since_s)}
    if not runs:
        return None
    kept = item.config.rootpath / "build" / "failures" / re.sub(r"[^\w.-]+", "_", item.name)
    shutil.rmtree(kept, ignore_errors=True)
    for number, run in enumerate(sorted(runs), 1):
        shutil.copytree(run, kept / f"run{number}")
    for folder in folders:
        for store in folder.glob("*.db"):
            shutil.copy(store, kept / store.name)
    settings = " ".join(f"{name}={shlex.quote(os.environ[name])}" for name in _ENV if name in os.environ)
    command = f"{settings} .venv/bin/python -m pytest {shlex.quote(item.nodeid)}".strip()
    (kept / "replay.txt").write_text(command + "\n")
    return kept


def _given(values: Any) -> Iterator[Path]:
    """Yields every folder among a test's arguments, or that one of them calls its `folder`."""
    for value in values:
        if isinstance(value, (tuple, list)):
            yield from _given(value)
        value = getattr(value, "folder", value)
        if isinstance(value, Path) and value.is_dir():
            yield value


def _runs_below(folder: Path) -> set[Path]:
    found = {path.parent.parent for path in folder.rglob("log.flash")}
    return found | {path.parent for path in folder.rglob("truth.json")}


def _changed_since(run: Path, since_s: float) -> bool:
    return any(path.stat().st_mtime >= since_s for path in run.rglob("*") if path.is_file())
