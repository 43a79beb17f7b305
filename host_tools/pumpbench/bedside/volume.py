"""Volume as an exact piecewise-linear function of time."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Flow = tuple[int, int, Fraction]
"""Start in ms, end in ms, microlitres per ms."""

MS_PER_H = 3_600_000


class VolumeCurve:
    """Microlitres delivered by each moment; constant before the first point and after the last.

    times_ms: increasing integers, n of them; volumes_ul: non-decreasing Fractions, n of them.
    """

    def __init__(self, times_ms: Sequence[int], volumes_ul: Sequence[Fraction]) -> None:
        self.times_ms = tuple(times_ms)
        self.volumes_ul = tuple(volumes_ul)

    @classmethod
    def from_flows(cls, begin_ms: int, end_ms: int, flows: Iterable[Flow]) -> "VolumeCurve":
        """Integrate flows (in order, not overlapping, inside begin..end) from zero."""
        times_ms, volumes_ul = [begin_ms], [Fraction(0)]
        for start_ms, stop_ms, ul_per_ms in flows:
            if start_ms > times_ms[-1]:
                times_ms.append(start_ms)
                volumes_ul.append(volumes_ul[-1])
            if stop_ms > start_ms:
                times_ms.append(stop_ms)
                volumes_ul.append(volumes_ul[-1] + ul_per_ms * (stop_ms - start_ms))
        if end_ms > times_ms[-1]:
            times_ms.append(end_ms)
            volumes_ul.append(volumes_ul[-1])
        return cls(times_ms, volumes_ul)

    def __add__(self, other: "VolumeCurve") -> "VolumeCurve":
        times_ms = sorted({*self.times_ms, *other.times_ms})
        return VolumeCurve(times_ms, [self.at(ms) + other.at(ms) for ms in times_ms])

    def outside(self, spans: Sequence[tuple[int, int]]) -> "VolumeCurve":
        """Return the curve without what was delivered in these spans (ms)."""
        if not spans:
            return self
        first_ms, last_ms = self.times_ms[0], self.times_ms[-1]
        edges_ms = {ms for span in spans for ms in span if first_ms < ms < last_ms}
        times_ms = sorted({*self.times_ms, *edges_ms})
        reached_ul = [self.at(ms) for ms in times_ms]
        volumes_ul = reached_ul[:1]
        for i in range(1, len(times_ms)):
            left_out = any(a <= times_ms[i - 1] and times_ms[i] <= b for a, b in spans)
            rise_ul = Fraction(0) if left_out else reached_ul[i] - reached_ul[i - 1]
            volumes_ul.append(volumes_ul[-1] + rise_ul)
        return VolumeCurve(times_ms, volumes_ul)

    def at(self, ms: int) -> Fraction:
        """Return the microlitres delivered by `ms`, exactly."""
        right = bisect_right(self.times_ms, ms)
        if right == 0:
            return self.volumes_ul[0]
        if right == len(self.times_ms):
            return self.volumes_ul[-1]
        begin_ms, end_ms = self.times_ms[right - 1 : right + 1]
        begin_ul, end_ul = self.volumes_ul[right - 1 : right + 1]
        return begin_ul + (end_ul - begin_ul) * Fraction(ms - begin_ms, end_ms - begin_ms)

    def when(self, volume_ul: Fraction) -> Fraction | None:
        """Return the first moment in ms at which `volume_ul` was reached; None if it never is."""
        right = bisect_left(self.volumes_ul, volume_ul)
        if right == len(self.volumes_ul):
            return None
        if right == 0:
            return Fraction(self.times_ms[0])
        begin_ms, end_ms = self.times_ms[right - 1 : right + 1]
        begin_ul, end_ul = self.volumes_ul[right - 1 : right + 1]
        return begin_ms + (end_ms - begin_ms) * (volume_ul - begin_ul) / (end_ul - begin_ul)

    def at_many(self, ms: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return `at` for an array of moments, in float64."""
        volumes: NDArray[np.float64] = np.interp(
            ms, np.array(self.times_ms, float), np.array(self.volumes_ul, float)
        )
        return volumes

    def when_many(self, volumes_ul: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return `when` for an array of volumes above zero that are all reached, in float64.

        A volume reached just as a pause begins belongs to the pause's beginning (side "left").
        """
        times_ms, reached_ul = np.array(self.times_ms, float), np.array(self.volumes_ul, float)
        right = np.searchsorted(reached_ul, volumes_ul, side="left").clip(1, len(times_ms) - 1)
        begin_ms, begin_ul = times_ms[right - 1], reached_ul[right - 1]
        rise_ul = reached_ul[right] - begin_ul
        share = (volumes_ul - begin_ul) / np.where(rise_ul > 0, rise_ul, 1.0)
        times: NDArray[np.float64] = begin_ms + share.clip(0, 1) * (times_ms[right] - begin_ms)
        return times
