"""The ward's air: a daily swing of 1.5 degrees to either side, and a slow walk about it."""

import numpy as np
from numpy.typing import NDArray

MEAN_C = 22.0
SWING_C = 1.5
WALK_C = 0.01  # a minute
S_PER_DAY = 86_400


def temperature_by_second(
    begin_s: int, end_s: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return degrees Celsius at begin_s, begin_s + 1, ...: shape (end_s - begin_s,)."""
    at_s = np.arange(begin_s, end_s, dtype=np.float64)
    swing = SWING_C * np.sin(2 * np.pi * at_s / S_PER_DAY + rng.uniform(0, 2 * np.pi))
    minutes = np.arange(begin_s, end_s + 60, 60, dtype=np.float64)
    walk = np.cumsum(rng.normal(0, WALK_C, len(minutes)))
    temperature: NDArray[np.float64] = MEAN_C + swing + np.interp(at_s, minutes, walk)
    return temperature


def quarter_degrees(temperature_c: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return what the clock's sensor says of it."""
    return np.rint(temperature_c * 4).astype(np.int32)
