"""Boluses that a restart of the board cut in two: the pump went on, only the record of it ended.

As the supply fails, the hold-up writes what is under way: its BOLUS looks halted, and was not. Where
there is no time for that, the bolus is left open. The board that starts again knows of no press: so
what the pump still gives looks like a bolus that a clinician asked for. It is the rest of the first.
"""

from __future__ import annotations

from dataclasses import replace

from .presses import LONGEST_MS
from .runs import Bolus

_REST_MS = 60_000  # a burst this soon after a restart is the rest of the bolus that it cut


class CutBook:
    """Follows one log in order of seq."""

    def __init__(self) -> None:
        self._failing = False  # the supply
        self._cut_here = False  # the boot ended, as far as is known, within a patient's bolus
        self._cut_before = False  # the boot before did

    def boot(self, follows: bool) -> None:
        """A boot begins; follows: no boot is missing between it and the last."""
        self._cut_before, self._cut_here = self._cut_here and follows, False
        self._failing = False

    def supply(self, failing: bool) -> None:
        """Takes a POWER record."""
        self._failing = failing

    def left_open(self, before_end_ms: int) -> None:
        """Takes a proven bolus left open, that began so long before the boot's last minute ended."""
        self._cut_here = before_end_ms < LONGEST_MS

    def take(self, bolus: Bolus, begin_uptime_ms: int) -> Bolus:
        """Returns a bolus as the patient was given it; begin_uptime_ms: when it began in its boot."""
        if self._failing and bolus.source == "patient":  # the board's power ends it, not the pump
            self._cut_here = True
            return replace(bolus, halted=False, cut=True)
        if self._cut_before and bolus.source == "clinician" and begin_uptime_ms < _REST_MS:
            self._cut_before = False
            return replace(bolus, source="patient", continues=True)
        return bolus
