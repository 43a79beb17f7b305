"""One patient's bedside over one window: what a board's sensors could see of it, tick by tick.

The arrays begin `lead_s` before the window (bag hung, pump stopped: time for the nurse) and
end `tail_s` after it (pump still running).

    lead_s         window_days * 86400 s          tail_s
    |--------------|------------------------------|------|
    tick 0         tick lead_s * 10
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..faults import Fault
from .bag import BagSwap
from .handset import Edge
from .load_cell import LoadCell
from .pins import CLOSED, TICKS_PER_S, Pins


@dataclass(frozen=True)
class BedsideOptions:
    """What may differ from one run to another; the defaults are the plain bedside."""

    lead_s: int = 60  #: from the arrays' begin to the window's
    tail_s: int = 180  #: from the window's end to the arrays'
    bag_ul: int = 250_000  #: what a fresh bag holds
    bag_floor_ul: int = 10_000  #: what must be left in a bag when it is changed
    bolus_speed_ul_h: int = 20_000  #: how fast the pump gives a bolus
    lockout_from: str = "start"  #: from which end of a bolus the lockout counts: "start" or "end"
    denied_share: float = 0.2  #: of presses that are followed by another inside the lockout
    load_cell: LoadCell = field(default_factory=LoadCell)  #: the cell, and how wrong its calibration is
    #: by what share of itself the true quantum grows in 24 h, hidden from the board
    quantum_drift_per_day: Fraction = Fraction(0)
    trace_s: int = 3600  #: how often truth["trace"] notes the volumes


@dataclass(frozen=True)
class Bedside:
    """One window as the sensors would see it, and the truth behind it."""

    patient: str  #: the patient's code
    timepoint: str  #: "baseline" or "followup"
    lead_s: int  #: from the arrays' begin to the window's
    window_s: int  #: how long the window is
    tail_s: int  #: from the window's end to the arrays'
    counts: NDArray[np.int32]  #: the motor's counts so far, one value a tick of 100 ms
    presses: NDArray[np.int32]  #: the handset's presses so far, one a tick
    handset_level: NDArray[np.uint8]  #: 1 while the handset is closed, one a tick
    weights_raw: NDArray[np.int32]  #: the load cell's readings, one a second
    reliefs: NDArray[np.int32]  #: the relief button's presses so far, one a second
    temperature: NDArray[np.int32]  #: quarter degrees Celsius, one a second
    contents_ul: NDArray[np.float64]  #: what the hung bag holds, one a second
    cell_zero: int  #: raw reading of an empty bag on the hook, as the board is told
    cell_per_kg: int  #: raw counts per kilogram, as the board is told
    bag_ul: int  #: what a fresh bag holds
    swaps: tuple[BagSwap, ...]  #: all bag changes, seconds from the window's start
    contact: tuple[Edge, ...]  #: the handset's edges before the filter, us from the window's start
    faults: tuple[Fault, ...]  #: those of this window
    truth: dict[str, Any]  #: what really happened, for truth.json (see truth.py)

    @property
    def swap_times_s(self) -> tuple[int, ...]:
        """When the nurse enters each new bag: it hangs, and the pump still stands."""
        return tuple(swap.entry_s for swap in self.swaps)

    @property
    def pins(self) -> Pins:
        """What the board's pins show."""
        last = TICKS_PER_S - 1  # of each second's ticks: the one at which the board looks
        closed = self.handset_level[last::TICKS_PER_S].astype(np.int32) * CLOSED
        packed = self.temperature << 8 | closed
        return Pins(self.counts, self.presses, self.weights_raw, self.reliefs, packed)
