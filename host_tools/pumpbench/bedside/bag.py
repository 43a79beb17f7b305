"""The bag on its hook: when it is changed, and what it holds at each second.

Times are from the window's start. A change takes 180 s in which the pump stands; the hook is
empty for the 60 s in the middle.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..errors import BenchError
from .pump import Span
from .volume import VolumeCurve

SWAP_S = 180
OFF_AFTER_S, ON_AFTER_S, ENTRY_AFTER_S = 60, 120, 150
CLEAR_BEFORE_S, CLEAR_AFTER_S = 30, 600
SEARCH_STEP_S = 60


@dataclass(frozen=True)
class BagSwap:
    """One bag change; seconds from the window's start."""

    stop_s: int  #: when the pump is stopped
    off_s: int  #: when the old bag leaves the hook
    on_s: int  #: when the new bag hangs
    restart_s: int  #: when the pump runs again
    volume_ul: int  #: what the new bag holds, microlitres
    forced: bool  #: a fault wants it then; all others are chosen by `schedule_swaps`

    @classmethod
    def at(cls, stop_s: int, volume_ul: int, forced: bool = False) -> "BagSwap":
        """Return the change that begins at `stop_s` and hangs a bag of that volume."""
        return cls(stop_s, stop_s + OFF_AFTER_S, stop_s + ON_AFTER_S, stop_s + SWAP_S, volume_ul,
                   forced)

    @property
    def entry_s(self) -> int:
        """When the nurse enters the new bag: once it hangs, before the pump restarts."""
        return self.stop_s + ENTRY_AFTER_S

    @property
    def stop(self) -> Span:
        """The span in ms in which the pump stands."""
        return self.stop_s * 1000, self.restart_s * 1000


@dataclass(frozen=True)
class Refill:
    """The hanging bag gains volume at an even speed."""

    start_s: int  #: when it begins, seconds from the window's start
    end_s: int  #: when it ends
    volume_ul: int  #: what is added, microlitres


@dataclass(frozen=True)
class BagPlan:
    """The bags of a window: what each holds, what must stay in it, and what faults add."""

    window_s: int  #: the window's length, seconds
    bag_ul: int  #: what a fresh bag holds, microlitres
    floor_ul: int  #: what must be left in a bag at its change, microlitres
    forced: Sequence[BagSwap] = ()  #: changes that must happen
    refills: Sequence[Refill] = ()  #: what is added to a hanging bag
    no_change_ms: Sequence[Span] = ()  #: further spans that no other change may meet


def schedule_swaps(
    left_bag: Callable[[Sequence[BagSwap]], VolumeCurve], plan: BagPlan, presses_ms: Sequence[int]
) -> tuple[BagSwap, ...]:
    """Return all bag changes: those forced, and those that keep the floor or more in the bag.

    left_bag(changes so far) is what leaves the bag. Each chosen change is as late as it can be
    with none of no_change_ms running or due within 10 min, and no press near it; none straddles
    the window's edges. BenchError if there is no such moment.
    """
    swaps: list[BagSwap] = []
    since_s = 0
    while True:
        low_ms = _low_ms(left_bag(swaps), plan, swaps)
        latest_s = None if low_ms is None else min(low_ms // 1000, plan.window_s - SWAP_S)
        forced = next((swap for swap in plan.forced if swap.stop_s >= since_s), None)
        if forced and (latest_s is None or forced.stop_s < latest_s + SWAP_S):
            swaps.append(forced)
            since_s = forced.restart_s
            continue
        if latest_s is None:
            return tuple(swaps)
        stop_s = latest_s
        while stop_s > since_s and not _quiet(stop_s, plan.no_change_ms, presses_ms):
            stop_s -= SEARCH_STEP_S
        if stop_s <= since_s:
            raise BenchError(f"A bag of {plan.bag_ul / 1000:g} mL runs low {latest_s} s into the"
                             " window, and no quiet moment precedes",
                             "use larger bags or a lower rate")
        swaps.append(BagSwap.at(stop_s, plan.bag_ul))
        since_s = swaps[-1].restart_s


def _low_ms(left_bag: VolumeCurve, plan: BagPlan, swaps: Sequence[BagSwap]) -> int | None:
    """Return when the bag now hung comes down to the floor; None if it never does."""
    hung_s = swaps[-1].stop_s if swaps else 0
    used_ul = left_bag.at(hung_s * 1000) if swaps else Fraction(0)
    usable_ul = (swaps[-1].volume_ul if swaps else plan.bag_ul) - plan.floor_ul
    for refill in sorted(plan.refills, key=lambda refill: refill.end_s):
        low_ms = left_bag.when(used_ul + usable_ul)
        if low_ms is not None and low_ms < refill.end_s * 1000:
            break
        usable_ul += refill.volume_ul if refill.start_s >= hung_s else 0
    low_ms = left_bag.when(used_ul + usable_ul)
    return None if low_ms is None else int(low_ms)


def _quiet(stop_s: int, busy_ms: Sequence[Span], presses_ms: Sequence[int]) -> bool:
    """Say whether a change at `stop_s` would meet neither a bolus nor a press."""
    from_ms, to_ms = (stop_s - CLEAR_BEFORE_S) * 1000, (stop_s + CLEAR_AFTER_S) * 1000
    if any(from_ms <= at_ms <= to_ms for at_ms in presses_ms):
        return False
    return not any(start_ms <= to_ms and end_ms >= from_ms for start_ms, end_ms in busy_ms)


def contents_by_second(
    left_bag: VolumeCurve, plan: BagPlan, swaps: Sequence[BagSwap], begin_s: int, end_s: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return what hangs on the hook each second: microlitres, and whether a bag hangs at all.

    Both have shape (end_s - begin_s,); element j stands for the moment begin_s + j.
    """
    at_s = np.arange(begin_s, end_s, dtype=np.float64)
    contents_ul = plan.bag_ul - left_bag.at_many(at_s * 1000)
    for refill in plan.refills:
        contents_ul += np.interp(at_s, (refill.start_s, refill.end_s), (0, refill.volume_ul))
    hung = np.ones(len(at_s), dtype=np.bool_)
    for swap in swaps:
        before_ul = contents_ul[swap.off_s - begin_s]
        contents_ul[swap.on_s - begin_s :] += swap.volume_ul - before_ul
        hung[swap.off_s - begin_s : swap.on_s - begin_s] = False
    contents_ul[~hung] = 0.0
    return contents_ul, hung
