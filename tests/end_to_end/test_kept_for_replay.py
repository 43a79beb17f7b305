"""A failing simulated test leaves what it ran on, and one command that runs it again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from helpers.paths import ROOT

FAILS = '''\
import json, sqlite3
from pathlib import Path
import pytest

def run(folder):
    (folder / "B01").mkdir(parents=True)
    (folder / "B01" / "log.flash").write_bytes(b"PL")
    (folder / "truth.json").write_text(json.dumps({"seed": 7}))
    (folder / "B01" / "endless").symlink_to("/dev/full")
    (folder / "endless.db").symlink_to("/dev/full")
    return folder

@pytest.fixture(scope="module")
def ward(tmp_path_factory):
    return run(tmp_path_factory.mktemp("ward") / "run")

@pytest.fixture
def broken(tmp_path):
    (tmp_path / "half" / "B02").mkdir(parents=True)
    (tmp_path / "half" / "B02" / "log.flash").write_bytes(b"half a run")
    raise RuntimeError("the firmware stopped")

def test_passes(ward): assert ward

@pytest.mark.parametrize("kind", ["kill"])
def test_fails(ward, tmp_path, kind):
    sqlite3.connect(tmp_path / "nurse.db").execute("CREATE TABLE t (a)")
    assert False

def test_its_run_fails(broken): assert False

def test_fails_without_a_run(): assert False
'''

BESIDE = FAILS.partition("@pytest.fixture\n")[0] + '''
NEIGHBOUR = []

@pytest.fixture(scope="module")
def neighbour(tmp_path_factory):
    NEIGHBOUR.append(run(tmp_path_factory.mktemp("neighbour") / "run"))
    return NEIGHBOUR[0]

@pytest.fixture(scope="module")
def name(tmp_path_factory):
    run(tmp_path_factory.mktemp("own") / "run")
    return "what it made stands in no argument"

def test_has_boards_that_write_on(neighbour): assert neighbour

def test_is_the_first_with_a_fixture(name): assert name

def test_fails_beside_them(name, tmp_path_factory):
    (NEIGHBOUR[0] / "B01" / "log.flash").write_bytes(b"another's")
    run(tmp_path_factory.mktemp("made") / "run")
    assert False
'''


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--rootdir={folder}",
         f"--basetemp={folder / 'tmp'}", *arguments],
        capture_output=True, text=True, cwd=folder, env={**os.environ, "SCALE": "full"})


def test_a_failing_test_keeps_seed_truth_images_store_and_its_command(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (tmp_path / "test_tiny.py").write_text(FAILS)
    done = run_pytest(tmp_path, "test_tiny.py")
    assert "2 failed, 1 passed, 1 error" in done.stdout, done.stdout
    failures = tmp_path / "build" / "failures"
    assert {path.name for path in failures.iterdir()} == {"test_fails_kill_", "test_its_run_fails"}
    kept = failures / "test_fails_kill_"
    assert f"{kept}: see replay.txt there" in done.stdout
    assert json.loads((kept / "run1" / "truth.json").read_text()) == {"seed": 7}
    assert (kept / "run1" / "B01" / "log.flash").read_bytes() == b"PL"
    assert (kept / "nurse.db").exists()
    assert not list(kept.rglob("endless*"))  # ways to a file without an end
    command = (kept / "replay.txt").read_text()
    assert command.startswith("SCALE=full ") and "\n" not in command.rstrip("\n")
    assert "'test_tiny.py::test_fails[kill]'" in command
    half = failures / "test_its_run_fails" / "run1" / "B02" / "log.flash"
    assert half.read_bytes() == b"half a run"


def test_the_kept_command_replays_that_test_alone(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (tmp_path / "test_tiny.py").write_text(FAILS)
    run_pytest(tmp_path, "test_tiny.py")
    command = (tmp_path / "build" / "failures" / "test_its_run_fails" / "replay.txt").read_text()
    command = command.replace(".venv/bin/python", sys.executable)
    again = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert "1 error" in again.stdout and "failed" not in again.stdout.splitlines()[-1], again.stdout


def test_another_test_s_folders_are_left_alone_and_its_own_are_all_there(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (tmp_path / "test_tiny.py").write_text(BESIDE)
    done = run_pytest(tmp_path, "test_tiny.py")
    assert "1 failed, 2 passed" in done.stdout, done.stdout
    kept = tmp_path / "build" / "failures" / "test_fails_beside_them"
    images = [path.read_bytes() for path in sorted(kept.glob("run*/B01/log.flash"))]
    assert images == [b"PL", b"PL"]
