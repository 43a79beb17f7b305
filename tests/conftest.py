"""Keeps what a failing simulated test ran on: seed, truth, flash images, stores, and how to replay it.

A test that fails leaves in build/failures/TEST/ a copy of every bench run that it was given or that
it made (folders with truth.json or log.flash), the stores in its own folder, and replay.txt with
the one command that runs it again: every simulated test has its seed in its own text.

Its folders are those among its arguments, those that its fixtures made, whichever test they were first
made for, and those that were made while it ran. What other tests' boards write meanwhile is not its own.
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
from hypothesis import HealthCheck, settings

# a busy machine is no fault of what is tested
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

_ENV = ("SCALE", "MICROPYTHON")  # what changes a test from outside
_MOST_BYTES = 64 << 20  # of a file that is kept: a board's flash has 4 MB
_MADE = pytest.StashKey[list[Path]]()  # temporary folders, in the order in which they were made
_OF_FIXTURE = pytest.StashKey[dict[object, list[Path]]]()  # those that each fixture made
_BEFORE = pytest.StashKey[int]()  # how many there were as a test began


def pytest_sessionstart(session: pytest.Session) -> None:
    """Notes every temporary folder that is made from here on."""
    config = session.config
    made = config.stash[_MADE] = []
    config.stash[_OF_FIXTURE] = {}
    factory = config._tmp_path_factory  # type: ignore[attr-defined]
    make = factory.mktemp

    def mktemp(*arguments: Any, **named: Any) -> Path:
        made.append(make(*arguments, **named))
        return made[-1]

    factory.mktemp = mktemp


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, Any, Any]:
    """Notes which folders a fixture made."""
    made = request.config.stash[_MADE]
    before = len(made)
    try:
        return (yield)
    finally:
        request.config.stash[_OF_FIXTURE][fixturedef] = made[before:]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Notes how many folders there were before a test."""
    item.stash[_BEFORE] = len(item.config.stash[_MADE])
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Copies the runs of a failing test, and says where to."""
    report = yield
    if report.failed and call.when in ("setup", "call"):
        kept = _keep(item)
        if kept:
            report.sections.append(("kept for a replay", f"{kept}: see replay.txt there"))
    return report


def _keep(item: pytest.Item) -> Path | None:
    folders = list(dict.fromkeys([*_given(getattr(item, "funcargs", {}).values()), *_made_for(item)]))
    runs = {run for folder in folders for run in _runs_below(folder)}
    if not runs:
        return None
    kept = item.config.rootpath / "build" / "failures" / re.sub(r"[^\w.-]+", "_", item.name)
    shutil.rmtree(kept, ignore_errors=True)
    for number, run in enumerate(sorted(runs), 1):
        shutil.copytree(run, kept / f"run{number}", ignore=_not_kept)
    for folder in folders:
        for store in folder.glob("*.db"):
            if _is_kept(store):
                shutil.copy(store, kept / store.name)
    settings = " ".join(f"{name}={shlex.quote(os.environ[name])}" for name in _ENV if name in os.environ)
    command = f"{settings} .venv/bin/python -m pytest {shlex.quote(item.nodeid)}".strip()
    (kept / "replay.txt").write_text(command + "\n")
    return kept


def _not_kept(folder: str, names: list[str]) -> list[str]:
    """Returns what of a folder is not copied."""
    return [name for name in names if not _is_kept(Path(folder, name))]


def _is_kept(path: Path) -> bool:
    """Returns whether something is a folder or a file of a bounded size, not a way to a device."""
    return not path.is_symlink() and (
        path.is_dir() or path.is_file() and path.stat().st_size <= _MOST_BYTES)


def _given(values: Any) -> Iterator[Path]:
    """Yields every folder among a test's arguments, or that one of them calls its `folder`."""
    for value in values:
        if isinstance(value, (tuple, list)):
            yield from _given(value)
        value = getattr(value, "folder", value)
        if isinstance(value, Path) and value.is_dir():
            yield value


def _made_for(item: pytest.Item) -> Iterator[Path]:
    """Yields the folders that a test's fixtures made, and those made while it ran."""
    known = getattr(item, "_fixtureinfo").name2fixturedefs  # noqa: B009
    for fixtures in known.values():
        for fixture in fixtures:
            yield from item.config.stash[_OF_FIXTURE].get(fixture, [])
    yield from item.config.stash[_MADE][item.stash[_BEFORE]:]


def _runs_below(folder: Path) -> set[Path]:
    found = {path.parent.parent for path in folder.rglob("log.flash")}
    return found | {path.parent for path in folder.rglob("truth.json")}
