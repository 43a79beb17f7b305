"""When the patient presses the handset: a seeded plan that gets each day's deliveries.

Times are integer milliseconds from the window's start; a day is 24 h from there.
"""

from dataclasses import dataclass

import numpy as np

from ..cohort import Regimen
from ..errors import BenchError

DAY_MS = 86_400_000
WAKE_MS = 15 * 60_000
SLEEP_MS = 16 * 3_600_000
SLACK_MS = 30_000
INSIDE_LOCKOUT_MS = 20_000
SHORTEST_PRESS_MS, LONGEST_PRESS_MS = 150, 600


@dataclass(frozen=True, order=True)
class Press:
    """One press of the handset."""

    at_ms: int  #: when its contact first closes, ms from the window's start
    hold_ms: int  #: how long it is held


def plan_presses(
    regimen: Regimen, bolus_ms: int, denied_share: float, rng: np.random.Generator
) -> tuple[Press, ...]:
    """Return all presses of the window, in order.

    Presses meant to be granted keep lockout + bolus + 30 s between them. After about
    `denied_share` of them one more press falls 20 s or more inside the lockout, whether the
    pump counts that from the bolus's start or from its end.
    """
    lockout_ms = regimen.lockout_s * 1000
    gap_ms = lockout_ms + bolus_ms + SLACK_MS
    times_ms: list[int] = []
    for day, deliveries in enumerate(regimen.deliveries):
        granted_ms = _spread(regimen, day, deliveries, gap_ms, rng)
        times_ms += granted_ms
        if lockout_ms >= 3 * INSIDE_LOCKOUT_MS:
            again = rng.random(len(granted_ms)) < denied_share
            # The bolus starts within 1 s of the press: both margins are kept from there too.
            times_ms += [
                at_ms + int(rng.integers(INSIDE_LOCKOUT_MS + 1000, lockout_ms - INSIDE_LOCKOUT_MS))
                for at_ms, impatient in zip(granted_ms, again, strict=True)
                if impatient
            ]
    holds_ms = rng.integers(SHORTEST_PRESS_MS, LONGEST_PRESS_MS + 1, len(times_ms))
    return tuple(
        Press(at_ms, int(hold)) for at_ms, hold in zip(sorted(times_ms), holds_ms, strict=True)
    )


def _spread(
    regimen: Regimen, day: int, deliveries: int, gap_ms: int, rng: np.random.Generator
) -> list[int]:
    """Return sorted random times in the day's waking hours, `gap_ms` or more apart."""
    room_ms = SLEEP_MS - WAKE_MS - (deliveries - 1) * gap_ms
    if deliveries and (room_ms < 1 or gap_ms > DAY_MS - SLEEP_MS):
        raise BenchError(f"{regimen.patient} {regimen.timepoint} day {day + 1}: {deliveries} boluses"
                         f" with a lockout of {regimen.lockout_s} s do not fit into the waking day",
                         "lower either")
    offsets_ms = np.sort(rng.integers(0, room_ms, deliveries)) if deliveries else np.array([], int)
    first_ms = day * DAY_MS + WAKE_MS
    return [first_ms + int(offset) + i * gap_ms for i, offset in enumerate(offsets_ms)]
