"""What a board's pins show through one window: the edge between the bedside and the board."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TICK_MS = 100
TICKS_PER_S = 1000 // TICK_MS
CLOSED, NO_TEMPERATURE = 1, 2  # bits of `packed`


@dataclass(frozen=True)
class Pins:
    """What the board's pins show: int32 arrays, the first two with a value a tick of 100 ms, the others
    with a value a second. They agree at the last tick of each second, where the board looks at all of
    them."""

    counts: NDArray[np.int32]  #: the motor's counts so far, cumulative
    presses: NDArray[np.int32]  #: the handset's presses latched so far, cumulative
    weights: NDArray[np.int32]  #: the load cell's raw readings, NO_READING for none
    reliefs: NDArray[np.int32]  #: the relief button's presses so far, cumulative
    #: CLOSED while the handset is, NO_TEMPERATURE, and the quarter degrees from bit 8 up
    packed: NDArray[np.int32]
