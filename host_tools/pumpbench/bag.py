"""The bag on its hook: when it is changed, and what it holds at each second.

Times are from the window's start. A change takes 180 s in which the pump stands; the hook is
empty for the 60 s in the middle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from .errors import BenchError
from .pump import Bolus, PumpSettings, Span, bolus_curve, continuous_curve
from .volume import VolumeCurve

SWAP_S = 180
OFF_AFTER_S, ON_AFTER_S, ENTRY_AFTER_S = 60, 120, 150
CLEAR_BEFORE_S, CLEAR_AFTER_S = 30, 600
SEARCH_STEP_S = 60


@dataclass(frozen=True)
class BagSwap:
    """One bag change: pump stopped, old bag off, new bag on, pump restarted; all in seconds."""

    stop_s: int
    off_s: int
    on_s: int
    restart_s: int

    @property
    def entry_s(self) -> int:
        """When the nurse enters the new bag: once it hangs, before the pump restarts."""
        return self.stop_s + ENTRY_AFTER_S

    @property
    def stop(self) -> Span:
        """The span in ms in which the pump stands."""
        return self.stop_s * 1000, self.restart_s * 1000


def schedule_swaps(
    settings: PumpSettings,
    span: Span,
    window_s: int,
    stops: Sequence[Span],
    boluses: Sequence[Bolus],
    presses_ms: Sequence[int],
    bag_ul: int,
    floor_ul: int,
) -> tuple[BagSwap, ...]:
    """Choose the bag changes that keep `floor_ul` or more in the bag over all of `span` (ms).

    Each change is as late as it can be with no bolus running, none due within 10 min, and no
    press near it; none straddles the window's edges. BenchError if there is no such moment.
    """
    swaps: list[BagSwap] = []
    usable_ul = Fraction(bag_ul - floor_ul)
    pcia = bolus_curve(*span, boluses)
    since_s = 0
    while True:
        all_stops = [*stops, *(swap.stop for swap in swaps)]
        delivered = continuous_curve(settings, *span, all_stops) + pcia
        used_ul = delivered.at(swaps[-1].stop_s * 1000) if swaps else Fraction(0)
        low_ms = delivered.when(used_ul + usable_ul)
        if low_ms is None:
            return tuple(swaps)
        stop_s = min(int(low_ms) // 1000, window_s - SWAP_S)
        while stop_s > since_s and not _quiet(stop_s, boluses, presses_ms):
            stop_s -= SEARCH_STEP_S
        if stop_s <= since_s:
            raise BenchError(
                f"A bag of {bag_ul / 1000:g} mL runs low {int(low_ms) // 1000} s into the window"
                " with no quiet moment to change it: use larger bags or a lower rate."
            )
        since_s = stop_s + SWAP_S
        swaps.append(BagSwap(stop_s, stop_s + OFF_AFTER_S, stop_s + ON_AFTER_S, since_s))


def _quiet(stop_s: int, boluses: Sequence[Bolus], presses_ms: Sequence[int]) -> bool:
    """Say whether a change at `stop_s` would meet neither a bolus nor a press."""
    from_ms, to_ms = (stop_s - CLEAR_BEFORE_S) * 1000, (stop_s + CLEAR_AFTER_S) * 1000
    if any(from_ms <= at_ms <= to_ms for at_ms in presses_ms):
        return False
    return not any(bolus.start_ms <= to_ms and bolus.end_ms >= from_ms for bolus in boluses)


def contents_by_second(
    delivered: VolumeCurve, swaps: Sequence[BagSwap], bag_ul: int, begin_s: int, end_s: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return what hangs on the hook each second: microlitres, and whether a bag hangs at all.

    Both have shape (end_s - begin_s,); element j stands for the moment begin_s + j.
    """
    at_s = np.arange(begin_s, end_s, dtype=np.float64)
    contents_ul = bag_ul - delivered.at_many(at_s * 1000)
    hung = np.ones(len(at_s), dtype=np.bool_)
    for swap in swaps:
        before_ul = contents_ul[swap.off_s - begin_s]
        contents_ul[swap.on_s - begin_s :] += bag_ul - before_ul
        hung[swap.off_s - begin_s : swap.on_s - begin_s] = False
    contents_ul[~hung] = 0.0
    return contents_ul, hung
