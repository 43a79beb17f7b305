"""Holds every part against KiCad's footprint: it exists, and each pin of the symbol has its pad."""

from __future__ import annotations

import re
from pathlib import Path

from netlist import Netlist

_PAD = re.compile(r'\(pad\s+"?([^"\s)]*)"?\s')


def check(netlist: Netlist, library: Path) -> list[str]:
    """Returns what does not fit, one sentence each. library: the folder with the .pretty folders."""
    found = []
    for part in netlist.parts.values():
        if part.where != "board":
            continue
        folder, name = part.footprint.split(":")
        path = library / f"{folder}.pretty" / f"{name}.kicad_mod"
        if not path.exists():
            found.append(f"{part.ref} ({part.value}): KiCad has no footprint {part.footprint}")
            continue
        pads = set(_PAD.findall(path.read_text(encoding="utf-8")))
        bare = sorted({pin.number for pin in part.pins} - pads)
        if bare:
            found.append(f"{part.ref} ({part.value}): {name} has no pad for pin {', '.join(bare)}")
    return found
