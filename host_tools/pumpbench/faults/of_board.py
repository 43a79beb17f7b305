"""What faults do to the gateway itself: when it is off, why it boots, which ticks it does not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .faults import Fault

TICK_MS = 100
_REASONS = {"power_cut": "power_on", "brownout": "brownout", "watchdog_reset": "watchdog"}


@dataclass(frozen=True)
class Outage:
    """The gateway is off for a while."""

    off_s: int  #: from when, seconds from the window's start
    on_s: int  #: when it boots
    reason: str  #: a key of board.virtual_board.RESET_REASONS
    warned: bool  #: the supply's failure was seen first, and the hold-up ran


def outages(faults: Sequence[Fault]) -> tuple[Outage, ...]:
    """Returns the outages in order; an outage that begins within another prolongs it."""
    found: list[Outage] = []
    for fault in sorted(faults, key=lambda fault: (fault.at_s, fault.kind)):
        for off_s, on_s in off_spans_s([fault]):
            outage = Outage(off_s, on_s, _REASONS[fault.kind], fault.kind == "power_cut")
            if found and off_s <= found[-1].on_s:
                last = found.pop()
                later = outage if on_s > last.on_s else last
                cold = "power_on" if "power_on" in (last.reason, outage.reason) else later.reason
                outage = Outage(last.off_s, later.on_s, cold, last.warned)
            found.append(outage)
    return tuple(found)


def off_spans_s(faults: Sequence[Fault]) -> list[tuple[int, int]]:
    """Returns from when to when each of these faults has the gateway off."""
    return [(fault.at_s, fault.at_s + int(fault.number("off_s")))
            for fault in faults if fault.kind in _REASONS]


def stall_ticks(faults: Sequence[Fault], window_s: int) -> list[tuple[int, int]]:
    """Returns (first tick from the window's start, how many) of each stall, in order, merged."""
    stalls: list[tuple[int, int]] = []
    for fault in faults:
        if fault.kind == "flash_stall":
            begin_s, end_s = fault.span_s(window_s)
            n = int(fault.number("stall_ms")) // TICK_MS
            every = int(fault.number("every_ms")) // TICK_MS
            stalls += [(at, n) for at in range(begin_s * 10, end_s * 10, every)]
    merged: list[tuple[int, int]] = []
    for at, n in sorted(stalls):
        if merged and at <= sum(merged[-1]):
            first, length = merged.pop()
            merged.append((first, max(first + length, at + n) - first))
        else:
            merged.append((at, n))
    return merged
