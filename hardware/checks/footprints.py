"""Holds every part against its footprint: it exists, each pin has its pad, a module's pads lie as drawn.

KiCad's footprints are taken as they are. Those of library/ are this project's own: pads, outline and the
antenna's room are held against the maker's drawing (lands.toml).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from netlist import Netlist

_LANDS = Path(__file__).with_name("lands.toml")
_NEAR_MM = 0.011
_PAD = re.compile(r'\(pad\s+"?([^"\s)]*)"?\s')
_AT = r"\(at (-?[\d.]+) (-?[\d.]+)\) \(size ([\d.]+) ([\d.]+)\)"
_OUTLINE = re.compile(r'\(fp_line \(start (-?[\d.]+) (-?[\d.]+)\) \(end [^)]*\) \(layer "F.Fab"\)')
_KEEPOUT = re.compile(r"\(zone .*?\(keepout (.*?)\)\n.*?\(pts(.*?)\n +\)\n", re.S)
_POINT = re.compile(r"\(xy (-?[\d.]+) (-?[\d.]+)\)")


def check(netlist: Netlist, libraries: list[Path]) -> list[str]:
    """Returns what does not fit, one sentence each. libraries: folders with .pretty folders."""
    lands = tomllib.loads(_LANDS.read_text(encoding="utf-8"))
    found = []
    for part in netlist.parts.values():
        if part.where != "board":
            continue
        who = f"{part.ref} ({part.value})"
        folder, name = part.footprint.split(":")
        paths = [library / f"{folder}.pretty" / f"{name}.kicad_mod" for library in libraries]
        drawn = next((path.read_text(encoding="utf-8") for path in paths if path.exists()), None)
        if drawn is None:
            found.append(f"{who}: KiCad has no footprint {part.footprint}")
            continue
        bare = sorted({pin.number for pin in part.pins} - set(_PAD.findall(drawn)))
        if bare:
            found.append(f"{who}: {name} has no pad for pin {', '.join(bare)}")
        if part.footprint in lands:
            found += [f"{who}: {said}" for said in land(drawn, lands[part.footprint])]
        elif part.kind == "esp32":
            found.append(f"{who}: {name} is another module's, lands.toml does not have it")
    return found


def _wanted(maker: dict) -> Iterator[tuple[str, float, float]]:
    """Yields number and middle of each pad, from the middle of the body."""
    top = -maker["body"][1] / 2 + maker["first"]
    for side, (first, last) in ((-1, maker["left"]), (1, maker["right"])):
        step = 1 if last > first else -1
        for place, number in enumerate(range(first, last + step, step)):
            yield str(number), side * maker["rows"] / 2, top + place * maker["pitch"]


def land(drawn: str, maker: dict) -> list[str]:
    """Returns where a footprint differs from the maker's drawing, one sentence each."""
    found = []
    for number, x, y in _wanted(maker):
        has = re.search(rf'\(pad "{number}" smd rect {_AT}', drawn)
        want = (x, y, *maker["pad"])
        if not has or any(abs(float(a) - b) > _NEAR_MM for a, b in zip(has.groups(), want, strict=True)):
            found.append(f"pad {number} must lie at {x:g}, {y:.2f} and be {want[2]:g} x {want[3]:g} mm")
    width, length = maker["body"]
    corners = [tuple(map(float, point)) for point in _OUTLINE.findall(drawn)]
    spans = [max(axis) - min(axis) for axis in zip(*corners, strict=True)] or [0, 0]
    if abs(spans[0] - width) > _NEAR_MM or abs(spans[1] - length) > _NEAR_MM:
        found.append(f"outline {spans[0]:g} x {spans[1]:g} mm, the module {width:g} x {length:g} mm")
    if not _antenna_is_free(drawn, maker):
        found.append(f"copper is not kept from the antenna, the last {maker['antenna']:g} mm of it")
    return found


def _antenna_is_free(drawn: str, maker: dict) -> bool:
    """Tells whether tracks, vias and copper are kept from the whole end with the antenna."""
    zone = _KEEPOUT.search(drawn)
    kinds = ("tracks", "vias", "copperpour")
    if not zone or not all(f"({kind} not_allowed" in zone[1] for kind in kinds):
        return False
    across, along = zip(*(map(float, point) for point in _POINT.findall(zone[2])), strict=True)
    half, end = maker["body"][0] / 2, -maker["body"][1] / 2
    return (min(across) <= -half + _NEAR_MM and max(across) >= half - _NEAR_MM
            and min(along) <= end + _NEAR_MM and max(along) >= end + maker["antenna"] - _NEAR_MM)
