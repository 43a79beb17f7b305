"""Places records in UTC: within a boot by its clock anchors, with an uncertainty."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable

from pumpwire.units import EPOCH_2020_S

from .store import StoredRecord

DRIFT_PPM = 100  # a crystal's error is 20 ppm; five times that is allowed for
DISAGREE_MS = 60_000


class Timeline:
    """Built from a log's ANCHOR records. A boot without an anchor has no UTC: its time is unknown."""

    def __init__(self, anchors: Iterable[StoredRecord]) -> None:
        self._boots: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for record in anchors:
            fields = record.fields
            utc_ms = (fields["epoch_s"] + EPOCH_2020_S) * 1000 + fields["epoch_ms"]
            self._boots[record.boot].append((record.uptime_ms, utc_ms, fields["uncertainty_ms"]))

    def utc(self, boot: int, uptime_ms: int) -> tuple[int, int] | None:
        """Returns (Unix ms UTC, uncertainty in ms) of a moment of a boot, None where unknown.

        Between two anchors that agree the line joins them; outside, and where they disagree by
        more than a minute, the nearest counts, and the disagreement widens the uncertainty.
        """
        anchors = self._boots.get(boot)
        if not anchors:
            return None
        after = bisect_left(anchors, (uptime_ms,))
        near = [anchors[k] for k in (after - 1, after) if 0 <= k < len(anchors)]
        first, last = near[0], near[-1]
        nearest = min(near, key=lambda anchor: abs(anchor[0] - uptime_ms))
        distance_ms = abs(uptime_ms - nearest[0])
        spread_ms = abs((last[1] - last[0]) - (first[1] - first[0]))
        uncertainty_ms = nearest[2] + distance_ms * DRIFT_PPM // 1_000_000
        if first is last or spread_ms > DISAGREE_MS or last[0] == first[0]:
            widened = spread_ms if spread_ms > DISAGREE_MS else 0
            return nearest[1] + uptime_ms - nearest[0], uncertainty_ms + widened
        part = (last[1] - first[1]) * (uptime_ms - first[0]) // (last[0] - first[0])
        return first[1] + part, uncertainty_ms + spread_ms
