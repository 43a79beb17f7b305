"""What the guides show: pictures, each marked with what it was drawn from, and the parts list."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

_HARDWARE = Path(__file__).parents[1]
_FOLDER = _HARDWARE / "pictures"
_HARNESS = Path(__file__).with_name("harness.yml")
_RENEW = "build/hardware/venv/bin/python hardware/build.py --publish"
_PEN = Path(__file__).with_name("sheets.py")


def _pictures(out: Path) -> dict[Path, Path]:
    """Returns for each drawn picture what it was drawn from."""
    sheets = {path.with_suffix(".svg"): path for path in sorted((out / "sheets").glob("*.json"))}
    return {**sheets, out / "harness" / "harness.svg": _HARNESS}


def _mark(source: Path) -> str:
    """Returns the line that says what was drawn, and for a sheet by which code."""
    drawn = source.read_bytes() + (b"" if source == _HARNESS else _PEN.read_bytes())
    return f"<!-- drawn from {hashlib.sha256(drawn).hexdigest()[:16]} -->"


def publish(out: Path) -> tuple[list[str], str]:
    """Copies parts list and pictures; returns no fault, and how many."""
    shutil.copy(out / "bom.csv", _HARDWARE / "bom.csv")
    _FOLDER.mkdir(exist_ok=True)
    for picture, source in _pictures(out).items():
        text = picture.read_text(encoding="utf-8").rstrip()
        (_FOLDER / picture.name).write_text(f"{text}\n{_mark(source)}\n", encoding="utf-8")
    return [], f"{len(_pictures(out))} in pictures/"


def check(out: Path) -> tuple[list[str], str]:
    """Returns which of them belong to an older circuit."""
    found = []
    kept = _HARDWARE / "bom.csv"
    if not kept.exists() or kept.read_bytes() != (out / "bom.csv").read_bytes():
        found.append(f"hardware/bom.csv lists an older circuit: {_RENEW}")
    for picture, source in _pictures(out).items():
        kept = _FOLDER / picture.name
        if not kept.exists() or _mark(source) not in kept.read_text(encoding="utf-8"):
            found.append(f"hardware/pictures/{picture.name} shows an older circuit or drawing: {_RENEW}")
    return found, f"bom.csv and {len(_pictures(out))} pictures are of this circuit"
