"""True clocks and what is told of them: a board's drifting one, its clock chip, a host's word."""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from dataclasses import dataclass

from pumplog.store import StoredRecord
from pumpwire.units import EPOCH_2020_S

T0_MS = 1_767_600_000_000
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
NS = 1_000_000  # in a ms
LOST_MS = 25_000  # what the firmware says of a quick reset
_CHIP_OFF_MS = 300_000


def anchor(boot: int, uptime_ms: int, utc_ms: int, uncertainty_ms: int = 50,
           synced: int = 1, host_id: int = 1) -> StoredRecord:
    """Returns an ANCHOR record."""
    return StoredRecord(1, 0, "anchor", boot, uptime_ms, {
        "epoch_s": utc_ms // 1000 - EPOCH_2020_S, "epoch_ms": utc_ms % 1000,
        "uncertainty_ms": uncertainty_ms, "host_id": host_id, "synced": synced})


def resumed(boot: int, uptime_ms: int, lost_ms: int) -> StoredRecord:
    """Returns a RESUMED record."""
    return StoredRecord(1, 0, "resumed", boot, 0, {
        "boot_before": boot - 1, "uptime_s": uptime_ms // 1000, "uptime_ms": uptime_ms % 1000,
        "lost_ms": lost_ms})


@dataclass
class Clock:
    """A boot's clock: corners (uptime in ms, true ns), straight in between."""

    corners: list[tuple[int, int]]

    @classmethod
    def drifting(cls, dice: random.Random, begin_ns: int, length_ms: int, most_ppm: int) -> Clock:
        """Makes one that is most_ppm off at most at every time: at a rate that is constant, turns now
        and then, jumps from end to end, or goes with the temperature of day and night."""
        manner = dice.choice(("constant", "turns", "jumps", "day and night"))
        if manner == "day and night":
            mean, swing = dice.uniform(-most_ppm / 2, most_ppm / 2), dice.uniform(0, most_ppm / 2)
            step_ms = max(2 * HOUR_MS, length_ms // 400 // HOUR_MS * HOUR_MS)
            ends = [*range(step_ms, length_ms, step_ms), length_ms]
            rates = [mean + swing * math.sin(2 * math.pi * end / DAY_MS) for end in ends]
        else:
            turns = 0 if manner == "constant" else dice.choice((1, 3, 12))
            ends = sorted({*(dice.randint(1, length_ms) for _ in range(turns)), length_ms})
            rates = [dice.choice((-most_ppm, most_ppm)) if manner == "jumps" or dice.random() < 0.3
                     else dice.uniform(-most_ppm, most_ppm) for _ in ends]
        corners = [(0, begin_ns)]
        for to_ms, ppm in zip(ends, rates, strict=True):
            at_ms, at_ns = corners[-1]
            corners.append((to_ms, at_ns + round((to_ms - at_ms) * (NS + ppm))))
        return cls(corners)

    def true_ns(self, uptime_ms: int) -> int:
        """Returns when it showed uptime_ms."""
        at = max(1, bisect_left(self.corners, (uptime_ms, 0)))
        (at_ms, at_ns), (to_ms, to_ns) = self.corners[at - 1], self.corners[at]
        return at_ns + (to_ns - at_ns) * (uptime_ms - at_ms) // (to_ms - at_ms)


@dataclass(frozen=True)
class Told:
    """An anchor and by how much it is wrong."""

    boot: int
    uptime_ms: int
    utc_ms: int
    uncertainty_ms: int
    synced: int
    host_id: int
    error_ns: int

    @classmethod
    def by(cls, boot: int, uptime_ms: int, true_ns: int, error_ns: int, uncertainty_ms: int,
           synced: int, host_id: int) -> Told:
        """Makes what a host whose clock is error_ns ahead says; no earlier than an anchor can."""
        utc_ms = max((true_ns + error_ns) // NS, EPOCH_2020_S * 1000)
        return cls(boot, uptime_ms, utc_ms, uncertainty_ms, synced, host_id, utc_ms * NS - true_ns)

    @property
    def counts_ms(self) -> int:
        """How far off it may be by the promise, in what it states."""
        return self.uncertainty_ms if self.host_id else _CHIP_OFF_MS

    @property
    def right(self) -> bool:
        """Whether the truth lies within what it states, by a host that says its clock is kept."""
        return bool(self.host_id and self.synced) and abs(self.error_ns) <= self.uncertainty_ms * NS

    @property
    def allowed(self) -> bool:
        """Whether it is as wrong at most as the promise lets a chip, or a host that says so, be."""
        most_ms = _CHIP_OFF_MS if not self.host_id else 0 if self.synced else HOUR_MS
        return abs(self.error_ns) <= most_ms * NS

    def record(self) -> StoredRecord:
        """Returns its record."""
        return anchor(self.boot, self.uptime_ms, self.utc_ms, self.uncertainty_ms, self.synced,
                      self.host_id)


class Chip:
    """A DS3231, or none: 2 ppm, whole seconds, set by the first host that finds it without a time; its
    battery may run out."""

    def __init__(self, dice: random.Random, fitted: bool) -> None:
        self._dice, self._fitted = dice, fitted
        self._set: tuple[int, int, float] | None = None  # true ns, error then, ppm

    def boots(self, boot: int, true_ns: int) -> list[Told]:
        """Returns what the board notes of it at the beginning of a boot."""
        if self._dice.random() < 0.1:
            self._set = None
        if self._set is None:
            return []
        set_ns, error_ns, ppm = self._set
        shown_ns = true_ns + error_ns + round((true_ns - set_ns) * ppm / 1e6)
        second = 1000 * NS
        return [Told.by(boot, 0, true_ns, shown_ns // second * second - true_ns, 5000, 2, 0)]

    def told(self, error_ns: int, true_ns: int) -> None:
        """A host says what time it is, error_ns ahead."""
        if self._fitted and self._set is None:
            second = 1000 * NS
            begun_ns = (true_ns + error_ns) // second * second
            self._set = true_ns, begun_ns - true_ns, self._dice.uniform(-2, 2)
