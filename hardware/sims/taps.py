"""What the taps must hear and must not: counts, presses with bounce, bursts, mains hum."""

from __future__ import annotations

from collections.abc import Iterable

from netlist import Netlist

from . import spice

_COUNTER_FILTER_S = 12.8e-6  # the pulse counter takes shorter levels for noise


def _pulls(volts: float, ohms: float, prefix: str) -> list[str]:
    """Returns a pump's input or output: a pull-up to its supply, and its case's capacitance to earth."""
    return [f"vpump pump_v {prefix}_line_b {volts:g}", f"rpump pump_v {prefix}_line_a {ohms:g}",
            f"cpump {prefix}_line_b 0 100p", f"rpumpe {prefix}_line_b 0 1e9"]


def _switch(prefix: str, points: Iterable[tuple[float, int]]) -> list[str]:
    """Returns a contact between the lines that is closed (1) or open (0) from each time on."""
    steps, last = ["0 0"], 0
    for time_s, closed in points:
        if closed != last:
            steps += [f"{time_s - 1e-7:.8g} {last}", f"{time_s + 1e-7:.8g} {closed}"]
            last = closed
    return [f"vgate gate 0 pwl({' '.join(steps)})",
            f"spump {prefix}_line_a {prefix}_line_b gate 0 contact",
            ".model contact sw(vt=0.5 vh=0.1 ron=50 roff=1g)"]


def opto_model() -> tuple[list[str], str]:
    """The coupler's model is no quicker than the data sheet's typical one: off after 40 us (TLP785)."""
    lines = ["vcc cc 0 5", "rl cc c 1.9k", "ven in 0 pulse(0 5 10u 0.1u 0.1u 200u 1)", "rin in a 240",
             "da a ak dled", "vm ak 0 0", "bx c bb i=1.5/500*max(i(vm),0)", "qx c bb 0 qm",
             spice.phototransistor("qm", 1)]
    rows = spice.run("opto model", lines, ".tran 0.2u 600u 0 0.2u", ["v(c)"])
    back_s = next(row[0] for row in rows if row[0] > 210e-6 and row[1] > 4.5) - 210e-6
    if not 40e-6 <= back_s <= 80e-6:
        return [f"the coupler's model is off after {back_s * 1e6:.0f} us, the data sheet says 40 us"], ""
    return [], f"off after {back_s * 1e6:.0f} us, the data sheet says 40 us"


def counts(netlist: Netlist) -> tuple[list[str], str]:
    """Counts of 200 Hz to 2 kHz pass whole at every corner; returns faults and what was measured."""
    found, narrowest_s, runs = [], 1.0, 0
    for frequency in (200, 2000):
        period_s, pulses = 1 / frequency, 8
        steps = [(period_s * (n + half / 2 + 0.5), 1 - half) for n in range(pulses) for half in (0, 1)]
        for opto in spice.OPTO_CORNERS:
            for volts, ohms in ((2.5, 10e3), (5.0, 1e3)):
                lines = [*spice.tap(netlist, "COUNT", opto), *_pulls(volts, ohms, "count"),
                         *_switch("count", steps)]
                rows = spice.run("counts", lines, f".tran 2u {period_s * (pulses + 1)} 0 2u",
                                 ["v(count_filtered)"])
                runs += 1
                for high, low in spice.SCHMITT_CORNERS:
                    edges = spice.levels(rows, high, low)
                    widths = [b[0] - a[0] for a, b in zip(edges, edges[1:], strict=False)]
                    rising = sum(level for _, level in edges)
                    narrowest_s = min([narrowest_s, *widths])
                    if rising != pulses or min(widths, default=0) < 2 * _COUNTER_FILTER_S:
                        found.append(
                            f"{pulses} counts at {frequency} Hz come as {rising}, the narrowest level "
                            f"{min(widths, default=0) * 1e6:.0f} us (transfer ratio {opto.ratio:.0%}, "
                            f"{opto.slowness:g} times as slow, pump {volts:g} V)")
    return found[:1], f"{runs} runs, narrowest level {narrowest_s * 1e6:.0f} us at 2 kHz"


def _bounced(close_s: float, open_s: float, bounce_s: float, times: int) -> list[tuple[float, int]]:
    """Returns a press that lets go so many times within bounce_s after closing and after opening."""
    steps = []
    for edge_s, settled in ((close_s, 1), (open_s, 0)):
        for k in range(times):
            at_s = edge_s + bounce_s * k / times
            steps += [(at_s, settled), (at_s + bounce_s / times / 2, 1 - settled)]
        steps.append((edge_s + bounce_s, settled))
    return steps


def bounce(netlist: Netlist) -> tuple[list[str], str]:
    """A press of 100 ms with 5 ms of bounce at both ends is one press, at every corner."""
    found, latest_s = [], 0.0
    for opto in spice.OPTO_CORNERS:
        for volts, ohms, times in ((2.5, 100e3, 2), (2.5, 100e3, 8), (5.0, 1e3, 2), (5.0, 1e3, 8)):
            lines = [*spice.tap(netlist, "HANDSET", opto), *_pulls(volts, ohms, "handset"),
                     *_switch("handset", _bounced(0.05, 0.155, 5e-3, times))]
            rows = spice.run("bounce", lines, ".tran 20u 0.35 0 20u", ["v(handset_filtered)"])
            for high, low in spice.SCHMITT_CORNERS:
                edges = spice.levels(rows, high, low)
                if [level for _, level in edges] != [0, 1]:
                    found.append(f"a press with 5 ms of bounce comes as "
                                 f"{sum(1 - level for _, level in edges)} presses "
                                 f"(transfer ratio {opto.ratio:.0%}, pump {volts:g} V)")
                else:
                    latest_s = max(latest_s, edges[0][0] - 0.05)
    return found[:1], f"one press, seen at the latest {latest_s * 1e3:.0f} ms after the contact closed"


def burst(netlist: Netlist) -> tuple[list[str], str]:
    """A burst of fast transients on the lead makes neither a count nor a press.

    1 kV, 5/50 ns through 50 ohm and the coupling clamp's 100 pF on each conductor (IEC 61000-4-4),
    20 % unequal, at 5 kHz and 100 kHz; with the line at rest and held.
    """
    found, worst = [], 0.0
    for name, volts, ohms in (("COUNT", 2.5, 10e3), ("HANDSET", 2.5, 100e3)):
        prefix = name.lower()
        for rate, length_s in ((5e3, 1.2e-3), (100e3, 0.3e-3)):
            for polarity in (1, -1):
                for held in (False, True):
                    lines = [
                        *spice.tap(netlist, name, spice.Opto(4.0, 1)), *_pulls(volts, ohms, prefix),
                        *([f"rheld {prefix}_line_a {prefix}_line_b 50"] if held else []),
                        f"vburst burst 0 pulse(0 {1000 * polarity} 20u 5n 50n 1n {1 / rate})",
                        "rburst burst clamp 50", f"cburst1 clamp {prefix}_lead_a 110p",
                        f"cburst2 clamp {prefix}_lead_b 90p",
                    ]
                    rows = spice.run("burst", lines, f".tran 20n {length_s} 0 25n",
                                     [f"v({prefix}_filtered)", f"v({prefix}_sense,gnd_{prefix})",
                                      f"v({prefix}_out,gnd_{prefix})"])
                    rest = rows[0][2]
                    worst = max([worst, *(abs(row[2] - rest) for row in rows)])
                    if spice.levels(rows, 2.0, 1.3, column=3):
                        found.append(f"a burst of fast transients switches the comparator of the "
                                     f"{prefix} tap: what should take it off is missing or too small")
                    elif any(spice.levels(rows, high, low) for high, low in spice.SCHMITT_CORNERS):
                        found.append(f"a burst of fast transients makes a "
                                     f"{'count' if name == 'COUNT' else 'press'} on the {prefix} tap")
    return found, f"no edge; the filtered input moves by {worst:.2f} V at most"


def hum(netlist: Netlist) -> tuple[list[str], str]:
    """Mains hum between the pump and the board (115 V rms, 50 Hz) makes neither a count nor a press."""
    found = []
    for name, ohms in (("COUNT", 10e3), ("HANDSET", 100e3)):
        prefix = name.lower()
        for held in (False, True):
            lines = [*spice.tap(netlist, name, spice.Opto(4.0, 1)),
                     f"vhum {prefix}_line_b 0 sin(0 163 50)", f"vpump pump_v {prefix}_line_b 2.5",
                     f"rpump pump_v {prefix}_line_a {ohms:g}",
                     *([f"rheld {prefix}_line_a {prefix}_line_b 50"] if held else [])]
            rows = spice.run("hum", lines, ".tran 50u 0.1 0.02 50u", [f"v({prefix}_filtered)"])
            if any(spice.levels(rows, high, low) for high, low in spice.SCHMITT_CORNERS):
                found.append(f"mains hum across the barrier makes edges on the {prefix} tap")
    return found, "no edge on either tap"
