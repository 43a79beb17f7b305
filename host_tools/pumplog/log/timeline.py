"""Places records in UTC, each with an uncertainty, by the clock anchors of its log.

The log is one chain of moments in order of seq: the beginning of every boot, its anchors, its last
record. An anchor bounds its moment from both sides. From one moment to the next of a boot its clock
tells how long it was, give or take DRIFT_PPM; from one boot to the next it was no less than nothing,
and after a reset (RESUMED) no more than its lost_ms. So each bound holds, weakened, all along the
chain, and the tightest from either side count.

Two bounds that contradict each other cannot both hold. Nobody knows which is wrong: both are given
up for what contradicts them, and an hour more. So anchors that disagree in one boot leave what
reaches from the one to the other, boots that contradict their order move apart, and a reset that the
anchors on both its sides make longer than it says bounds nothing any more. A host that was found over
a minute off counts as one whose clock nobody keeps, until another host bears it out.

Promise: the truth of every placed moment lies within its uncertainty, and UTC never runs against
seq, as long as
- the board's clock runs DRIFT_PPM off at most, at every time;
- every reset is as short as it says, or right anchors on both its sides deny it;
- every anchor is as right as it says; or no more than an hour off, and contradicts a right one, or is
  of a host that says that nobody keeps its clock, or of one found off next to it; or further off, and
  contradicts a right one of its boot within half a year. The board's own clock chip counts as five
  minutes off, whatever it says.
A host that is wrong, says that its clock is kept, and contradicts no other anchor and no other boot
looks like one that is right: no uncertainty covers that.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping

from ..store.store import Store, StoredRecord
from .anchors import DISAGREE_MS, Anchor, Placed, Resumed, doubted, ranks
from .chain import FOREVER_MS, Bounds, Chain, Claim, drift_ms

OFF_MS = 3_600_000  # how far off a clock may be that is not kept, or contradicted
BRACKET_MS = 3_600_000  # a boot that may lie this far elsewhere, untold the time, is not placed


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
        low_ms = self._found.low[near] + past_ms - drift
        high_ms = self._found.high[near] + past_ms + drift
        if near < last and past_ms > 0:
            after, left_ms = near + 1, self._uptimes[near + 1] - uptime_ms
            drift = drift_ms(left_ms)
            utc_ms = (self._utc[near]
                      + (self._utc[after] - self._utc[near]) * past_ms // (past_ms + left_ms))
            low_ms = max(low_ms, self._found.low[after] - left_ms - drift)
            high_ms = min(high_ms, self._found.high[after] - left_ms + drift)
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
        return [(anchor, ahead_ms) for _, of, anchor, ahead_ms in self._off() if of == boot]

    def boots_disagreed(self) -> list[int]:
        """Returns the boots that have such anchors, in order."""
        return sorted({boot for _, boot, _, _ in self._off()})

    def _off(self) -> list[tuple[int, int, Anchor, int]]:
        return [(k, boot, anchor, anchor.utc_ms - self._utc[k]) for k, boot, anchor in self._at
                if abs(anchor.utc_ms - self._utc[k]) > max(DISAGREE_MS, anchor.uncertainty_ms)]

    def _lay_out(self, lengths: Mapping[int, int]) -> None:
        """Puts every boot's beginning, anchors and last moment into the chain."""
        self._chain = Chain()
        self._uptimes = [0]
        self._at: list[Placed] = []
        self._resets: list[int] = []  # the moments at which boots begin that resumed in bounded time
        first = 0
        for boot in sorted(lengths):
            if self._boots:
                resumed, gap_ms = self._resumed.get(boot), FOREVER_MS
                if resumed and resumed.lost_ms:
                    gap_ms = max(0, resumed.uptime_ms + resumed.lost_ms - lengths[boot - 1])
                    gap_ms += drift_ms(gap_ms)
                    self._resets.append(len(self._uptimes))
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
        trusted = [anchor.claim(k) for k, _, anchor in self._at if anchor.trust]
        denied = set(self._chain.denied(trusted)).intersection(self._resets)
        self._free = self._chain.without_most(denied)
        believed = self._believe()
        self._find(believed, {})
        off = self._off()
        in_doubt = doubted(self._at, {k for k, _, _, _ in off})
        if in_doubt:
            self._find(believed, in_doubt)
        low, high = self._found.low, self._found.high
        for boot, ends in list(self._boots.items()):
            if boot not in self._told and 2 * BRACKET_MS < min(high[k] - low[k] for k in ends):
                del self._boots[boot]

    def _find(self, believed: list[Claim], in_doubt: Mapping[int, bool]) -> None:
        """Works out the bounds, with an hour more for anchors in doubt, and what is likely in them."""
        kept = self._chain.bounds(anchor.claim(k) for k, _, anchor in self._at if anchor.trust)
        stated = [(anchor.claim(k), anchor.trust) for k, _, anchor in self._at]
        against = self._chain.bounds(claim for claim, trust in stated if trust or _denied(claim, kept))
        claims = []
        for claim, trust in stated:
            doubt = not trust or claim[0] in in_doubt and not (
                in_doubt[claim[0]] and _denied(claim, against))  # its own boot has judged it
            claims.append(_given_up(claim, against, OFF_MS, OFF_MS if doubt else 0))
        rest = self._free.bounds(claims)  # hosts that nobody keeps may contradict each other still
        self._found = self._free.bounds(_given_up(claim, rest, 3 * OFF_MS) for claim in claims)
        self._utc = self._likely(believed)

    def _believe(self) -> list[Claim]:
        """Returns claims that agree with each other, so many as they are; of those that do not the
        best: see ranks."""
        ranked = []
        rank = {boot: ranks(anchors) for boot, anchors in self._told.items()}
        for k, boot, anchor in self._at:
            ranked.append((rank[boot][anchor], k, boot, anchor))
        claims: list[Claim] = []
        for _, k, boot, anchor in sorted(ranked):
            claim = anchor.claim(k)
            at = bisect_left(claims, claim)
            if not (at and self._free.contradict(claims[at - 1], claim)) and not (
                    at < len(claims) and self._free.contradict(claim, claims[at])):
                claims.insert(at, claim)
                self._believed[boot].append(anchor)
        return claims

    def _likely(self, believed: list[Claim]) -> list[int]:
        """Returns where every moment most likely lies: those of believed anchors midway in their
        bounds; from there as the board's clock runs, in one boot from anchor to anchor evenly; boots
        between two anchored ones in the middle of the room. Never out of bounds, never back."""
        found = self._found
        everywhere = list(zip(range(len(found.low)), found.low, found.high, strict=True))
        bounds = self._free.bounds([*everywhere, *believed])
        likely = [(low_ms + high_ms) // 2
                  for low_ms, high_ms in zip(bounds.low, bounds.high, strict=True)]
        fixed = {k: likely[k] for k, _, _ in believed}
        runs = self._as_it_runs(fixed)
        ends: list[int | None] = [None, *sorted(fixed), None]
        for a, b in zip(ends, ends[1:], strict=False):
            first, last = a or 0, len(likely) - 1 if b is None else b
            room = [runs.room(k, *((end, fixed[end]) if end is not None else None for end in (a, b)))
                    for k in range(first, last + 1)]
            if all(low_ms <= high_ms for low_ms, high_ms in room):  # else less than drift parts them
                likely[first : last + 1] = [(low_ms + high_ms) // 2 for low_ms, high_ms in room]
        return [min(max(likely[k], low_ms), high_ms) for k, low_ms, high_ms in everywhere]

    def _as_it_runs(self, fixed: Mapping[int, int]) -> Chain:
        """Returns the chain without drift: between two fixed moments of a boot evenly."""
        chain = Chain()
        for first, last in sorted(self._boots.values()):
            if first:
                chain.add(0, self._free.most(first))
            ends = [k for k in range(first, last + 1) if k in fixed]
            for k in range(first + 1, last + 1):
                length_ms, at = self._uptimes[k] - self._uptimes[k - 1], bisect_left(ends, k)
                if 0 < at < len(ends):
                    a, b = ends[at - 1], ends[at]
                    span_ms, took_ms = self._uptimes[b] - self._uptimes[a], fixed[b] - fixed[a]
                    past_ms = self._uptimes[k] - self._uptimes[a]
                    length_ms = (took_ms * past_ms // span_ms
                                 - took_ms * (past_ms - length_ms) // span_ms)
                chain.add(length_ms, length_ms)
        return chain


def _denied(claim: Claim, against: Bounds) -> bool:
    k, low_ms, high_ms = claim
    return low_ms > against.high[k] or high_ms < against.low[k]


def _given_up(claim: Claim, against: Bounds, by_ms: int, off_ms: int = 0) -> Claim:
    """Returns a claim widened by off_ms, or on the side where it contradicts the bounds, to those and
    by_ms beyond."""
    k, low_ms, high_ms = claim
    return (k, low_ms - off_ms if low_ms <= against.high[k] else against.high[k] - by_ms,
            high_ms + off_ms if high_ms >= against.low[k] else against.low[k] + by_ms)
