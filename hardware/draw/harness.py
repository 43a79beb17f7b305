"""Draws the harness with WireViz and holds its board ends against the netlist."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml
from netlist import Netlist

_SOURCE = Path(__file__).with_name("harness.yml")
_TIMEOUT_S = 120


def faults(netlist: Netlist) -> list[str]:
    """Returns sockets of the board that the harness lacks or wires with other resistors than drawn."""
    drawn = yaml.safe_load(_SOURCE.read_text(encoding="utf-8"))["connectors"]
    found = [f"the harness does not show {part.ref}" for part in netlist.parts.values()
             if part.kind.startswith(("socket", "jack", "console")) and part.ref not in drawn]
    for part in netlist.parts.values():
        if part.kind == "resistor_line" and part.where == "lead":
            shown = drawn.get(part.ref, {}).get("type", "").removeprefix("head resistor ")
            shown = shown.replace(" ", "")
            if shown != part.value:
                found.append(f"the harness shows {part.ref} as {shown or 'nothing'}, it is {part.value}")
    return found


def draw(netlist: Netlist, out: Path) -> tuple[list[str], str]:
    """Draws into out/harness; returns what failed and what was drawn."""
    found = faults(netlist)
    folder = out / "harness"
    folder.mkdir(exist_ok=True)
    wireviz = Path(sys.executable).with_name("wireviz")
    done = subprocess.run([str(wireviz), str(_SOURCE), "-f", "ts", "-o", str(folder)],
                          capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    if done.returncode or not (folder / "harness.svg").exists():
        found.append(f"WireViz could not draw the harness: {done.stderr.strip()[-200:]}")
    return found, "harness.svg and its own parts list in harness/"
