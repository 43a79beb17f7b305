"""No single fault of a tap lets the pump see a press, or blocks one.

Faults: every pin open; every two nets of the island joined, which is every part shorted and every wire
touching every other (but for the cord's own two conductors: the tap meets them at two sleeved places
20 mm apart); the insulation of an isolator broken down with both grounds tied together. Each with the
island powered, without power (a short, or nothing at all), and with a supply that runs away. For each,
every kind of pump in `pumps`: a line that moves by a fifth of the pump's supply counts as harm.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from netlist import Netlist, Part

from . import spice

MOST_MOVED = 0.20  # of the pump's supply; logic wants 0.3 at least
_CONTACT_OHM = 50
_POWER = {"powered": (3.3, 5.0), "supply shorted": (0.0, 1.0), "supply open": (0.0, 1e9),
          "supply run away": (6.0, 5.0)}
_WORKERS = 2


@dataclass(frozen=True)
class Pump:
    """Its input: supply, resistor, which way the contact pulls, whether the lead's legs are swapped."""

    volts: float
    ohms: float
    pulls_up: bool
    swapped: bool


@dataclass(frozen=True)
class Fault:
    """What is done to the circuit, in words and as parts to replace, leave out, or add."""

    name: str
    parts: tuple[Part, ...]
    bridge: tuple[str, str] = ("", "")
    tied: bool = False


def pumps(tap: str) -> list[Pump]:
    """Returns the inputs that are tried: a handset's up to 100 kohm, a count output's up to 10 kohm."""
    highest = 100e3 if tap == "HANDSET" else 10e3
    return [Pump(volts, ohms, up, swapped)
            for volts, ohms in ((2.5, highest), (5.0, highest), (5.0, 1e3))
            for up in (True, False) for swapped in (True, False)]


def faults(netlist: Netlist, tap: str) -> Iterator[Fault]:
    """Yields every single fault of the tap, the sound circuit first."""
    ground, supply = f"GND_{tap}", f"V_{tap}"
    on_board = {"GND", "+3V3", "+5V", "VSYS"}
    sheet = [part for part in netlist.parts.values() if part.sheet == f"{tap.lower()} tap"]
    island_nets = sorted(set().union(*(
        part.nets for part in sheet if ground in part.nets or supply in part.nets or part.where == "lead"
    )) - on_board - {f"{tap}_COL"})
    island = tuple(part for part in sheet if part.nets & set(island_nets))
    lines = {f"{tap}_LINE_A", f"{tap}_LINE_B"}
    yield Fault("nothing wrong", island)
    for part in island:
        pins = [pin for pin in part.pins if pin.net in island_nets]
        for pin in pins:
            torn = replace(part, pins=tuple(
                replace(other, net="torn") if other is pin else other for other in part.pins))
            yield Fault(f"{part.ref} pin {pin.number} open",
                        tuple(torn if other is part else other for other in island))
    for one, other in itertools.combinations(island_nets, 2):
        if {one, other} != lines:
            yield Fault(f"{one} joined to {other}", island, (one, other))
    for net in island_nets:
        if net not in lines:  # those lie outside the box, in the pump's own cord
            for there in ("GND", "+3V3", "+5V"):
                yield Fault(f"insulation broken down, {net} joined to {there}", island,
                            (net, there), True)


def _copy(fault: Fault, pump: Pump, pressed: bool, power: tuple[float, float], number: int) -> list[str]:
    """Returns the island, as faulty, with one pump; every node has the copy's number behind it."""
    lines = []
    for part in fault.parts:
        if part.kind == "isolated_supply":
            if "torn" not in (part.net("16"), part.net("9")):
                lines += spice.supply(part, *power)
        else:
            lines += spice.element(part, spice.Opto())
    tap = next(part for part in fault.parts if part.kind == "splice").net("1").partition("_")[0].lower()
    if fault.bridge[0]:
        lines.append(f"rbridge {spice.node(fault.bridge[0])} {spice.node(fault.bridge[1])} 0.1")
    hot, cold = (f"{tap}_line_a", f"{tap}_line_b")[::-1 if pump.swapped else 1]
    if pump.pulls_up:
        lines += [f"vpump pump_v {cold} {pump.volts:g}", f"rpump pump_v {hot} {pump.ohms:g}"]
        ground = cold
    else:
        lines += [f"vpump {hot} pump_g {pump.volts:g}", f"rpump {cold} pump_g {pump.ohms:g}"]
        ground = "pump_g"
    if pressed:
        lines.append(f"rcontact {hot} {cold} {_CONTACT_OHM}")
    lines += [f"rtied {ground} 0 {1 if fault.tied else 1e12:g}", "vboard p3v3 0 3.3", "vboard5 p5v 0 5",
              f"rcol p3v3 {tap}_col 3.9k", f"bmoved moved 0 v=v({hot},{cold})/{pump.volts:g}"]
    return [_numbered(line, number) for line in lines]


def _numbered(line: str, number: int) -> str:
    """Returns the deck's line with names and nodes made unique for the copy."""
    words = line.split()
    if words[0] == ".model":
        return f".model {words[1]}_{number} {' '.join(words[2:])}"
    shared = {"0", "dclamp", "dled", "dschottky"}
    kind = words[0][0]
    nodes = {"q": 5, "e": 5, "b": 3, "d": 4}.get(kind, 3)
    head = [word if word in shared else f"{word}_{number}" for word in words[:nodes]]
    tail = " ".join(words[nodes:])
    for opening in ("v(", "i("):
        pieces = tail.split(opening)
        tail = opening.join([pieces[0], *(
            ",".join(f"{name}_{number}" for name in piece[:piece.index(")")].split(","))
            + piece[piece.index(")"):] for piece in pieces[1:]
        )])
    return " ".join([*head, tail])


def _moved(fault: Fault, tap: str, power: tuple[float, float]) -> tuple[float, str]:
    """Returns by how much of its supply the worst pump's line moves, and what that pump takes it for."""
    cases = [(pump, pressed) for pump in pumps(tap) for pressed in (False, True)]
    lines = [line for number, (pump, pressed) in enumerate(cases)
             for line in _copy(fault, pump, pressed, power, number)]
    row = spice.run(fault.name, lines, ".op", [f"v(moved_{n})" for n in range(len(cases))])[0]
    worst, said = 0.0, ""
    for (pump, pressed), level in zip(cases, row[1:], strict=True):
        rest = _CONTACT_OHM / (_CONTACT_OHM + pump.ohms) if pressed else 1.0
        if abs(level - rest) > worst:
            worst, said = abs(level - rest), "a blocked press" if pressed else "a press"
    return worst, said


def check(netlist: Netlist, tap: str) -> tuple[list[str], str]:
    """Tries every fault in every state of power; returns those that harm, and what the worst does."""
    cases = [(fault, state, power) for fault in faults(netlist, tap) for state, power in _POWER.items()]
    with ThreadPoolExecutor(_WORKERS) as pool:
        results = list(pool.map(lambda case: _moved(case[0], tap, case[2]), cases))
    found = []
    for (fault, state, _), (moved, said) in zip(cases, results, strict=True):
        if moved > MOST_MOVED:
            found.append((moved, f"{fault.name}, {state}: the line moves by {moved:.0%} of the pump's "
                                 f"supply, {said}"))
    worst = max(range(len(cases)), key=lambda n: results[n][0])
    most, (fault, state, _) = results[worst][0], cases[worst]
    measured = (f"{len(cases)} cases of single faults, {len(pumps(tap))} kinds of input, pressed and "
                f"not: the line moves by {most:.1%} at most ({fault.name}, {state})")
    if not found:
        return [], measured
    return [f"{tap.lower()} tap: {len(found)} of {len(cases)} cases of single faults reach the pump, "
            f"the worst: {max(found)[1]}"], measured
