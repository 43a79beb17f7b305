"""What the doctor says of a board: a diagnosis for each thing looked at, with what to do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pumpwire import commands
from pumpwire.units import (
    CHIP_EARLIEST_S,
    CHIP_LATEST_S,
    RADIO_PIECE_BYTES,
    RADIO_RESERVE_BYTES,
    TICK_MS,
)

from ..plain import in_a_line
from ..quantities import kilobytes
from .image import PARTITIONS, Pin
from .mpremote import Mpremote
from .on_board import Survey
from .two_firmwares import manifest_id

_CLOCK_OFF_S = 60  # as much as anchors may disagree before the board's log says so
_CELL_SPREAD = 20_000  # raw, over ten conversions of a cell at rest: 50 g
_BROKEN_CELL = 8_000_000
_FEW_LOOKS = 50  # missed: a log's mount, and a dozen erases of 0.4 s
_ENOUGH = 5  # conversions, to leave out the lowest and the highest

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
class Diagnosis:
    """What is so of one thing on a board."""

    what: str  #: the thing, such as "load cell"
    good: bool | None  #: whether it is as it should be; None: it cannot be known now
    sentence: str  #: how it is, and what to do

    def to_json(self) -> dict[str, Any]:
        """Returns an object of the contract."""
        return {"what": self.what, "good": self.good, "sentence": self.sentence}

    def to_text(self) -> str:
        """Returns a line for the screen."""
        mark = {True: "good", False: "BAD", None: "?"}[self.good]
        return in_a_line(f"{mark:5}{self.what}: {self.sentence}")


@dataclass(frozen=True)
class Wiring:
    """What a board's pins show."""

    clock: bool  #: whether a clock chip answers
    clock_s: int | None  #: what it says, s since 2020 UTC; None: it lost its time, or does not answer
    raws: tuple[int, ...]  #: conversions of the load cell, raw, up to ten in a row
    supply: bool  #: whether 5 V is there
    handset: bool  #: whether the handset's input is closed
    relief: bool  #: whether the relief button's input is closed
    service: bool  #: whether the service button's input is closed


def wiring(board: Mpremote, letter: str) -> Wiring:
    """Returns what a board in service mode reads at its pins, by the firmware in /`letter`."""
    told = json.loads(board.execute(_WIRING % letter).strip().splitlines()[-1])
    return Wiring(bool(told["clock"]), told["clock_s"], tuple(told["raws"]), bool(told["supply"]),
                  told["handset"], told["relief"], told["service"])


def of_micropython(survey: Survey, wanted: Pin) -> Diagnosis:
    """Is it a version that the firmware is made for; a later version may take its bytecode, and nobody
    has seen it do so."""
    have, made_for = ([int(n) for n in version.split(".")]
                      for version in (survey.micropython, wanted.version))
    told = f"MicroPython {survey.micropython}"
    if have == made_for:
        return Diagnosis("micropython", True, f"{told}, which the firmware is made for.")
    if survey.micropython in wanted.also:
        return Diagnosis("micropython", True,
                         f"{told}, which the firmware takes too; make flash writes {wanted.version}.")
    if have > made_for:
        return Diagnosis("micropython", None, f"{told}, later than {wanted.version}, which the firmware"
                                              " is made for: make flash writes that.")
    return Diagnosis("micropython", False, f"{told}, and the firmware wants {wanted.version}: write its"
                                           " image, make flash.")


def of_partitions(survey: Survey) -> Diagnosis:
    """Are file system and log where the board's image has them."""
    wrong = [label for label, place in PARTITIONS.items() if survey.partitions.get(label) != place]
    if wrong:
        return Diagnosis("partitions", False,
                         f"The {' and '.join(wrong)} partition is not where the board's image has it:"
                         " save the log with esptool read-flash, then make flash.")
    return Diagnosis("partitions", True, "The partitions vfs and log are where they belong.")


def of_firmware(survey: Survey, ours: dict[str, str], ours_id: str) -> list[Diagnosis]:
    """Which firmware starts, is it whole, is it that of this computer; and the firmware beside it."""
    letter = survey.slot or "a"
    other = "b" if letter == "a" else "a"
    good = False
    if not survey.whole(letter):
        text = (f"The firmware in /{letter}, which is to start, is not whole: make deploy writes it"
                " again.")
    elif survey.trials_left is not None:
        text = (f"The firmware in /{letter} is on trial and has not come up yet: let it run for a"
                " minute, then run doctor again.")
    elif survey.sums(letter) == ours:
        good = True
        text = f"Firmware {ours_id} in /{letter} is whole, and the same as on this computer."
    else:
        name = manifest_id(json.dumps(survey.sums(letter), indent=1, sort_keys=True) + "\n")
        text = (f"Firmware {name} in /{letter} is whole but not {ours_id}, which this computer has:"
                " make deploy if this computer's is newer.")
    told = [Diagnosis("firmware", good, text)]
    if survey.sums(other) and not survey.whole(other):
        told.append(Diagnosis("spare firmware", False,
                              f"The firmware in /{other}, to fall back on, is not whole: the next make"
                              " deploy replaces it."))
    return told


def of_memory(status: dict[str, int]) -> Diagnosis:
    """Has the radio the memory that its links need; status: what the board knows now."""
    if "memory_free" not in status:
        return Diagnosis("memory", None, "This firmware does not say what memory is left for the radio.")
    left = (f"{kilobytes(status['memory_free'])} of memory are left for the radio, and at least"
            f" {kilobytes(status['memory_lowest'])} were since the board started")
    if not status["flags"] & commands.FLAG_RADIO_HELD:
        return Diagnosis("memory", True, f"The radio takes links: {left}.")
    if (status["memory_free"] >= RADIO_RESERVE_BYTES
            and status["memory_largest"] >= RADIO_PIECE_BYTES):
        return Diagnosis("memory", False,
                         "The radio is off until the board starts again. It had too little memory to"
                         " start, or the board had stopped soon after each of its last starts. The"
                         f" cable works: pull by cable, then tap SW3. Now {left}.")
    return Diagnosis("memory", False,
                     f"The radio takes no new link: {left}; it needs {kilobytes(RADIO_RESERVE_BYTES)}."
                     " The cable works: pull by cable, and use a module with PSRAM.")


def of_loop(status: dict[str, int]) -> Diagnosis:
    """Does the loop come in time; status: what the board knows now."""
    if "late_ms" not in status:
        return Diagnosis("loop", None, "This firmware does not say whether its loop comes in time.")
    skipped, looks = status["ticks_skipped"], status["uptime_s"] * 1000 // TICK_MS
    told = (f"The loop missed {skipped or 'none'} of {looks} looks since the board started; the latest"
            f" came {status['late_ms']} ms late.")
    if skipped > max(_FEW_LOOKS, looks // 100):
        return Diagnosis("loop", None, f"{told} Counts and presses are kept meanwhile, and the log says"
                                       " when. But something stops it: have the board looked at.")
    return Diagnosis("loop", True, told)


def of_clock(read: Wiring, host_s: int) -> Diagnosis:
    """Does the clock chip run, and right; host_s: this computer's time, s since 2020 UTC."""
    if not read.clock:
        return Diagnosis("clock", False,
                         "No DS3231 answers: if the board has a DS3231, look at SDA, SCL and its 3.3 V."
                         " Without it the time is known from the first pull after each start.")
    if read.clock_s is None or _may_be(host_s) and not _may_be(read.clock_s):
        return Diagnosis("clock", False,
                         "The DS3231 has lost its time: put a new CR2032 in; the next pull sets it.")
    off_s = read.clock_s - host_s
    if abs(off_s) > _CLOCK_OFF_S:
        return Diagnosis("clock", False,
                         f"The DS3231 is {abs(off_s)} s {'ahead of' if off_s > 0 else 'behind'} this"
                         " computer: see which of them is right; a pull notes both, and steps neither.")
    return Diagnosis("clock", True, f"The DS3231 runs, {off_s:+d} s from this computer's clock.")


def _may_be(clock_s: int) -> bool:
    return CHIP_EARLIEST_S <= clock_s < CHIP_LATEST_S


def of_cell(read: Wiring) -> Diagnosis:
    """Does the load cell answer, and steadily."""
    raws = read.raws
    if not raws:
        return Diagnosis("load cell", False,
                         "The HX711 does not answer: look at DOUT, SCK and its supply.")
    middle = sorted(raws)[1:-1] if len(raws) >= _ENOUGH else raws  # a converter's odd number is no load
    mean, spread = sum(middle) // len(middle), max(middle) - min(middle)
    if mean in (0, -1) or abs(mean) > _BROKEN_CELL:
        return Diagnosis("load cell", False,
                         f"The load cell reads {mean}, which no cell does: look at J4, E+, E-, S+, S-.")
    if spread > _CELL_SPREAD:
        return Diagnosis("load cell", False,
                         f"The load cell reads {mean} and moves by {spread}: let the bag hang still; if"
                         " it does, look at J4.")
    return Diagnosis("load cell", True, f"The load cell reads {mean}, within {spread}.")


def of_contacts(read: Wiring) -> list[Diagnosis]:
    """5 V, and the inputs that should be open when nobody presses."""
    told = [Diagnosis("supply", read.supply, "5 V is there." if read.supply else
                      "There is no 5 V: the board runs on its cells; plug its supply in.")]
    for name, closed, plug in (("handset", read.handset, "J3"), ("relief", read.relief, "J5"),
                               ("service", read.service, "SW1")):
        told.append(Diagnosis(name, not closed,
                              f"The {name} input is closed: if nobody presses it now look at {plug}."
                              if closed else f"The {name} input is open."))
    told.append(Diagnosis("count", None,
                          "Whether counts arrive shows only while the pump runs: give a bolus and look"
                          " at pumplog events. If the console prints \"gpio_pullup_en ... GPIO number"
                          " error\" at a start, that is harmless."))
    return told
