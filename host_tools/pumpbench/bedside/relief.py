"""The relief button: pressed when the pain has eased after a bolus.

The onset is drawn from the paper's perceived onset (its Table 2): 38.75 +/- 14.63 min, 20 to 60, at
baseline, and 8 +/- 2.21 min, 5 to 12, at follow-up.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .pump import Bolus

ONSET_MIN = {"baseline": (38.75, 14.63, 20, 60), "followup": (8.0, 2.21, 5, 12)}
FORGOTTEN_SHARE, TWICE_SHARE = 0.1, 0.05
AGAIN_MS = (1_500, 4_000)


@dataclass(frozen=True)
class Relief:
    """The relief button's presses for one bolus."""

    bolus_ms: int  #: when the bolus began, ms from the window's start
    at_ms: tuple[int, ...]  #: when the button was pressed


def plan_reliefs(
    boluses: Sequence[Bolus], timepoint: str, rng: np.random.Generator
) -> tuple[Relief, ...]:
    """Return what the patient presses: once as a rule, now and then not at all, or twice.

    Not before the pain has eased: a next bolus that comes first takes the place of the earlier bolus.
    """
    mean_min, sd_min, low_min, high_min = ONSET_MIN[timepoint]
    found = []
    for i, bolus in enumerate(boluses):
        onset_min = float(np.clip(rng.normal(mean_min, sd_min), low_min, high_min))
        chance, again_ms = rng.random(), int(rng.integers(*AGAIN_MS))
        at_ms = bolus.start_ms + round(onset_min * 60_000)
        superseded = i + 1 < len(boluses) and boluses[i + 1].start_ms <= at_ms
        if chance < FORGOTTEN_SHARE or superseded:
            continue
        twice = chance > 1 - TWICE_SHARE
        found.append(Relief(bolus.start_ms, (at_ms, at_ms + again_ms) if twice else (at_ms,)))
    return tuple(found)
