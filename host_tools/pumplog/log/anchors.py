"""What a log holds about clocks: who said what time it was, how long a reset was, whom to believe."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pumpwire.records import NOT_SYNCED, OWN_CLOCK, SYNCED
from pumpwire.units import EPOCH_2020_S

from ..store import StoredRecord
from .chain import Claim, drift_ms

DISAGREE_MS = 60_000  # clocks this far apart are of different opinions
CHIP_MS = 300_000  # a clock chip's: 1.9 years at the 5 ppm of a DS3231M, 4.7 at the 2 ppm of a DS3231
_TRUST = {SYNCED: 2, NOT_SYNCED: 0}  # not known: 1


@dataclass(frozen=True, order=True)
class Anchor:
    """A host, or the board's own clock chip, said what time it was."""

    uptime_ms: int  #: when it said so, ms since the boot began
    utc_ms: int  #: what it said, Unix ms UTC
    uncertainty_ms: int  #: utc_ms is right give or take this, ms
    trust: int  #: of its clock: 2 a time service keeps it, 1 nobody knows, 0 nobody keeps it
    seq: int  #: the number of its record
    host_id: int = 0  #: who said it; 0: the board's own clock chip

    @property
    def offset_ms(self) -> int:
        """What to add to uptime for UTC, by this anchor, ms."""
        return self.utc_ms - self.uptime_ms

    def claim(self, moment: int) -> Claim:
        """Returns the bounds that this states for a moment of a chain."""
        return Claim(moment, self.utc_ms - self.uncertainty_ms, self.utc_ms + self.uncertainty_ms)

    @classmethod
    def of(cls, record: StoredRecord) -> Anchor:
        """Takes an ANCHOR record."""
        fields = record.fields
        return cls(record.uptime_ms, (fields["epoch_s"] + EPOCH_2020_S) * 1000 + fields["epoch_ms"],
                   max(fields["uncertainty_ms"], CHIP_MS if fields["host_id"] == OWN_CLOCK else 0),
                   _TRUST.get(fields["synced"], 1), record.seq, fields["host_id"])


class PlacedAnchor(NamedTuple):
    """An anchor in the chain of its log."""

    moment: int  #: its number in the chain
    boot: int  #: the boot that it was said to
    anchor: Anchor  #: what was said


@dataclass(frozen=True)
class Resumed:
    """A boot went on from the boot before it, whose memory was kept."""

    uptime_ms: int  #: what the boot before had come to when it was kept last, ms since that began
    lost_ms: int  #: how long after that the new boot began at most, ms; 0: nobody knows

    @classmethod
    def of(cls, record: StoredRecord) -> Resumed:
        """Takes a RESUMED record."""
        fields = record.fields
        return cls(fields["uptime_s"] * 1000 + fields["uptime_ms"], fields["lost_ms"])


def ranks(anchors: Sequence[Anchor]) -> dict[Anchor, tuple[int, int, int, int]]:
    """Returns what sorts a boot's anchors, the best first.

    An opinion is a group of anchors, each of which lies a minute and the drift from the next at most.
    First comes the best trusted opinion, then that of most anchors; within an opinion the best trusted
    anchor, then the most certain.
    """
    span_ms = max(a.uptime_ms for a in anchors) - min(a.uptime_ms for a in anchors)
    opinions: list[list[Anchor]] = []
    for anchor in sorted(anchors, key=lambda a: a.offset_ms):
        if opinions and anchor.offset_ms - opinions[-1][-1].offset_ms <= DISAGREE_MS + drift_ms(span_ms):
            opinions[-1].append(anchor)
        else:
            opinions.append([anchor])
    return {anchor: (-max(a.trust for a in opinion), -len(opinion), -anchor.trust, anchor.uncertainty_ms)
            for opinion in opinions for anchor in opinion}


def suspects(placed: Sequence[PlacedAnchor], off: Collection[int]) -> dict[int, bool]:
    """Returns {moment: whether its own boot has it} of the anchors not to be taken at their word.

    off: the moments of anchors that were found off. A host that was found off is suspect at its
    visits before and after, up to a visit at which a host that was always right confirms it. The clock
    chip may have its time from any host that told it in a boot that the chip did not begin. So it
    confirms nobody, and is suspect after a host that is. True: the host was found off in that very boot,
    whose other anchors then judge this anchor too.
    """
    found_off = {(boot, anchor.host_id) for k, boot, anchor in placed if k in off}
    hosts_off = {OWN_CLOCK, *(host_id for _, host_id in found_off)}
    borne_out = {boot for _, boot, anchor in placed if anchor.host_id not in hosts_off}
    chip_told = {boot for _, boot, anchor in placed if anchor.host_id == OWN_CLOCK}
    found: dict[int, bool] = {}

    def follow(anchors: Iterable[PlacedAnchor], forward: bool) -> None:
        hosts: set[int] = set()  # suspect from here on
        for k, boot, anchor in anchors:
            in_own_boot = (boot, anchor.host_id) in found_off
            if k in off:
                hosts.add(anchor.host_id)
            elif boot in borne_out and not in_own_boot:
                hosts.discard(anchor.host_id)
            elif anchor.host_id in hosts:
                found[k] = in_own_boot
            if forward and boot not in chip_told and (k in off or k in found):
                hosts.add(OWN_CLOCK)

    follow(reversed(placed), forward=False)
    follow(placed, forward=True)
    return found
