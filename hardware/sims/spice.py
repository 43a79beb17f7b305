"""Writes parts of the netlist as an ngspice deck, runs it, reads the result."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from circuit.catalogue import ohms
from netlist import Netlist, Part

_FARADS = {"p": 1e-12, "n": 1e-9, "u": 1e-6, "F": 1.0}
_TIMEOUT_S = 120


@dataclass(frozen=True)
class Opto:
    """A corner of the coupler: transfer ratio, and how slow its transistor is beside the typical one."""

    ratio: float = 1.5
    slowness: float = 1.0


def farads(value: str) -> float:
    """Returns the capacitance written as `4.7n` or `3F`."""
    return float(value[:-1]) * _FARADS[value[-1]]


def node(net: str) -> str:
    """Returns the deck's name of a net; the board's ground is node 0."""
    return "0" if net == "GND" else net.lower().replace("+", "p")


def _comparator(part: Part) -> list[str]:
    out, low, plus, minus, high = (node(part.net(str(number))) for number in range(1, 6))
    x = part.ref.lower()
    # 3 us from input to output; the inputs' protection counts as diodes, the worse case for a fault
    return [
        f"b{x} {x}a {low} v=(v({high})-v({low}))*0.5*(1+tanh(400*(v({plus})-v({minus}))))",
        f"r{x}d {x}a {x}b 1k", f"c{x}d {x}b {low} 3n", f"e{x} {x}c {low} {x}b {low} 1",
        f"r{x}o {x}c {out} 60", f"r{x}s {high} {low} 100meg",
        f"d{x}1 {low} {plus} dclamp", f"d{x}2 {plus} {high} dclamp",
        f"d{x}3 {low} {minus} dclamp", f"d{x}4 {minus} {high} dclamp",
    ]


def phototransistor(name: str, slowness: float) -> str:
    """Returns the model of the coupler's transistor; slowness 1 is the typical one."""
    return (f".model {name} npn(is=1e-14 bf=500 br=5 vaf=100 tf={8 * slowness:g}n "
            f"tr={1700 * slowness:g}n cjc={8 * slowness:g}p cje=20p)")


def _opto(part: Part, corner: Opto) -> list[str]:
    anode, cathode, emitter, collector = (node(part.net(str(number))) for number in range(1, 5))
    x = part.ref.lower()
    # a photodiode feeds the base; junction capacitance and storage make it slow with a large load
    return [
        f"d{x} {anode} {x}k dled", f"v{x} {x}k {cathode} 0",
        f"b{x} {collector} {x}b i={corner.ratio / 500:.6g}*max(i(v{x}),0)",
        f"q{x} {collector} {x}b {emitter} q{x}m",
        phototransistor(f"q{x}m", corner.slowness),
        f"c{x} {anode} {collector} 1p",
    ]


def element(part: Part, opto: Opto) -> list[str]:
    """Returns the lines of a part; none for what only carries copper."""
    ends = [node(pin.net) for pin in part.pins]
    if part.kind.startswith("resistor"):
        return [f"r{part.ref.lower()} {ends[0]} {ends[1]} {ohms(part.value):g}"]
    if part.kind.startswith("cap_"):
        return [f"c{part.ref.lower()} {ends[0]} {ends[1]} {farads(part.value):g}"]
    if part.kind == "clamp":
        low, high, middle = (node(part.net(number)) for number in "123")
        return [f"d{part.ref.lower()}a {low} {middle} dclamp",
                f"d{part.ref.lower()}b {middle} {high} dclamp"]
    if part.kind == "schottky":
        return [f"d{part.ref.lower()} {node(part.net('2'))} {node(part.net('1'))} dschottky"]
    if part.kind == "comparator":
        return _comparator(part)
    if part.kind == "opto":
        return _opto(part, opto)
    return []


def supply(part: Part, volts: float, ohms_inside: float = 5) -> list[str]:
    """Returns the isolated supply as a source with the barrier's capacitance beside it."""
    x, out, ground = part.ref.lower(), node(part.net("16")), node(part.net("9"))
    return [f"v{x} {x}i {ground} {volts:g}", f"r{x} {x}i {out} {ohms_inside:g}", f"c{x} {ground} 0 4p"]


def tap(netlist: Netlist, name: str, opto: Opto, volts: float = 3.3) -> list[str]:
    """Returns everything on a tap's sheet, powered, with the Schmitt gate's input as its load."""
    parts = [part for part in netlist.parts.values() if part.sheet == f"{name.lower()} tap"]
    lines = [line for part in parts for line in element(part, opto)]
    for part in parts:
        if part.kind == "isolated_supply":
            lines += supply(part, volts)
    return [*lines, "vboard p3v3 0 3.3", f"cgate {name.lower()}_filtered 0 10p"]


_MODELS = """
.model dclamp d(is=1e-13 n=1.1 rs=2 cjo=2p)
.model dled d(is=1.1e-12 n=2 rs=2 cjo=30p)
.model dschottky d(is=5u n=1.1 rs=0.08 bv=20)
.options rshunt=1e13 gmin=1e-14 reltol=1e-3
"""


def run(title: str, lines: Iterable[str], analysis: str, vectors: list[str]) -> list[list[float]]:
    """Runs one analysis; returns a row for each point: time or sweep, then the vectors.

    Raises RuntimeError when ngspice gives no result.
    """
    with tempfile.TemporaryDirectory() as folder:
        deck, out = Path(folder) / "deck.cir", Path(folder) / "out.txt"
        control = ["set wr_singlescale", "option numdgt=7", "run",
                   f"wrdata {out} {' '.join(vectors)}", "quit"]
        text = [f"* {title}", *lines, _MODELS, analysis, ".control", *control, ".endc", ".end"]
        deck.write_text("\n".join(text) + "\n", encoding="utf-8")
        done = subprocess.run(["ngspice", "-b", str(deck)], capture_output=True, text=True,
                              timeout=_TIMEOUT_S, check=False)
        if not out.exists():
            said = (done.stderr or done.stdout)[-400:]
            raise RuntimeError(f"ngspice gave no result for {title}: {said}")
        return [[float(word) for word in row.split()] for row in out.read_text().splitlines()]


def levels(rows: list[list[float]], high: float, low: float, column: int = 1) -> list[tuple[float, int]]:
    """Returns the edges (time, new level) that a Schmitt trigger with these thresholds makes."""
    level = 1 if rows[0][column] > (high + low) / 2 else 0
    edges = []
    for row in rows:
        if level == 0 and row[column] > high:
            level = 1
            edges.append((row[0], 1))
        elif level == 1 and row[column] < low:
            level = 0
            edges.append((row[0], 0))
    return edges


# 74HC14 at 3.3 V, between the data sheet's limits for 2 V and 4.5 V: (rising, falling) thresholds.
SCHMITT_CORNERS = ((2.36, 0.61), (1.14, 0.61), (2.36, 1.60))
# TLP785F rank GR is 100 to 300 % at 5 mA; half is allowed for age and heat, a third more for cold.
OPTO_CORNERS = (Opto(0.5, 1), Opto(0.5, 3), Opto(1.5, 1), Opto(4.0, 1), Opto(4.0, 3))
