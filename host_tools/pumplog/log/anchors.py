"""What a log holds about clocks: who said what time it was, how long a reset was, whom to believe."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from pumpwire.records import NOT_SYNCED, OWN_CLOCK, SYNCED
from pumpwire.units import EPOCH_2020_S

from ..store.store import StoredRecord
from .chain import Claim, drift_ms

DISAGREE_MS = 60_000  # design 4: clocks this far apart are of different opinions
CHIP_MS = 300_000  # a clock chip's: 1.9 years at the 5 ppm of a DS3231M, 4.7 at the 2 ppm of a DS3231
_TRUST = {SYNCED: 2, NOT_SYNCED: 0}  # not known: 1
Placed = tuple[int, int, "Anchor"]  # moment of the chain, boot, anchor


@dataclass(frozen=True, order=True)
class Anchor:
    """A host said that it was utc_ms, give or take uncertainty_ms, at this uptime.

    trust: 2 where a time service keeps the host's clock, 1 where that is not known, 0 where none does.
    """

    uptime_ms: int
    utc_ms: int
    uncertainty_ms: int
    trust: int
    seq: int
    host_id: int = 0

    @property
    def offset_ms(self) -> int:
        """What to add to uptime for UTC, by this anchor."""
        return self.utc_ms - self.uptime_ms

    def claim(self, moment: int) -> Claim:
        """Returns the bounds that this states for a moment of a chain."""
        return moment, self.utc_ms - self.uncertainty_ms, self.utc_ms + self.uncertainty_ms

    @classmethod
    def of(cls, record: StoredRecord) -> Anchor:
        """Takes an ANCHOR record."""
        fields = record.fields
        return cls(record.uptime_ms, (fields["epoch_s"] + EPOCH_2020_S) * 1000 + fields["epoch_ms"],
                   max(fields["uncertainty_ms"], CHIP_MS if fields["host_id"] == OWN_CLOCK else 0),
                   _TRUST.get(fields["synced"], 1), record.seq, fields["host_id"])


@dataclass(frozen=True)
class Resumed:
    """A boot went on from the one before it, whose uptime was uptime_ms at most lost_ms earlier;
    lost_ms is 0 where nobody knows how long it was off."""

    uptime_ms: int
    lost_ms: int

    @classmethod
    def of(cls, record: StoredRecord) -> Resumed:
        """Takes a RESUMED record."""
        fields = record.fields
        return cls(fields["uptime_s"] * 1000 + fields["uptime_ms"], fields["lost_ms"])


def ranks(anchors: Sequence[Anchor]) -> dict[Anchor, tuple[int, int, int, int]]:
    """Returns what sorts a boot's anchors, the best first. An opinion is what lies a minute and the
    drift apart at most from the next: the best trusted opinion, then that of most anchors; in it the
    best trusted, then the most certain."""
    span_ms = max(a.uptime_ms for a in anchors) - min(a.uptime_ms for a in anchors)
    opinions: list[list[Anchor]] = []
    for anchor in sorted(anchors, key=lambda a: a.offset_ms):
        if opinions and anchor.offset_ms - opinions[-1][-1].offset_ms <= DISAGREE_MS + drift_ms(span_ms):
            opinions[-1].append(anchor)
        else:
            opinions.append([anchor])
    return {anchor: (-max(a.trust for a in opinion), -len(opinion), -anchor.trust, anchor.uncertainty_ms)
            for opinion in opinions for anchor in opinion}


def doubted(placed: Sequence[Placed], off: Collection[int]) -> dict[int, bool]:
    """Returns which anchors, by their moment, are not to be taken at their word, and whether that is for
    their own boot: those of a host that was found off (off: by these moments) before or after, with no
    visit between at which another host that never was bore it out. The clock chip may have its time
    from any host that told it in a boot that the chip did not begin: it bears nobody out, and is in
    doubt after such a host."""
    found_off = {(boot, anchor.host_id) for k, boot, anchor in placed if k in off}
    hosts_off = {OWN_CLOCK, *(host_id for _, host_id in found_off)}
    borne_out = {boot for _, boot, anchor in placed if anchor.host_id not in hosts_off}
    chip_told = {boot for _, boot, anchor in placed if anchor.host_id == OWN_CLOCK}
    in_doubt: dict[int, bool] = {}

    def follow(anchors: Iterable[Placed], forward: bool) -> None:
        doubt: set[int] = set()
        for k, boot, anchor in anchors:
            own = (boot, anchor.host_id) in found_off
            if k in off:
                doubt.add(anchor.host_id)
            elif boot in borne_out and not own:
                doubt.discard(anchor.host_id)
            elif anchor.host_id in doubt:
                in_doubt[k] = own
            if forward and boot not in chip_told and (k in off or k in in_doubt):
                doubt.add(OWN_CLOCK)

    follow(reversed(placed), forward=False)
    follow(placed, forward=True)
    return in_doubt
