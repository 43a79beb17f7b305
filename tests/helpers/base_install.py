"""Makes a base install: a new virtual environment with what `pip install pumplog` brings, no extra."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from helpers.paths import ROOT

_SOURCES = ("host_tools", "firmware", "pyproject.toml", "README.md", "LICENSE")
_LEFT_BEHIND = shutil.ignore_patterns("*.egg-info", "__pycache__")


def base_install(folder: Path) -> Path:
    """Returns the environment's folder, made below `folder` from a wheel of this checkout."""
    copy = folder / "source"
    copy.mkdir()
    for name in _SOURCES:  # a copy: what an earlier build left in the checkout is not to come along
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=_LEFT_BEHIND)
        else:
            shutil.copy(source, copy / name)
    _run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
          "--wheel-dir", str(folder), str(copy)])
    wheel = next(folder.glob("pumplog-*.whl"))
    _run([sys.executable, "-m", "venv", str(folder / "env")])
    pip = folder / "env" / "bin" / "pip"
    _run([str(pip), "install", "--quiet", "--only-binary", ":all:", str(wheel)])
    return folder / "env"


def megabytes(folder: Path) -> float:
    """Returns what the files below a folder take, in 10^6 bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*")
               if path.is_file() and not path.is_symlink()) / 1e6


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
