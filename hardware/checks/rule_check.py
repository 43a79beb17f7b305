"""SKiDL's electrical rule check, and its findings as plain sentences."""

from __future__ import annotations

import re
from pathlib import Path

from skidl import ERC

_FINDING = re.compile(r"ERC (ERROR|WARNING): (.*)")


def check(folder: Path) -> list[str]:
    """Runs the check on what is drawn; returns errors and warnings. folder: the working directory."""
    ERC()
    reports = list(folder.glob("*.erc"))
    if len(reports) != 1:
        raise RuntimeError(f"one report of the rule check was expected in {folder}, not {len(reports)}")
    text = reports[0].read_text(encoding="utf-8")
    return [f"electrical rule {kind.lower()}: {' '.join(said.split())}"
            for kind, said in _FINDING.findall(text)]
