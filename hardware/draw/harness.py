"""Draws the harness with WireViz and holds it against the netlist."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml
from netlist import Netlist

SOURCE = Path(__file__).with_name("harness.yml")
_TIMEOUT_S = 120
_LONGEST_LEG_M = 0.005  # a bare leg: longer, two of them could meet before the resistors
_NETS = {  # what a socket's label stands for on the board
    "J1": {"+5 V": "JACK", "GND": "GND"},
    "J2": {"A": "COUNT_LEAD_A", "B": "COUNT_LEAD_B", "3.3 V sensor": "COUNT_SENSOR",
           "island ground": "GND_COUNT"},
    "J3": {"A": "HANDSET_LEAD_A", "B": "HANDSET_LEAD_B"},
    "J4": {"E+": "CELL_SUPPLY", "E-": "GND", "S+": "CELL_PLUS", "S-": "CELL_MINUS"},
    "J5": {"contact": "RELIEF_CONTACT", "GND": "GND"},
    "J6": {"GND": "GND", "RX": "CONSOLE_RX", "TX": "CONSOLE_TX", "": ""},
}
_CROSSED = {"RX": "TXD", "TX": "RXD"}  # one side's output is the other's input

End = tuple[str, int]


def faults(netlist: Netlist) -> list[str]:
    """Returns where the harness differs from the netlist, one sentence each."""
    return differences(netlist, yaml.safe_load(SOURCE.read_text(encoding="utf-8")))


def differences(netlist: Netlist, drawn: dict) -> list[str]:
    """Returns where a harness, as WireViz takes it, differs from the netlist."""
    connectors = drawn["connectors"]
    found = [f"the harness does not show {part.ref}" for part in netlist.parts.values()
             if part.kind.startswith(("socket", "jack", "console")) and part.ref not in connectors]
    for part in netlist.parts.values():
        if part.kind == "resistor_line" and part.where == "lead":
            shown = connectors.get(part.ref, {}).get("type", "").removeprefix("head resistor ")
            shown = shown.replace(" ", "")
            if shown != part.value:
                found.append(f"the harness shows {part.ref} as {shown or 'nothing'}, it is {part.value}")
    return found or [*_labels(netlist, connectors), *_joints(netlist, drawn)]


def _labels(netlist: Netlist, connectors: dict) -> Iterator[str]:
    """Yields the sockets' pins whose label is not their net's."""
    for ref, nets in _NETS.items():
        for number, label in enumerate(connectors[ref]["pinlabels"], 1):
            net = netlist.parts[ref].net(str(number))
            if nets.get(label) != net:
                yield (f"the harness: {ref} pin {number} is {label}, which is {nets.get(label)}, "
                       f"and {net} on the board")


def _ends(item: dict) -> list[End]:
    """Returns the ends that a connection's item names; `1-4` counts as 1, 2, 3, 4."""
    (name, pins), = item.items()
    found = []
    for pin in pins:
        first, _, last = str(pin).partition("-")
        found += [(name, n) for n in range(int(first), int(last or first) + 1)]
    return found


def _joints(netlist: Netlist, drawn: dict) -> Iterator[str]:
    """Yields wires that join what the netlist keeps apart, or leads that end in the wrong place."""
    connectors, reached = drawn["connectors"], set()
    for first, cable, last in drawn["connections"]:
        length_m = drawn["cables"][_ends(cable)[0][0]]["length"]
        for one, other in zip(_ends(first), _ends(last), strict=True):
            (ref, pin), (far, _) = one, other
            if ref.startswith("R") and length_m > _LONGEST_LEG_M:
                yield f"the harness: {_ends(cable)[0][0]} must be {ref}'s own leg, and has {length_m} m"
            if far in netlist.parts:
                reached.add(far)
                net = netlist.parts[ref].net(str(pin))
                if net not in netlist.parts[far].nets:
                    yield f"the harness: {ref} pin {pin} ({net}) is joined to {far}, not on that net"
            elif ref in _NETS:
                label, there = (connectors[name]["pinlabels"][n - 1] for name, n in (one, other))
                if not there.startswith(_CROSSED.get(label, label)):
                    yield f"the harness: {ref} {label} goes to {there}"
    for part in netlist.parts.values():
        if part.kind == "resistor_line" and part.where == "lead" and part.ref not in reached:
            yield f"the harness: {part.ref} is not joined to the board"


def draw(out: Path) -> tuple[list[str], str]:
    """Draws into out/harness; returns what failed and what was drawn."""
    folder = out / "harness"
    folder.mkdir(exist_ok=True)
    wireviz = Path(sys.executable).with_name("wireviz")
    done = subprocess.run([str(wireviz), str(SOURCE), "-f", "ts", "-o", str(folder)],
                          capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    if done.returncode or not (folder / "harness.svg").exists():
        return [f"WireViz could not draw the harness: {done.stderr.strip()[-200:]}"], ""
    return [], "harness.svg and its own parts list in harness/"
