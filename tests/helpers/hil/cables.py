"""Moves every wire between rig and board alone, in service mode; says which one does not arrive."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from helpers.hil.bed import ROOT, SETTLE_S, Bed
from helpers.hil.rig_client import Rig

_READ = (
    "import json\nfrom machine import Pin\n"
    "print(json.dumps([Pin(n, Pin.IN).value() for n in {pins}]))"
)
_LIGHT = "import machine\nmachine.Pin({pin}, machine.Pin.OUT).value({level})\nprint(1)"
_WATCH = """
import machine, time
pin = machine.Pin({pin}, machine.Pin.IN)
seen = pin.value()
for i in range({ms}):
    seen &= pin.value()
    time.sleep_ms(1)
print(seen)
"""
_CELL = (
    "import json, sys, machine\nfrom machine import Pin\n{reader}\n"
    "print(json.dumps(read_cell(Pin({dout}, Pin.IN), Pin({sck}, Pin.OUT, value=0))))"
)
_WATCHED_MS, _CUT_MS = 4000, 600  # shorter than any hold-up
_RAWS = (0x155555, -0x155556)  # every bit both ways
_CELL_S = 0.8  # a new value is converted and settled

Signals = tuple[str, ...]
SIGNALS: Signals = ("MOTOR", "HANDSET", "RELIEF", "SERVICE")


def faults(bed: Bed, rig: Rig) -> list[str]:
    """Returns a sentence for every wire that does not arrive; the board must be in service."""
    rig.ask("rest")
    time.sleep(SETTLE_S)
    rest = _levels(bed)
    found = []
    for signal, wire, begin, end in (
        ("MOTOR", "COUNT", lambda: rig.ask("counts", n=1, high_us=60_000_000, low_us=1000),
         lambda: rig.ask("stop")),
        *((name, name, *_held(rig, name)) for name in ("HANDSET", "RELIEF", "SERVICE")),
    ):
        found += _moved(bed, rest, signal, wire, begin, end)
    made = rig.counts(10)["made"]
    if made != 10:
        found.append(f"COUNT_BACK: of 10 counts the rig read back {made}: look at the wire from J2.1 to"
                     " the rig's GP3, or the board's end of COUNT is open.")
    return found + _light(bed, rig) + _cell(bed, rig) + _supply(bed, rig)


def _held(rig: Rig, contact: str) -> tuple[Callable[[], object], Callable[[], object]]:
    return (lambda: rig.ask("hold", contact=contact, closed=True),
            lambda: rig.ask("hold", contact=contact, closed=False))


def _levels(bed: Bed) -> dict[str, int]:
    pins = [bed.pins[name] for name in SIGNALS]
    return dict(zip(SIGNALS, bed.execute(_READ.format(pins=pins)), strict=True))


def _moved(
    bed: Bed, rest: dict[str, int], signal: str, wire: str, begin: Callable[[], object],
    end: Callable[[], object],
) -> list[str]:
    begin()
    time.sleep(SETTLE_S)
    moved = [name for name, level in _levels(bed).items() if level != rest[name]]
    end()
    time.sleep(SETTLE_S)
    if moved == [signal]:
        return []
    if not moved:
        return [f"{wire}: the rig closes it and {signal} (GPIO {bed.pins[signal]}) does not move: look"
                f" at the wire {wire}, its transistor and its plug."]
    return [f"{wire}: the rig closes it and {' and '.join(moved)} moved, not {signal} alone: two wires"
            " are swapped or touch."]


def _light(bed: Bed, rig: Rig) -> list[str]:
    seen = []
    for level in (1, 0):
        bed.execute(_LIGHT.format(pin=bed.pins["LIGHT"], level=level))
        time.sleep(SETTLE_S)
        seen.append(rig.ask("read")["light"])
    return [] if seen == [1, 0] else [
        f"LIGHT: the board lit it and put it out, the rig saw {seen}: look at the wire from"
        " R704.1 to GP11."]


def _cell(bed: Bed, rig: Rig) -> list[str]:
    text = (ROOT / "hardware" / "self_test.py").read_text()
    reader = "import time\n" + text[text.index("def read_cell"):text.index("def cell(")]
    for raw in _RAWS:
        rig.ask("weigh", raw=raw)
        time.sleep(_CELL_S)
        code = _CELL.format(reader=reader, dout=bed.pins["CELL_DOUT"], sck=bed.pins["CELL_SCK"])
        got = bed.execute(code)
        if got != raw:
            return [f"CELL_DOUT, CELL_SCK: the rig weighed {raw} and the board read {got}: look at the"
                    " wires from U5.12 to GP4 and from U5.11 to GP5."]
    return []


def _supply(bed: Bed, rig: Rig) -> list[str]:
    there = rig.ask("supply_state")["there"]
    if not there:
        return ["SUPPLY_BACK: the rig sees no 5 V: look at the divider from TP2 to GP10."]
    with ThreadPoolExecutor(1) as watching:
        seen = watching.submit(
            bed.execute, _WATCH.format(pin=bed.pins["SUPPLY"], ms=_WATCHED_MS))
        while not seen.done():
            rig.cut(for_ms=_CUT_MS)
            time.sleep(_CUT_MS / 1000)
    return [] if seen.result() == 0 else [
        "CUT: the rig cut 5 V and the board's SUPPLY stayed high: look at the relay in the 5 V lead."]
