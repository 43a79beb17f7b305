"""Places records in UTC, each with an uncertainty, by the clock anchors of its log.

The log is one chain of moments in order of seq: the beginning of every boot, its anchors, its last
record. An anchor bounds its moment from both sides. From one moment to the next of a boot its clock
tells how long it was, give or take DRIFT_PPM; from one boot to the next it was no less than nothing,
and after a reset (RESUMED) no more than its lost_ms. So each bound holds, weakened, all along the
chain, and the tightest from either side count.

Two bounds that contradict each other cannot both hold. Nobody knows which is wrong: both are given
up for what contradicts them, and an hour more. So anchors that disagree in one boot leave what
reaches from the one to the other, and boots that contradict their order move apart.

Promise: the truth of every placed moment lies within its uncertainty, and UTC never runs against
seq, as long as
- the board's clock runs DRIFT_PPM off at most, at every time;
- every anchor is as right as it says, or contradicts another one and is no more than an hour off. Of
  a host that says that nobody keeps its clock, an hour off goes without contradiction; the board's
  own clock chip counts as five minutes off, whatever it says.
A host that is wrong, says that its clock is kept, and contradicts no other anchor and no other boot
looks like one that is right: no uncertainty covers that.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pumpwire.records import NOT_SYNCED, OWN_CLOCK, SYNCED
from pumpwire.units import EPOCH_2020_S

from .chain import FOREVER_MS, Chain, Claim, drift_ms
from .store import Store, StoredRecord

DISAGREE_MS = 60_000
OFF_MS = 3_600_000  # how far off a clock may be that is not kept, or contradicted
CHIP_MS = 300_000  # a clock chip's: years of 2 ppm, and whatever set it
BRACKET_MS = 3_600_000  # a boot that may lie this far elsewhere, untold the time, is not placed
_TRUST = {SYNCED: 2, NOT_SYNCED: 0}  # not known: 1


@dataclass(frozen=True, order=True)
class Anchor:
    """A host said that it was utc_ms, give or take uncertainty_ms, at this uptime."""

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
    """A boot went on from the one before it, whose uptime was uptime_ms at most lost_ms earlier."""

    uptime_ms: int
    lost_ms: int

    @classmethod
    def of(cls, record: StoredRecord) -> Resumed:
        """Takes a RESUMED record."""
        fields = record.fields
        return cls(fields["uptime_s"] * 1000 + fields["uptime_ms"], fields["lost_ms"])


class Timeline:
    """Built from a log's ANCHOR and RESUMED records and each boot's last uptime, ms."""

    def __init__(self, records: Iterable[StoredRecord], last_uptime_ms: Mapping[int, int]) -> None:
        told: dict[int, list[Anchor]] = defaultdict(list)
        self._resumed: dict[int, Resumed] = {}
        for record in records:
            if record.kind == "resumed":
                self._resumed[record.boot] = Resumed.of(record)
            else:
                told[record.boot].append(Anchor.of(record))
        lengths = dict(last_uptime_ms)
        for boot, anchors in told.items():
            lengths[boot] = max(lengths.get(boot, 0), *(a.uptime_ms for a in anchors))
        for boot, resumed in self._resumed.items():
            lengths[boot - 1] = max(lengths.get(boot - 1, 0), resumed.uptime_ms)
        self._told = told
        self._believed: dict[int, list[Anchor]] = defaultdict(list)
        self._boots: dict[int, tuple[int, int]] = {}  # boot: its first and last moment in the chain
        self._lay_out(lengths)
        self._place()

    @classmethod
    def of(cls, store: Store, log_id: int) -> Timeline:
        """Builds a log's timeline from the store."""
        return cls(store.records(log_id, "anchor", "resumed"), store.last_uptimes(log_id))

    def utc(self, boot: int, uptime_ms: int) -> tuple[int, int] | None:
        """Returns (Unix ms UTC, uncertainty in ms) of a moment of a boot, None where unknown."""
        if boot not in self._boots:
            return None
        first, last = self._boots[boot]
        at = bisect_right(self._uptimes, uptime_ms, first, last + 1)
        near = max(first, at - 1)
        past_ms = uptime_ms - self._uptimes[near]
        drift = drift_ms(past_ms)
        utc_ms = self._utc[near] + past_ms
        low_ms, high_ms = self._low[near] + past_ms - drift, self._high[near] + past_ms + drift
        if near < last and past_ms > 0:
            after, left_ms = near + 1, self._uptimes[near + 1] - uptime_ms
            drift = drift_ms(left_ms)
            utc_ms = (self._utc[near]
                      + (self._utc[after] - self._utc[near]) * past_ms // (past_ms + left_ms))
            low_ms = max(low_ms, self._low[after] - left_ms - drift)
            high_ms = min(high_ms, self._high[after] - left_ms + drift)
        return utc_ms, max(high_ms - utc_ms, utc_ms - low_ms)

    def resumed(self, boot: int) -> Resumed | None:
        """Returns what a boot noted of the one before, if that one's memory was kept."""
        return self._resumed.get(boot)

    def anchors(self, boot: int) -> list[Anchor]:
        """Returns the anchors that place a boot, in order: of those that disagree, the believed."""
        return sorted(self._believed.get(boot) or self._told.get(boot, []))

    def disagreeing(self, boot: int) -> list[tuple[Anchor, int]]:
        """Returns (anchor, ms that it is ahead) for each that is over a minute off, and more than it
        states, from where the boot is placed."""
        off = []
        for anchor in sorted(self._told.get(boot, [])):
            placed = self.utc(boot, anchor.uptime_ms)
            ahead_ms = anchor.utc_ms - placed[0] if placed else 0
            if abs(ahead_ms) > DISAGREE_MS + anchor.uncertainty_ms:
                off.append((anchor, ahead_ms))
        return off

    def _lay_out(self, lengths: Mapping[int, int]) -> None:
        """Puts every boot's beginning, anchors and last moment into the chain."""
        self._chain = Chain()
        self._uptimes = [0]
        self._at: list[tuple[int, int, Anchor]] = []  # moment, boot and anchor
        first = 0
        for boot in sorted(lengths):
            if self._boots:
                resumed, gap_ms = self._resumed.get(boot), FOREVER_MS
                if resumed and resumed.lost_ms:
                    gap_ms = max(0, resumed.uptime_ms + resumed.lost_ms - lengths[boot - 1])
                    gap_ms += drift_ms(gap_ms)
                first = self._chain.add(0, gap_ms)
                self._uptimes.append(0)
            for anchor in sorted(self._told.get(boot, [])):
                self._at.append((self._reach(anchor.uptime_ms), boot, anchor))
            self._boots[boot] = first, self._reach(lengths[boot])

    def _reach(self, uptime_ms: int) -> int:
        """Returns the moment at uptime_ms of the boot that the chain ends with."""
        past_ms = uptime_ms - self._uptimes[-1]
        if not past_ms:
            return len(self._uptimes) - 1
        self._uptimes.append(uptime_ms)
        return self._chain.add(past_ms - drift_ms(past_ms), past_ms + drift_ms(past_ms))

    def _place(self) -> None:
        """Works out where every moment lies at the earliest, at the latest and most likely."""
        chain = self._chain
        kept = chain.bounds(anchor.claim(k) for k, _, anchor in self._at if anchor.trust)
        denied = chain.bounds(
            (k, low_ms, high_ms) for (k, low_ms, high_ms), anchor in
            ((anchor.claim(k), anchor) for k, _, anchor in self._at)
            if anchor.trust or low_ms > kept.high[k] or high_ms < kept.low[k])
        claims = []
        for k, _, anchor in self._at:
            _, low_ms, high_ms = anchor.claim(k)
            off_ms = 0 if anchor.trust else OFF_MS
            claims.append((
                k, low_ms - off_ms if low_ms <= denied.high[k] else denied.high[k] - OFF_MS,
                high_ms + off_ms if high_ms >= denied.low[k] else denied.low[k] + OFF_MS))
        found = chain.bounds(claims)
        self._low, self._high = found.low, found.high
        everywhere = zip(range(len(found.low)), found.low, found.high, strict=True)
        likely = chain.bounds([*everywhere, *self._believe()])
        self._utc = [min(max((low_ms + high_ms) // 2, found.low[k]), found.high[k])
                     for k, (low_ms, high_ms) in enumerate(zip(likely.low, likely.high, strict=True))]
        for boot, ends in list(self._boots.items()):
            if boot not in self._told and 2 * BRACKET_MS < min(found.high[k] - found.low[k] for k in ends):
                del self._boots[boot]

    def _believe(self) -> list[Claim]:
        """Returns claims that agree with each other, so many as they are; of those that do not the
        best: see _ranks."""
        ranked = []
        ranks = {boot: _ranks(anchors) for boot, anchors in self._told.items()}
        for k, boot, anchor in self._at:
            ranked.append((ranks[boot][anchor], k, boot, anchor))
        claims: list[Claim] = []
        for _, k, boot, anchor in sorted(ranked):
            claim = anchor.claim(k)
            at = bisect_left(claims, claim)
            if not (at and self._chain.contradict(claims[at - 1], claim)) and not (
                    at < len(claims) and self._chain.contradict(claim, claims[at])):
                claims.insert(at, claim)
                self._believed[boot].append(anchor)
        return claims


def _ranks(anchors: list[Anchor]) -> dict[Anchor, tuple[int, int, int, int]]:
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
