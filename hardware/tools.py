"""Where the installed tools and libraries are; says what is missing and how to get it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

SYMBOLS = Path(os.environ.get("KICAD_SYMBOLS", "/usr/share/kicad/symbols"))
FOOTPRINTS = Path(os.environ.get("KICAD_FOOTPRINTS", "/usr/share/kicad/footprints"))
OWN = Path(__file__).with_name("library")  # symbol and footprint of the module, which KiCad 6 lacks
OUT = Path(__file__).resolve().parents[1] / "build" / "hardware"
WORK = OUT / "work"
NETLISTSVG = OUT / "node" / "node_modules" / "netlistsvg"


def missing(pictures: bool) -> list[str]:
    """Returns what is not installed, one sentence each."""
    paths = [SYMBOLS, FOOTPRINTS, *([NETLISTSVG] if pictures else [])]
    programs = ["ngspice", *(["node", "dot"] if pictures else [])]
    return ([f"{path} is not there" for path in paths if not path.exists()]
            + [f"{name} is not installed" for name in programs if not shutil.which(name)])


def settle() -> None:
    """Prepares for SKiDL; call it before anything imports it.

    It looks for KiCad's symbols in the environment, and opens its reports in the working directory.
    """
    WORK.mkdir(parents=True, exist_ok=True)
    os.chdir(WORK)
    for version in ("", 6, 7, 8, 9, 10):
        os.environ.setdefault(f"KICAD{version}_SYMBOL_DIR", str(SYMBOLS))
