"""The virtual board's side of the rig's cables: transistors, the taps' filters, the supply's hold-up."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from pumpbench.board import UsbBoard
from rig import wires

from helpers.hil.bed import board_pins
from helpers.hil.simulated_rig import CONVERSION

HOLD_UP_S = 1.0  # the least of a sound board: hardware/README.md
TAU_US = 10_000  # 100 kohm and 100 nF of a press's filter
FALLS, RISES = 0.36, 0.62  # of the supply: a 74HC14 at 3.3 V, typical
_NAMES = {gpio: name for name, gpio in wires.GPIO.items()}


class Filter:
    """An RC and a Schmitt trigger: gets a contact's edges, gives the level behind it."""

    def __init__(self, drive: Callable[[int], None]) -> None:
        self._drive = drive
        self._volts, self._goal, self._at_us = 1.0, 1.0, 0
        self.level = 1

    def edge(self, us: int, closed: bool) -> None:
        """The contact opened or closed."""
        self.advance(us)
        self._goal = 0.0 if closed else 1.0

    def advance(self, us: int) -> None:
        """Lets time pass up to `us`."""
        if us > self._at_us:
            gone = math.exp((self._at_us - us) / TAU_US)
            self._volts = self._goal + (self._volts - self._goal) * gone
            self._at_us = us
        if self.level and self._volts < FALLS or not self.level and self._volts > RISES:
            self.level = 1 - self.level
            self._drive(self.level)


class Cables:
    """What the simulated rig does reaches the board, and what the board does the rig."""

    def __init__(self, board: UsbBoard) -> None:
        self._board = board
        self._pins = board_pins("esp32")
        drive = board.wires.drive
        self._filters = {
            name: Filter(lambda level, pin=self._pins[name]: drive(pin, level))  # type: ignore[misc]
            for name in ("HANDSET", "RELIEF")}
        self._rig_us: tuple[int, float] | None = None  # its clock, and ours then
        self._dies_s: float | None = None
        self._told: dict[str, int] = {}
        self._cut = False

    def heard(self, us: int, what: int, value: int) -> None:
        """One of the rig's wires changed."""
        self._rig_us = us, time.monotonic()
        drive = self._board.wires.drive
        name = "CELL" if what == CONVERSION else _NAMES[what]
        if name == "CELL":
            self._board.wires.weigh(value)
        elif name == "COUNT":
            drive(self._pins["MOTOR"], value)
        elif name in self._filters:
            self._filters[name].edge(us, bool(value))
        elif name == "SERVICE":
            drive(self._pins["SERVICE"], 1 - value)
        elif name == "CUT":
            self._supply(not value)

    def _supply(self, on: bool) -> None:
        self._cut = not on
        self._board.wires.drive(self._pins["SUPPLY"], int(on))
        self._dies_s = None if on else time.monotonic() + HOLD_UP_S
        if on:
            self._board.power_on()  # nothing happens if it held up until now

    def looked(self, drive: Callable[[int, int], None]) -> None:
        """Time passed; drive(GPIO, level) moves one of the rig's inputs."""
        if self._rig_us:
            us, then_s = self._rig_us
            for one in self._filters.values():
                one.advance(us + int((time.monotonic() - then_s) * 1e6))
        if self._dies_s is not None and time.monotonic() >= self._dies_s:
            self._dies_s = None
            self._board.power_off()
            self._board.wires.drive(self._pins["LIGHT"], 0)
        now = {"LIGHT": self._board.wires.level(self._pins["LIGHT"]), "SUPPLY_BACK": int(not self._cut)}
        for name, level in now.items():
            if self._told.get(name) != level:
                self._told[name] = level
                drive(wires.GPIO[name], level)
