"""Draws the schematic's sheets: the netlist as netlistsvg takes it, one SVG for each sheet."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import tools
from netlist import Netlist, Part, Pin

SHEETS = ("count tap", "handset tap", "controller", "load cell", "clock", "power", "panel")
_GATE_SHEETS = {("1", "2"): "count tap", ("3", "4"): "count tap", ("5", "6"): "handset tap",
                ("9", "8"): "handset tap", ("11", "10"): "panel", ("13", "12"): "panel"}
_RAILS = ("+3V3", "+5V", "VSYS", "V_")
_POLARISED = ("cap_10u", "cap_100u", "cap_hold_up")  # pin 1 is plus
_DIODES = {"schottky": "d_sk_", "light": "d_led_", "surge": "d_"}
_TIMEOUT_S = 120
_MARGIN_PX = (100, 30)  # words stand out of their parts, and netlistsvg leaves them no room
_ROOM_PX = 55  # between parts; netlistsvg's own 35 lets words overlap
_DOT = "\u2024"  # netlistsvg drops a name with a full stop in it: this stands for it until it is drawn
_PLUS = {"h": "M9,8 h6 m-3,-3 v6", "v": "M2,11 h6 m-3,-3 v6"}


def _is_ground(net: str) -> bool:
    return net.startswith("GND")


def _is_rail(net: str) -> bool:
    return net.startswith(_RAILS)


class _Sheet:
    """Collects the cells of one sheet."""

    def __init__(self) -> None:
        self.cells: dict[str, dict] = {}
        self.bits: dict[str, int] = {}

    def end(self, net: str) -> int:
        """Returns the bit of a net; a rail or a ground gets a symbol of its own at every end."""
        if not (_is_ground(net) or _is_rail(net)):
            return self.bits.setdefault(net, len(self.bits) + 2)
        bit = 10000 + len(self.cells)
        self.cells[f"rail{bit}"] = {
            "type": "gnd" if _is_ground(net) else "vcc", "connections": {"A": [bit]},
            "port_directions": {"A": "input"}, "attributes": {"name": net},
        }
        return bit

    def add(self, name: str, kind: str, ends: dict[str, tuple[str, bool]], value: str = "") -> None:
        """Adds a cell. ends: by the port's name, its net and whether it stands on the right."""
        self.cells[name] = {
            "type": kind, "connections": {port: [self.end(net)] for port, (net, _) in ends.items()},
            "port_directions": {port: "output" if right else "input"
                                for port, (_, right) in ends.items()},
            "attributes": {"value": value},
        }


def _two_ended(sheet: _Sheet, part: Part, letter: str) -> None:
    """Adds a resistor or capacitor: across between signals, upright where it ends on a rail."""
    first, second = part.pins[0].net, part.pins[1].net
    upright = any(_is_ground(net) or _is_rail(net) for net in (first, second))
    if part.kind in _POLARISED:
        letter += "_plus"
    elif _is_ground(first) or (_is_rail(second) and not _is_rail(first)):
        first, second = second, first
    sheet.add(part.ref, f"{letter}_{'v' if upright else 'h'}",
              {"A": (first, False), "B": (second, True)}, part.value)


def _diode(sheet: _Sheet, part: Part) -> None:
    cathode, anode = part.net("1"), part.net("2")
    upright = _is_ground(anode) or _is_ground(cathode)
    kind = _DIODES[part.kind] + ("v" if upright else "h")
    name = f"{part.ref} {part.value}".replace(".", _DOT)
    sheet.add(name, kind, {"+": (anode, False), "-": (cathode, True)})


def _on_right(part: Part, pin: Pin, place: int, places: int) -> bool:
    if part.kind == "opto":
        return pin.number in "34"
    if part.kind == "isolated_supply":
        return int(pin.number) > 8
    if part.kind.startswith(("socket", "splice", "jack", "cells", "coin", "console")):
        return True
    return pin.drives or place >= places / 2 if part.kind == "esp32" else pin.drives


def _box(sheet: _Sheet, part: Part, pins: list[Pin]) -> None:
    ends = {}
    for place, pin in enumerate(pins):
        known = pin.name != pin.number and not pin.name.startswith("Pin_") and part.kind != "clamp"
        name = pin.name.replace("~{", "").replace("}", "") if known else ""
        ends[f"{pin.number} {name}".strip()] = (pin.net, _on_right(part, pin, place, len(pins)))
    label = part.ref if part.value in part.ref else f"{part.ref} {part.value}"
    sheet.add(label, label, ends)


def _add(sheet: _Sheet, part: Part) -> None:
    if part.kind.startswith("resistor"):
        _two_ended(sheet, part, "r")
    elif part.kind.startswith("cap_"):
        _two_ended(sheet, part, "c")
    elif part.kind in _DIODES:
        _diode(sheet, part)
    elif part.kind != "test_point":
        _box(sheet, part, [pin for pin in part.pins if pin.net])


def _gates(sheet: _Sheet, part: Part, name: str) -> None:
    for (taken, given), where in _GATE_SHEETS.items():
        if where == name:
            label = f"{part.ref} gate"
            sheet.add(f"{part.ref}.{given}", label,
                      {taken: (part.net(taken), False), given: (part.net(given), True)})
    if name == "panel":
        label = f"{part.ref} {part.value}"
        sheet.add(label, label, {"14": (part.net("14"), False), "7": (part.net("7"), False)})


def describe(netlist: Netlist, name: str) -> dict:
    """Returns a sheet as netlistsvg takes it; nets that go on elsewhere end in a flag."""
    sheet = _Sheet()
    for part in netlist.parts.values():
        if part.kind == "schmitt":
            _gates(sheet, part, name)
        elif part.sheet == name or (part.sheet == "gates" and name == "panel"):
            _add(sheet, part)
    ports = {}
    for net, bit in sheet.bits.items():
        here = sum(net in str(cell["connections"]) or [bit] in cell["connections"].values()
                   for cell in sheet.cells.values())
        ends = [part for part, _ in netlist.on(net) if part.kind != "test_point"]
        if here < len({part.ref for part in ends}):
            given = name != "controller" and not net.startswith(("CELL_SCK", "SDA", "SCL", "LIGHT"))
            ports[net] = {"direction": "output" if given else "input", "bits": [bit]}
    return {"modules": {name: {"ports": ports, "cells": sheet.cells}}}


def _skin() -> str:
    """Returns netlistsvg's symbols, more room between them, and capacitors that show their plus."""
    text = (tools.NETLISTSVG / "lib" / "analog.svg").read_text(encoding="utf-8")
    room = " ".join(f'org.eclipse.elk.spacing.{between}="{_ROOM_PX}"'
                    for between in ("nodeNode", "componentComponent"))
    text = re.sub(r'org\.eclipse\.elk\.spacing\.nodeNode= *"\d+"', room, text)
    text = text.replace('"capacitor_v" s:width="30"', f'"capacitor_v" s:width="{_ROOM_PX}"')
    for way, plus in _PLUS.items():
        block = re.search(rf'<g s:type="capacitor_{way}".*?\n</g>\n', text, re.S)[0]
        marked = block.replace(f"capacitor_{way}", f"capacitor_plus_{way}").replace(
            f'val="c_{way}"', f'val="c_plus_{way}"').replace(
            "  <g s:x", f'  <path d="{plus}" class="$cell_id"/>\n  <g s:x', 1)
        text = text.replace(block, block + "\n" + marked)
    return text


def unseen(refs: list[str], drawn: str) -> list[str]:
    """Returns the references that no word of the drawing shows: a name in an id is seen by nobody."""
    words = {word for text in re.findall(r"<text[^>]*>([^<]*)</text>", drawn)
             for word in re.split(r"[\s.]", text)}
    return [ref for ref in refs if ref not in words]


def with_margin(drawn: str) -> str:
    """Returns the drawing with room around it."""
    width, height = (float(re.search(rf'<svg[^>]* {name}="([\d.]+)"', drawn)[1])
                     for name in ("width", "height"))
    x, y = _MARGIN_PX
    width, height = width + 2 * x, height + 2 * y
    size = f'width="{width:g}" height="{height:g}" viewBox="-{x} -{y} {width:g} {height:g}"'
    return re.sub(r'width="[\d.]+" height="[\d.]+"', size, drawn, count=1)


def draw(netlist: Netlist, out: Path) -> tuple[list[str], str]:
    """Draws all sheets into out/sheets; returns what failed and what was drawn."""
    folder = out / "sheets"
    folder.mkdir(exist_ok=True)
    missing = {part.sheet for part in netlist.parts.values()} - set(SHEETS) - {"gates"}
    if missing:
        return [f"a sheet that is never drawn: {', '.join(sorted(missing))}"], ""
    found = []
    skin = folder / "skin.svg"
    skin.write_text(_skin(), encoding="utf-8")
    for name in SHEETS:
        source = folder / f"{name.replace(' ', '_')}.json"
        source.write_text(json.dumps(describe(netlist, name), indent=1), encoding="utf-8")
        target = source.with_suffix(".svg")
        done = subprocess.run(
            ["node", str(tools.NETLISTSVG / "bin" / "netlistsvg.js"), str(source), "-o", str(target),
             "--skin", str(skin)],
            capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
        if done.returncode or not target.exists():
            found.append(f"netlistsvg could not draw the {name} sheet: {done.stderr.strip()[-200:]}")
        else:
            text = with_margin(target.read_text(encoding="utf-8").replace(_DOT, "."))
            lost = unseen([part.ref for part in netlist.parts.values()
                           if part.sheet == name and part.kind != "test_point"], text)
            found += [f"the {name} sheet does not show {', '.join(lost)}"] if lost else []
            target.write_text(text.replace("<style>", "<style>\nsvg { background: #fff; }", 1),
                              encoding="utf-8")
    return found, f"{len(SHEETS)} in sheets/"
