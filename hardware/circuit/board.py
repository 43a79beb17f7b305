"""Joins the sheets into one circuit and turns it into a plain netlist."""

from __future__ import annotations

import pinmap
from netlist import Netlist, Part, Pin
from skidl import POWER, Net
from skidl.pin import pin_types

from . import sheets, taps
from .catalogue import CIRCUIT, make, test_point


def draw() -> None:
    """Draws everything into SKiDL's default circuit."""
    signals = pinmap.read()
    nets = {name: Net(signal["net"]) for name, signal in signals.items()}
    v5, system, v33, gnd = Net("+5V"), Net("VSYS"), Net("+3V3"), Net("GND")
    for net in (v5, system, gnd):
        net.drive = POWER
    filtered, between = {}, {}
    for tap in (taps.COUNT, taps.HANDSET):
        anode, ground = taps.field_side(tap)
        collector = taps.barrier(tap, anode, ground, v33, gnd)
        filtered[tap], between[tap] = taps.board_side(tap, collector, v33, gnd)
    relief = sheets.panel(nets["SERVICE"], nets["LIGHT"], v33, gnd)
    sheets.controller(signals, nets, v33, gnd)
    sheets.load_cell(nets["CELL_DOUT"], nets["CELL_SCK"], v33, gnd)
    sheets.clock(nets["SDA"], nets["SCL"], v33, gnd)
    sheets.power(nets["SUPPLY"], v5, system, v33, gnd)
    _gates(nets, filtered, between, relief, v33, gnd)
    for number, name in enumerate(("MOTOR", "HANDSET", "RELIEF"), 6):
        test_point(f"TP{number}", "gates", nets[name])


def _gates(nets: dict[str, Net], filtered: dict, between: dict, relief: Net, v33: Net, gnd: Net) -> None:
    """Draws the six Schmitt gates, two in a row for each filtered input."""
    relief_between = Net("RELIEF_BETWEEN")
    chains = ((taps.COUNT.gates, filtered[taps.COUNT], between[taps.COUNT], nets["MOTOR"]),
              (taps.HANDSET.gates, filtered[taps.HANDSET], between[taps.HANDSET], nets["HANDSET"]),
              ((11, 10, 13, 12), relief, relief_between, nets["RELIEF"]))
    joined = {}
    for (first_in, first_out, second_in, second_out), start, middle, end in chains:
        joined |= {f"p{first_in}": start, f"p{first_out}": middle, f"p{second_in}": middle,
                   f"p{second_out}": end}
    make("schmitt", "U4", "gates", p7=gnd, p14=v33, **joined)
    make("cap_100n", "C801", "gates", p1=v33, p2=gnd)


def flatten() -> Netlist:
    """Returns what was drawn, as plain data."""
    parts = []
    for part in CIRCUIT.parts:
        pins = [Pin(str(pin.num), "" if pin.name == "~" else pin.name,
                    pin.func in (pin_types.OUTPUT, pin_types.PWROUT), _net_of(pin)) for pin in part.pins]
        parts.append(Part(part.ref, part.value, part.footprint, pins=tuple(pins), **{
            key: part.fields[key] for key in
            ("kind", "sheet", "where", "maker", "mpn", "alternatives", "note")
        }))
    return Netlist({part.ref: part for part in parts})


def _net_of(pin: object) -> str:
    return "" if pin.net is None or pin.net is CIRCUIT.NC else pin.net.name
