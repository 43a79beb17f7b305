"""The supply's end: the board is told, and lives long enough for the last record.

Without the cells for moves, with capacitors at the end of their life (0.7 of their capacitance, twice
their resistance) and the radio sending. What must fit: an erase of flash that has just begun (0.4 s),
a tick (0.1 s), the last records (some ms): half a second. The limit is twice that.
"""

from __future__ import annotations

from netlist import Netlist

from . import spice

LEAST_S = 1.0
_LOWEST_V = 3.45  # on VSYS: 3.2 V for the module and 0.25 V for the regulator
_ADAPTER_V = 4.75  # 5 V less 5 %
_PSRAM_A = 0.04  # put aside for it, always at work: an allowance, the module's data sheet has no figure
_LOAD_A, _SENDING_A = 0.20 + _PSRAM_A, 0.35 + _PSRAM_A
_AGED, _ESR_OHM = 0.7, 0.2
_TOLD_V, _THERE_V = 0.8, 2.5  # the module reads low under a quarter of 3.3 V, high over three quarters
_TRIPS_V = (4.25, 4.5)  # the supervisor's, least and most
_GONE_S = 180.0


def _power(netlist: Netlist) -> list[str]:
    lines = []
    for part in netlist.parts.values():
        if part.sheet != "power" or part.kind in ("cells", "regulator", "supervisor", "surge", "jack"):
            continue
        if part.kind == "cap_hold_up":
            x, plus, minus = part.ref.lower(), spice.node(part.net("1")), spice.node(part.net("2"))
            aged = spice.farads(part.value) * _AGED
            lines += [f"c{x} {plus} {x}e {aged:g}", f"r{x} {x}e {minus} {_ESR_OHM:g}"]
        elif part.kind == "fuse":
            lines.append(f"rfuse {spice.node(part.net('1'))} {spice.node(part.net('2'))} 0.45")
        else:
            lines += spice.element(part, spice.Opto())
    return lines


def _run(netlist: Netlist, trip_v: float) -> list[list[float]]:
    """Charges for three minutes, then mains is gone; returns rows of time, VSYS, SUPPLY."""
    lines = [
        *_power(netlist), f"vin in 0 {_ADAPTER_V:g}", "smains in jack mains 0 contact",
        "cadapter jack 0 1m",
        f"vmains mains 0 pwl(0 1 {_GONE_S:g} 1 {_GONE_S + 1e-4} 0)",
        ".model contact sw(vt=0.5 vh=0.1 ron=0.1 roff=1g)",
        # the load is the regulator's: as much at its input as at its output, nothing below 1 V
        f"bload vsys 0 i=({_LOAD_A:g}+v(sending)*{_SENDING_A - _LOAD_A:g})*min(1,max(0,v(vsys)))",
        "vsending sending 0 pulse(0 1 0 10u 10u 2m 30m)",
        f"bsuper supply_good 0 i=(v(p5v)<{trip_v:g} ? (v(p5v)>1 ? v(supply_good)/50 : 0) : 0)",
        "rmodule supply 0 1meg", "rcells cells 0 1meg",
    ]
    return spice.run("hold-up", lines, f".tran 10m {_GONE_S + 20} {_GONE_S - 1} 2m uic",
                     ["v(vsys)", "v(supply)"])


def check(netlist: Netlist) -> tuple[list[str], str]:
    """Takes the mains away and times what follows; returns faults and what was measured."""
    charged = [row for row in _run(netlist, _TRIPS_V[1]) if row[0] < _GONE_S]
    if min(row[2] for row in charged) < _THERE_V:
        return ["the board is told that the supply fails while it is there"], ""
    rows = [row for row in _run(netlist, _TRIPS_V[0]) if row[0] >= _GONE_S]
    told_s = next((row[0] for row in rows if row[2] < _TOLD_V), None)
    if told_s is None:
        return ["the board is never told that the supply has gone"], ""
    dead_s = next((row[0] for row in rows if row[1] < _LOWEST_V), rows[-1][0])
    lasts_s = dead_s - told_s
    if lasts_s < LEAST_S:
        return [f"once told, the board lasts {lasts_s:.2f} s without mains; the last record may take "
                f"{LEAST_S:g} s"], ""
    told_ms = 1e3 * (told_s - _GONE_S)
    return [], f"told {told_ms:.0f} ms after the mains is gone, then lasts {lasts_s:.1f} s"
