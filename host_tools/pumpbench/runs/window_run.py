"""Lets one window pass on a board: ticks, the nurse's visits, outages and stalls in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..bedside import TICKS_PER_S, Bedside
from ..board import RunningBoard, VirtualBoard
from ..faults import Outage, outages, stall_ticks
from ..nurse import Nurse, Visit

EPOCH_2020_S = 1_577_836_800
_ON, _VISIT, _OFF = 0, 1, 2  # what comes first at the same second
_LONGEST_SKIP = 60_000


@dataclass
class WindowRun:
    """One window on one board: `run` lets it pass, with the nurse's visits, outages and stalls."""

    board: VirtualBoard  #: the board that hangs there
    nurse: Nurse  #: who visits it
    bedside: Bedside  #: what its pins show
    begins_s: int  #: Unix time of the window's start
    boot_seed: str  #: of what the firmware draws at random
    rtc: bool = False  #: a clock with a battery is fitted
    counters_from: int = 0  #: what the counters show at every boot
    #: what became of each visit, for the truth
    visits: list[dict[str, Any]] = field(default_factory=list)

    def run(self, visits: Sequence[Visit]) -> None:
        """Powers the board up, lets the window pass, and cuts power."""
        bedside = self.bedside
        self._at = 0
        self._boots = 0
        self._running: RunningBoard | None = None
        self._stalls = [(first + bedside.lead_s * TICKS_PER_S, n)
                        for first, n in stall_ticks(bedside.faults, bedside.window_s)]
        end_s = bedside.window_s + bedside.tail_s
        events: list[tuple[int, int, Any]] = [(visit.at_s, _VISIT, visit) for visit in visits]
        for outage in outages(bedside.faults):
            events += [(outage.off_s, _OFF, outage), (outage.on_s, _ON, outage)]
        self._boot("power_on")
        for at_s, what, event in sorted(events, key=lambda event: event[:2]):
            if at_s >= end_s:
                break
            self._pass_until(at_s)
            if what == _VISIT:
                self._visit(event)
            elif what == _ON:
                self._boot(event.reason)
            else:
                self._cut(event)
        self._pass_until(end_s)
        if self._running:
            self._running.power_off()

    def _boot(self, reason: str) -> None:
        at_s = self._at // TICKS_PER_S - self.bedside.lead_s
        seed = f"{self.boot_seed}/{self._boots}" if self._boots else self.boot_seed
        self._boots += 1
        rtc_s = self.begins_s + at_s - EPOCH_2020_S if self.rtc else None
        self._running = RunningBoard(self.board, seed, self.bedside.pins, self._at, reason, rtc_s,
                                     self.counters_from)

    def _cut(self, outage: Outage) -> None:
        assert self._running is not None
        if outage.warned:
            self._running.supply_fails()
        self._running.power_off()
        self._running = None

    def _visit(self, visit: Visit) -> None:
        utc_ms = (self.begins_s + visit.at_s + visit.clock_offset_s) * 1000
        codes: list[int] = []
        if visit.linked and self._running:
            self._running.session(lambda port: codes.extend(
                self.nurse.visit(port, utc_ms, visit.commands, visit.refused_ok)))
        else:
            alone = [command for command in visit.commands if command[0] != "pull"]
            codes = self.nurse.visit(None, utc_ms, alone, visit.refused_ok)
        self.visits.append({
            "at_s": visit.at_s, "clock_offset_s": visit.clock_offset_s,
            "board_on": self._running is not None,
            "commands": [" ".join(command[:2]) for command in visit.commands], "exit_codes": codes,
        })

    def _pass_until(self, until_s: int) -> None:
        end = (until_s + self.bedside.lead_s) * TICKS_PER_S
        while self._stalls and self._stalls[0][0] < end:
            first, n = self._stalls.pop(0)
            if first + n > end:
                self._stalls.insert(0, (end, first + n - end))
            self._pass(first)
            self._skip(min(first + n, end))
        self._pass(end)

    def _pass(self, end: int) -> None:
        if self._running and end > self._at:
            self._running.pass_ticks(end - self._at)
        self._at = max(self._at, end)

    def _skip(self, end: int) -> None:
        while self._at < end:
            n = min(end - self._at, _LONGEST_SKIP)
            if self._running:
                self._running.skip_ticks(n)
            self._at += n
