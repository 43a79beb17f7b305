"""Lets one window pass on a board: ticks, the nurse's visits, outages and stalls in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..bedside.window import TICKS_PER_S, WindowWorld
from ..board.virtual_board import Bench, VirtualBoard
from ..faults.of_board import Outage, outages, stall_ticks
from ..nurse.nurse import Nurse
from ..nurse.script import Visit

EPOCH_2020_S = 1_577_836_800
_ON, _VISIT, _OFF = 0, 1, 2  # what comes first at the same second
_LONGEST_SKIP = 60_000


@dataclass
class WindowRun:
    """begins_s: Unix time of the window's start; rtc: a clock with a battery is fitted;
    counters_from: what the counters show at every boot.

    `visits` collects what became of each visit, for the truth.
    """

    board: VirtualBoard
    nurse: Nurse
    world: WindowWorld
    begins_s: int
    boot_seed: str
    rtc: bool = False
    counters_from: int = 0
    visits: list[dict[str, Any]] = field(default_factory=list)

    def run(self, visits: Sequence[Visit]) -> None:
        """Powers the board up, lets the window pass, and cuts power."""
        world = self.world
        self._at = 0
        self._boots = 0
        self._bench: Bench | None = None
        self._stalls = [(first + world.lead_s * TICKS_PER_S, n)
                        for first, n in stall_ticks(world.faults, world.window_s)]
        end_s = world.window_s + world.tail_s
        events: list[tuple[int, int, Any]] = [(visit.at_s, _VISIT, visit) for visit in visits]
        for outage in outages(world.faults):
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
        if self._bench:
            self._bench.power_off()

    def _boot(self, reason: str) -> None:
        at_s = self._at // TICKS_PER_S - self.world.lead_s
        seed = f"{self.boot_seed}/{self._boots}" if self._boots else self.boot_seed
        self._boots += 1
        rtc_s = self.begins_s + at_s - EPOCH_2020_S if self.rtc else None
        self._bench = Bench(self.board, seed, self.world.pins, self._at, reason, rtc_s,
                            self.counters_from)

    def _cut(self, outage: Outage) -> None:
        assert self._bench is not None
        if outage.warned:
            self._bench.supply_fails()
        self._bench.power_off()
        self._bench = None

    def _visit(self, visit: Visit) -> None:
        utc_ms = (self.begins_s + visit.at_s + visit.clock_offset_s) * 1000
        codes: list[int] = []
        if visit.linked and self._bench:
            self._bench.session(lambda port: codes.extend(
                self.nurse.visit(port, utc_ms, visit.commands, visit.refused_ok)))
        else:
            alone = [command for command in visit.commands if command[0] != "pull"]
            codes = self.nurse.visit(None, utc_ms, alone, visit.refused_ok)
        self.visits.append({
            "at_s": visit.at_s, "clock_offset_s": visit.clock_offset_s,
            "board_on": self._bench is not None,
            "commands": [" ".join(command[:2]) for command in visit.commands], "exit_codes": codes,
        })

    def _pass_until(self, until_s: int) -> None:
        end = (until_s + self.world.lead_s) * TICKS_PER_S
        while self._stalls and self._stalls[0][0] < end:
            first, n = self._stalls.pop(0)
            if first + n > end:
                self._stalls.insert(0, (end, first + n - end))
            self._pass(first)
            self._skip(min(first + n, end))
        self._pass(end)

    def _pass(self, end: int) -> None:
        if self._bench and end > self._at:
            self._bench.pass_ticks(end - self._at)
        self._at = max(self._at, end)

    def _skip(self, end: int) -> None:
        while self._at < end:
            n = min(end - self._at, _LONGEST_SKIP)
            if self._bench:
                self._bench.skip_ticks(n)
            self._at += n
