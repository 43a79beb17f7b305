"""Lays a log out as a chain of moments: each boot's beginning, its anchors, its last record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..store import StoredRecord
from .anchors import Anchor, PlacedAnchor, Resumed
from .chain import FOREVER_MS, Chain, drift_ms


@dataclass
class Layout:
    """The moments of a log in order of seq, and how far apart they are."""

    chain: Chain = field(default_factory=Chain)  #: least and most between the moments, ms
    uptimes_ms: list[int] = field(default_factory=lambda: [0])  #: of each moment, ms in its boot
    boots: dict[int, tuple[int, int]] = field(default_factory=dict)  #: boot: first and last moment
    anchors: list[PlacedAnchor] = field(default_factory=list)  #: in order of their moments
    resets: list[int] = field(default_factory=list)  #: moments where a boot begins that is bounded
    anchors_of: dict[int, list[Anchor]] = field(default_factory=dict)  #: boot: what it was told
    resumed: dict[int, Resumed] = field(default_factory=dict)  #: boot: what it kept of the last

    @classmethod
    def of(cls, records: Iterable[StoredRecord], last_uptime_ms: Mapping[int, int]) -> Layout:
        """Takes a log's ANCHOR and RESUMED records and each boot's last uptime, ms."""
        anchors_of: dict[int, list[Anchor]] = defaultdict(list)
        resumed: dict[int, Resumed] = {}
        for record in records:
            if record.kind == "resumed":
                resumed[record.boot] = Resumed.of(record)
            else:
                anchors_of[record.boot].append(Anchor.of(record))
        lengths_ms = dict(last_uptime_ms)
        for boot, anchors in anchors_of.items():
            lengths_ms[boot] = max(lengths_ms.get(boot, 0), *(a.uptime_ms for a in anchors))
        for boot, kept in resumed.items():
            lengths_ms[boot - 1] = max(lengths_ms.get(boot - 1, 0), kept.uptime_ms)
        layout = cls(anchors_of=dict(anchors_of), resumed=resumed)
        for boot in sorted(lengths_ms):
            layout._add(boot, lengths_ms[boot], lengths_ms.get(boot - 1, 0))
        return layout

    def _add(self, boot: int, length_ms: int, length_before_ms: int) -> None:
        """Adds a boot behind those that are there: its beginning, its anchors and its last moment.

        After a reset that kept the memory it began at most lost_ms after what was kept, else any time
        after the boot before it.
        """
        first = 0
        if self.boots:
            resumed, gap_ms = self.resumed.get(boot), FOREVER_MS
            if resumed and resumed.lost_ms:
                gap_ms = max(0, resumed.uptime_ms + resumed.lost_ms - length_before_ms)
                gap_ms += drift_ms(gap_ms)
                self.resets.append(len(self.uptimes_ms))
            first = self.chain.add(0, gap_ms)
            self.uptimes_ms.append(0)
        for anchor in sorted(self.anchors_of.get(boot, [])):
            self.anchors.append(PlacedAnchor(self._reach(anchor.uptime_ms), boot, anchor))
        self.boots[boot] = first, self._reach(length_ms)

    def _reach(self, uptime_ms: int) -> int:
        """Returns the moment at uptime_ms of the boot that the chain ends with."""
        past_ms = uptime_ms - self.uptimes_ms[-1]
        if not past_ms:
            return len(self.uptimes_ms) - 1
        self.uptimes_ms.append(uptime_ms)
        return self.chain.add(past_ms - drift_ms(past_ms), past_ms + drift_ms(past_ms))
