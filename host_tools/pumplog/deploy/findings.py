"""What `pumplog doctor` finds on a board, each in one sentence with what to do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .image import PARTITIONS
from .mpremote import Mpremote
from .on_board import Survey
from .two_firmwares import manifest_id

_CLOCK_OFF_S = 60  # as much as anchors may disagree before the board's log says so
_CELL_SPREAD = 20_000  # raw, over ten conversions of a cell at rest: 50 g
_BROKEN_CELL = 8_000_000

# Reads what the pins show, by the drivers and the pin map of the firmware on the board.
_WIRING = """
import json, sys, time
sys.path.insert(0, "/%s")
import pins
from drivers import ds3231
from drivers.hx711 import Hx711
from machine import I2C, Pin
chip = ds3231.Registers(I2C(0, scl=Pin(pins.SCL), sda=Pin(pins.SDA), freq=100000))
fitted = chip.read(0, bytearray(7))
cell = Hx711(Pin(pins.CELL_DOUT, Pin.IN), Pin(pins.CELL_SCK, Pin.OUT, value=0))
raws, began = [], time.ticks_ms()
while len(raws) < 10 and time.ticks_diff(time.ticks_ms(), began) < 4000:
    raw = cell.read()
    if raw is not None:
        raws.append(raw)
    time.sleep_ms(20)
def pressed(pin):
    return not Pin(pin, Pin.IN, Pin.PULL_UP).value()
print(json.dumps({"clock": fitted, "clock_s": ds3231.Clock(chip).read() if fitted else None, "raws":
raws,
    "supply": Pin(pins.SUPPLY, Pin.IN).value(), "handset": pressed(pins.HANDSET),
    "relief": pressed(pins.RELIEF), "service": pressed(pins.SERVICE)}))
"""


@dataclass(frozen=True)
class Finding:
    """good None: it cannot be known now."""

    what: str
    good: bool | None
    sentence: str


def wiring(board: Mpremote, letter: str) -> dict[str, Any]:
    """Returns what a board in service mode reads at its pins, by the firmware in /`letter`."""
    found: dict[str, Any] = json.loads(board.execute(_WIRING % letter).strip().splitlines()[-1])
    return found


def of_micropython(found: Survey, wanted: str) -> Finding:
    """Is it the version that the firmware is made for, or a later one that takes its bytecode."""
    have, least = ([int(n) for n in version.split(".")] for version in (found.micropython, wanted))
    good = have >= least
    return Finding("micropython", good, f"MicroPython {found.micropython}" + (
        "." if good else f", and the firmware wants {wanted}: write its image, make flash."))


def of_partitions(found: Survey) -> Finding:
    """Are file system and log where the board's image has them."""
    wrong = [label for label, place in PARTITIONS.items() if found.partitions.get(label) != place]
    if wrong:
        return Finding("partitions", False, f"The {' and '.join(wrong)} partition is not where the"
                                            " board's image"
                       " has it: save the log with esptool read-flash, then make flash.")
    return Finding("partitions", True, "The partitions vfs and log are where they belong.")


def of_firmware(found: Survey, ours: dict[str, str], ours_id: str) -> list[Finding]:
    """Which firmware starts, is it whole, is it that of this computer; and the one beside it."""
    letter = found.slot or "a"
    other = "b" if letter == "a" else "a"
    findings = []
    if not found.whole(letter):
        findings.append(Finding("firmware", False, f"The firmware in /{letter}, which is to start, is"
                                                   " not whole: make"
                                " deploy writes it again."))
    elif found.trials_left is not None:
        findings.append(Finding("firmware", False, f"The firmware in /{letter} is on trial and has not"
                                                   " come up yet:"
                                " let it run for a minute, then run doctor again."))
    elif found.sums(letter) == ours:
        findings.append(Finding("firmware", True, f"Firmware {ours_id} in /{letter} is whole, and the"
                                                  " one that this"
                                " computer has."))
    else:
        name = manifest_id(json.dumps(found.sums(letter), indent=1, sort_keys=True) + "\n")
        findings.append(Finding("firmware", False, f"Firmware {name} in /{letter} is whole but not"
                                                   f" {ours_id}, which"
                                " this computer has: make deploy if it is the newer one."))
    if found.sums(other) and not found.whole(other):
        findings.append(Finding("spare firmware", False, f"The firmware in /{other}, to fall back on,"
                                                         " is not whole:"
                                " the next make deploy replaces it."))
    return findings


def of_clock(found: dict[str, Any], host_s: int) -> Finding:
    """Does the clock chip run, and right; both in seconds since 2020 UTC."""
    if not found["clock"]:
        return Finding("clock", False, "No DS3231 answers: if one is fitted look at SDA, SCL and its"
                                       " 3.3 V; without"
                       " one the time is known from the first pull after each start.")
    if found["clock_s"] is None:
        return Finding("clock", False, "The DS3231 has lost its time: put a new CR2032 in; the next"
                                       " pull sets it.")
    off_s = found["clock_s"] - host_s
    if abs(off_s) > _CLOCK_OFF_S:
        return Finding("clock", False, f"The DS3231 is {abs(off_s)} s"
                                       f" {'ahead of' if off_s > 0 else 'behind'} this"
                       " computer: see which of them is right; a pull notes both, and steps neither.")
    return Finding("clock", True, f"The DS3231 runs, {off_s:+d} s from this computer's clock.")


def of_cell(found: dict[str, Any]) -> Finding:
    """Does the load cell answer, and steadily."""
    raws = found["raws"]
    if not raws:
        return Finding("load cell", False, "The HX711 does not answer: look at DOUT, SCK and its"
                                           " supply.")
    mean, spread = sum(raws) // len(raws), max(raws) - min(raws)
    if mean in (0, -1) or abs(mean) > _BROKEN_CELL:
        return Finding("load cell", False, f"The load cell reads {mean}, which no cell does: look at"
                                           " J4, E+, E-, S+, S-.")
    if spread > _CELL_SPREAD:
        return Finding("load cell", False, f"The load cell reads {mean} and moves by {spread}: let the"
                                           " bag hang still;"
                       " if it does, look at J4.")
    return Finding("load cell", True, f"The load cell reads {mean}, within {spread}.")


def of_contacts(found: dict[str, Any]) -> list[Finding]:
    """5 V, and the inputs that should be open when nobody presses."""
    findings = [Finding("supply", bool(found["supply"]), "5 V is there." if found["supply"] else
                        "There is no 5 V: the board runs on its cells; plug its supply in.")]
    for name, plug in (("handset", "J3"), ("relief", "J5"), ("service", "SW1")):
        held = found[name]
        findings.append(Finding(name, not held, f"The {name} input is closed: if nobody presses it now"
                                                " look at"
                                f" {plug}." if held else f"The {name} input is open."))
    findings.append(Finding("count", None, "Whether counts arrive shows only while the pump runs: make"
                                           " one bolus"
                            " and see pumplog events."))
    return findings
