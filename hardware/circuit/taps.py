"""The taps: what listens to the pump, each in an isolated island of its own.

    pump's line A --[head]--[own]--+--------- comparator - LED )) transistor - filter - Schmitt gates
                                   | clamp, filter, pull-up
    pump's line B --[head]--[own]--+- island's ground

A closed contact between A and B (0 V across the lead) is what a tap reports: the handset pressed, the
count output on. The head resistors sit at the pump's end of the lead, so that nothing which happens in
the lead or on the board can pull the pump's line; own resistors hold when a head resistor fails.
An island without power keeps its LED dark: not pressed, no count.
"""

from __future__ import annotations

from dataclasses import dataclass

from skidl import Net

from .catalogue import make, test_point


@dataclass(frozen=True)
class Tap:
    """One tap's values. number: of its parts, 100 or 200; gates: the Schmitt trigger's pins in order."""

    name: str
    number: int
    line: str
    pull_up: str
    filter: str
    collector_filter: tuple[str, str]
    supply: str
    comparator: str
    opto: str
    gates: tuple[int, int, int, int]


COUNT = Tap("COUNT", 100, "100k", "1M", "cap_220p", ("1k", "cap_4n7"), "U2", "U9", "U11", (1, 2, 3, 4))
HANDSET = Tap("HANDSET", 200, "1M", "10M", "cap_2n2", ("100k", "cap_100n"), "U3", "U10", "U12",
              (5, 6, 9, 8))


def field_side(tap: Tap) -> tuple[Net, Net]:
    """Draws the lead's end on the board and the comparator; returns the LED's anode and the ground."""
    sheet, name, n = tap.name.lower() + " tap", tap.name, tap.number
    line_a, line_b = Net(f"{name}_LINE_A"), Net(f"{name}_LINE_B")
    lead_a, lead_b = Net(f"{name}_LEAD_A"), Net(f"{name}_LEAD_B")
    sense, reference, out = Net(f"{name}_SENSE"), Net(f"{name}_REF"), Net(f"{name}_OUT")
    supply, ground, anode = Net(f"V_{name}"), Net(f"GND_{name}"), Net(f"{name}_LED")

    make("splice", f"X{n}", sheet, "pump's own cord", "lead", p1=line_a, p2=line_b)
    make("resistor_line", f"R{n + 1}", sheet, tap.line, "lead", p1=line_a, p2=lead_a)
    make("resistor_line", f"R{n + 2}", sheet, tap.line, "lead", p1=line_b, p2=lead_b)
    make("resistor_line", f"R{n + 3}", sheet, tap.line, p1=lead_a, p2=sense)
    make("resistor_line", f"R{n + 4}", sheet, tap.line, p1=lead_b, p2=ground)
    make("resistor_line", f"R{n + 5}", sheet, tap.pull_up, p1=supply, p2=sense)
    make(tap.filter, f"C{n + 1}", sheet, p1=sense, p2=ground)
    make("clamp", f"D{n + 1}", sheet, p1=ground, p2=supply, p3=sense)

    make("resistor", f"R{n + 6}", sheet, "820k", p1=supply, p2=reference)
    make("resistor", f"R{n + 7}", sheet, "1M", p1=reference, p2=ground)
    make("resistor", f"R{n + 8}", sheet, "2M2", p1=out, p2=reference)
    make("comparator", tap.comparator, sheet, p1=out, p2=ground, p3=reference, p4=sense, p5=supply)
    make("cap_100n", f"C{n + 2}", sheet, p1=supply, p2=ground)
    make("resistor", f"R{n + 9}", sheet, "560R", p1=out, p2=anode)

    if name == "COUNT":
        sensor = Net("COUNT_SENSOR")
        make("resistor", f"R{n + 12}", sheet, "100R", p1=supply, p2=sensor)
        make("socket_4", "J2", sheet, "count", p1=lead_a, p2=lead_b, p3=sensor, p4=ground)
    else:
        make("socket_2", "J3", sheet, "handset", p1=lead_a, p2=lead_b)
    test_point(f"TP{n + 1}", sheet, supply)
    test_point(f"TP{n + 2}", sheet, ground)
    test_point(f"TP{n + 3}", sheet, out)
    return anode, ground


def barrier(tap: Tap, anode: Net, field_ground: Net, v33: Net, gnd: Net) -> Net:
    """Draws the two isolators, the only parts that touch both sides; returns the collector."""
    sheet, n = tap.name.lower() + " tap", tap.number
    collector, supply = Net(f"{tap.name}_COL"), Net.get(f"V_{tap.name}")
    make("opto", tap.opto, sheet, p1=anode, p2=field_ground, p3=gnd, p4=collector)
    make("isolated_supply", tap.supply, sheet, p1=v33, p2=gnd, p4=gnd, p6=v33, p7=v33, p8=gnd,
         p9=field_ground, p10=supply, p13=field_ground, p15=field_ground, p16=supply)
    make("cap_100n", f"C{n + 5}", sheet, p1=v33, p2=gnd)
    make("cap_10u", f"C{n + 6}", sheet, p1=v33, p2=gnd)
    make("cap_10u", f"C{n + 3}", sheet, p1=supply, p2=field_ground)
    return collector


def board_side(tap: Tap, collector: Net, v33: Net, gnd: Net) -> tuple[Net, Net]:
    """Draws pull-up and filter; returns the filtered net and the one between the two gates."""
    sheet, n = tap.name.lower() + " tap", tap.number
    filtered, between = Net(f"{tap.name}_FILTERED"), Net(f"{tap.name}_BETWEEN")
    resistance, capacitor = tap.collector_filter
    make("resistor", f"R{n + 10}", sheet, "3k9", p1=v33, p2=collector)
    make("resistor", f"R{n + 11}", sheet, resistance, p1=collector, p2=filtered)
    make(capacitor, f"C{n + 4}", sheet, p1=filtered, p2=gnd)
    return filtered, between
