"""The rules of this board that an electrical rule check cannot know."""

from __future__ import annotations

import itertools
import re
import tomllib
from pathlib import Path

from circuit.catalogue import PARTS, ohms
from netlist import Netlist, Part

_CONTRACTS = Path(__file__).with_name("contracts.toml")
_BOARD_GROUND = "GND"
_FIELDS = {"COUNT": 100e3, "HANDSET": 1e6}  # each tap, and the least resistance at its end of the lead
_FLASH_MB, _PSRAM_MB = 4, 2  # the least; Espressif writes both into the number: N4R8
_MEMORY = re.compile(r"-[NH](\d+)R(\d+)$")
_ACTORS = ("Buzzer", "Relay", "Motor", "Valve", "Transistor", "Triac", "Speaker")


def contracts(netlist: Netlist) -> list[str]:
    """Returns every pin that stands on another net than its data sheet wants."""
    found = []
    for ref, wanted in tomllib.loads(_CONTRACTS.read_text(encoding="utf-8")).items():
        part = netlist.parts[ref]
        for pin in part.pins:
            want = wanted.get(pin.number)
            if want is not None and pin.net != want:
                found.append(f"{ref} ({part.value}) pin {pin.number} {pin.name} is on "
                             f"{pin.net or 'nothing'}, its data sheet wants {want or 'nothing'}")
    return found


def signals(netlist: Netlist, pins: dict[str, dict]) -> list[str]:
    """Returns every signal of the pin map that does not reach what it must meet."""
    found = []
    for name, signal in pins.items():
        ends = {f"{part.ref}.{pin.number}" for part, pin in netlist.on(signal["net"])}
        if signal["meets"] not in ends:
            found.append(f"{name} does not reach {signal['meets']}")
        pads = [pin for part, pin in netlist.on(signal["net"]) if part.kind == "esp32"]
        if not pads:
            found.append(f"{name} does not reach the module")
        found += [f"{name} meets pad {pad.number} of the module, {pad.name}, and not "
                  f"GPIO{signal['gpio']['esp32']}"
                  for pad in pads if f"IO{signal['gpio']['esp32']}" not in pad.name.split("/")]
    return found


def lone_nets(netlist: Netlist) -> list[str]:
    """Returns nets that join nothing; the console's order leaves none, a slip of the pen does."""
    return [f"net {net} ends on one pin" for net in sorted(netlist.nets)
            if sum(1 for _ in netlist.on(net)) < 2]


def _reached(netlist: Netlist, start: str, without: str = "") -> set[str]:
    """Returns the nets that are reached from one through anything but isolators and that part."""
    links: dict[str, set[str]] = {net: set() for net in netlist.nets}
    for part in netlist.parts.values():
        groups = PARTS[part.kind].get("isolates") or [[pin.number for pin in part.pins]]
        for group in groups if part.ref != without else []:
            touched = {pin.net for pin in part.pins if pin.number in group and pin.net}
            for net in touched:
                links[net] |= touched
    found: set[str] = set()
    waiting = [start]
    while waiting:
        net = waiting.pop()
        if net not in found:
            found.add(net)
            waiting += links[net]
    return found


def barrier(netlist: Netlist) -> list[str]:
    """Returns the parts that cross between the board and a tap's island, or between two islands."""
    found = []
    for one, other in itertools.combinations((_BOARD_GROUND, *(f"GND_{tap}" for tap in _FIELDS)), 2):
        if other not in _reached(netlist, one):
            continue
        alone = [part for part in netlist.parts.values() if "isolates" not in PARTS[part.kind]
                 and other not in _reached(netlist, one, part.ref)]
        names = ", ".join(f"{part.ref} ({part.value})" for part in alone) or "more than one part"
        found.append(f"only isolators may cross the barrier: {names} joins {one} and {other}")
    return found


def listening_only(netlist: Netlist) -> list[str]:
    """Returns what could speak: an isolator that sends towards a pump, a part that acts or sounds."""
    found = []
    on_board = _reached(netlist, _BOARD_GROUND)
    for part in netlist.parts.values():
        library = PARTS[part.kind]["symbol"]
        if any(actor.lower() in library.lower() for actor in _ACTORS):
            found.append(f"{part.ref} ({library}) could act or sound: this board only listens")
        if part.kind == "opto":
            if part.net("1") in on_board or part.net("4") not in on_board:
                found.append(f"{part.ref} sends towards the pump: a tap only listens")
        if part.kind == "isolated_supply" and part.net("1") not in on_board:
            found.append(f"{part.ref} takes its power from the pump")
    return found


def lines(netlist: Netlist) -> list[str]:
    """Returns what touches a pump's line beside one resistor at the pump's end of the lead."""
    found = []
    for tap, least in _FIELDS.items():
        for leg in "AB":
            net = f"{tap}_LINE_{leg}"
            others = [part for part, _ in netlist.on(net) if part.kind != "splice"]
            if len(others) != 1 or not _guards(others[0], least):
                names = ", ".join(f"{part.ref} ({part.value})" for part in others)
                found.append(f"{net} must meet one resistor in the lead's head of {least / 1e3:g} kohm "
                             f"or more, and meets {names}")
    return found


def _guards(part: Part, least: float) -> bool:
    return part.kind == "resistor_line" and part.where == "lead" and ohms(part.value) >= least


def memory(netlist: Netlist) -> list[str]:
    """Returns every number to order for the module that brings too little flash or no PSRAM."""
    found = []
    for part in netlist.of_kind("esp32"):
        for number in (part.mpn, *part.alternatives.split("; ")):
            said = _MEMORY.search(number)
            flash, psram = (int(said[1]), int(said[2])) if said else (0, 0)
            if flash < _FLASH_MB or psram < _PSRAM_MB:
                found.append(f"{part.ref}: {number} does not say {_FLASH_MB} MB of flash and "
                             f"{_PSRAM_MB} MB of PSRAM, or more")
    return found


def wiring(netlist: Netlist) -> list[str]:
    """Returns what comes before the electrical rules, the worst alone: it breaks the others too."""
    return barrier(netlist) or listening_only(netlist) or contracts(netlist)


def intent(netlist: Netlist, pins: dict[str, dict]) -> list[str]:
    """Returns what electrical rules cannot see: signals gone astray, lines that are not guarded."""
    return [*memory(netlist), *signals(netlist, pins), *lone_nets(netlist), *lines(netlist)]
