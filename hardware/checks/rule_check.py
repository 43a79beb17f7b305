"""SKiDL's electrical rule check, and its findings as plain sentences."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from skidl import ERC

_FINDING = re.compile(r"ERC (ERROR|WARNING): (.*)")


def check(folder: Path) -> list[str]:
    """Runs the check on what is drawn; returns errors and warnings. folder: the working directory."""
    ERC()
    report = folder / f"{Path(sys.argv[0]).stem}.erc"  # SKiDL names it after the program
    text = report.read_text(encoding="utf-8")
    return [f"electrical rule {kind.lower()}: {' '.join(said.split())}"
            for kind, said in _FINDING.findall(text)]
