"""Places records in UTC, each with an uncertainty, by the clock anchors of its log.

Why so. A board counts its uptime and nothing steps its clock: a wrong host would set it wrong for
good. What hosts say is kept as anchors, and the time of every record is computed again from all of them.
So a later visit corrects earlier records, and no time is tighter than its evidence.

The chain. The log is a row of moments in order of seq: each boot's beginning, its anchors, its last
record. An anchor bounds its moment from both sides. Within a boot the board's clock tells how far
apart moments are, give or take DRIFT_PPM. From boot to boot it is nothing at least, and after a reset
(RESUMED) lost_ms at most. So each bound holds, weakened, all along the chain, and the tightest count.

Contradictions. Two bounds that contradict each other cannot both hold, and nobody knows which is
wrong. Each is given up on that side, for the other's and an hour beyond. So anchors that disagree in a
boot leave all between them, and boots against their order move apart. A reset that anchors on both sides
make longer than it says bounds nothing. A host found over a minute off counts as a host whose clock
nobody keeps, until another host confirms it.

The likely time. Of anchors that contradict each other the best are believed. Between them the time
runs as the board's clock does, inside the bounds; the uncertainty reaches to the farther bound.

Promise: UTC never runs against seq, and the truth of every placed moment lies within its
uncertainty, as long as
- the board's clock is DRIFT_PPM off at most, at every time;
- every reset is as short as it says, or right anchors on both its sides deny it;
- every anchor is right within what it states, or wrong in a way that shows. An hour off at most, it
  shows where it contradicts a right anchor. It also shows where its host says that nobody keeps its
  clock, or was found off next to it. Farther off, it shows where it contradicts a right anchor of its
  own boot within half a year. The board's clock chip counts as five minutes off, also where it says
  less.
Nothing covers a host that is wrong, says that its clock is kept, and contradicts no anchor and no
boot: it looks like a host that is right.

Tried and left:
- joining the nearest two anchors of a boot: a boot without an anchor had no time;
- a line through the anchors of a boot that agree, which widened by the others. Boots against their order
  gave way one after the other, and resets were joined in pairs. What a step left could be undone by the
  next, so no promise could be stated of the whole;
- midway between the bounds as the time: it runs faster and slower than the board's clock;
- giving up contradictions once: hosts that nobody keeps then still contradict each other.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from ..store import Store, StoredRecord, without
from .anchors import DISAGREE_MS, Anchor, PlacedAnchor, Resumed, ranks, suspects
from .chain import Bounds, Chain, Claim, drift_ms
from .layout import Layout

OFF_MS = 3_600_000  # how far off a clock may be that is not kept, or contradicted
# beyond a bound that is itself widened by OFF_MS to both sides, and by the drift of half a year (180
# days: 52 min from side to side)
_OFF_AGAIN_MS = 3 * OFF_MS
BRACKET_MS = 3_600_000  # a boot that may lie this far elsewhere, and was never told the time, has none


class Timeline:
    """When every moment of a log was, built from its anchors and resets."""

    def __init__(self, records: Iterable[StoredRecord], last_uptime_ms: Mapping[int, int]) -> None:
        """Takes a log's ANCHOR and RESUMED records and {boot: uptime of its last record, ms}."""
        self._layout = Layout.of(records, last_uptime_ms)
        self._boots = dict(self._layout.boots)  # those that have a time
        self._believed: dict[int, list[Anchor]] = defaultdict(list)
        self._free = self._without_overlong_resets()
        self._place()

    @classmethod
    def of(cls, store: Store, log_id: int, known: Collection[int] | None = None,
           unproven: bool = False) -> Timeline:
        """Builds a log's timeline from the store: from what a seal or the board's word covers.

        known: by the anchors of these numbers alone. unproven: from all of the log; so also where
        nothing of it is covered, for no figure rests on it.
        """
        but = store.pages.unproven(log_id)
        if unproven or but and not store.pages.proves_some(log_id):
            but = []
        records = without(store.records.of(log_id, "anchor", "resumed"), but)
        if known is not None:
            records = (each for each in records if each.kind != "anchor" or each.seq in known)
        return cls(records, store.records.last_uptimes(log_id, but))

    def utc(self, boot: int, uptime_ms: int) -> tuple[int, int] | None:
        """Returns (Unix ms UTC, uncertainty in ms) of a moment of a boot, None where unknown.

        The bounds of the moments before and after it are carried to it by the board's clock.
        """
        if boot not in self._boots:
            return None
        first, last = self._boots[boot]
        uptimes_ms, bounds = self._layout.uptimes_ms, self._bounds
        before = max(first, bisect_right(uptimes_ms, uptime_ms, first, last + 1) - 1)
        past_ms = uptime_ms - uptimes_ms[before]
        drift = drift_ms(past_ms)
        utc_ms = self._utc[before] + past_ms
        low_ms = bounds.low[before] + past_ms - drift
        high_ms = bounds.high[before] + past_ms + drift
        if before < last and past_ms > 0:
            after, left_ms = before + 1, uptimes_ms[before + 1] - uptime_ms
            drift = drift_ms(left_ms)
            utc_ms = (self._utc[before]
                      + (self._utc[after] - self._utc[before]) * past_ms // (past_ms + left_ms))
            low_ms = max(low_ms, bounds.low[after] - left_ms - drift)
            high_ms = min(high_ms, bounds.high[after] - left_ms + drift)
        return utc_ms, max(high_ms - utc_ms, utc_ms - low_ms)

    def resumed(self, boot: int) -> Resumed | None:
        """Returns what a boot noted of the boot before it, if the memory of that was kept."""
        return self._layout.resumed.get(boot)

    def anchors(self, boot: int) -> list[Anchor]:
        """Returns the anchors that place a boot, in order: of those that disagree, the believed."""
        return sorted(self._believed.get(boot) or self._layout.anchors_of.get(boot, []))

    def disagreeing(self, boot: int) -> list[tuple[Anchor, int]]:
        """Returns (anchor, ms that it is ahead) for each that is over a minute off, and more than it
        states, from where the boot is placed."""
        return [(placed.anchor, self._ahead_ms(placed)) for placed in self._off()
                if placed.boot == boot]

    def denied_by(self, boot: int, anchor: Anchor) -> list[PlacedAnchor]:
        """Returns the believed anchors, of any boot, that cannot hold together with this one."""
        claim = anchor.claim(next(
            k for k, of_boot, each in self._layout.anchors if (of_boot, each) == (boot, anchor)))
        return [placed for placed in self._layout.anchors
                if placed.anchor in self._believed[placed.boot] and self._free.contradict(
                    *sorted((claim, placed.anchor.claim(placed.moment))))]

    def resets_denied(self) -> list[tuple[PlacedAnchor, PlacedAnchor, int]]:
        """Returns, for each reset that bounds nothing, the anchors before and after it that deny it, and
        how much too far apart they are, ms: it was longer than it says, or one of them is wrong."""
        kept = [placed for placed in self._layout.anchors if placed.anchor.trust]
        found = {}
        for begin in sorted(self._overlong):
            before = [placed for placed in kept if placed.moment < begin]
            after = [placed for placed in kept if placed.moment >= begin]
            if before and after:
                a, b = before[-1], after[0]
                found[a, b] = self._layout.chain.too_far_ms(a.anchor.claim(a.moment),
                                                            b.anchor.claim(b.moment))
        return [(a, b, apart_ms) for (a, b), apart_ms in found.items() if apart_ms > DISAGREE_MS]

    def boots_disagreed(self) -> list[int]:
        """Returns the boots that have such anchors, in order."""
        return sorted({placed.boot for placed in self._off()})

    def _ahead_ms(self, placed: PlacedAnchor) -> int:
        return placed.anchor.utc_ms - self._utc[placed.moment]

    def _off(self) -> list[PlacedAnchor]:
        return [placed for placed in self._layout.anchors
                if abs(self._ahead_ms(placed)) > max(DISAGREE_MS, placed.anchor.uncertainty_ms)]

    def _without_overlong_resets(self) -> Chain:
        """Returns the chain in which resets bound nothing that anchors on both their sides deny."""
        chain = self._layout.chain
        kept = [anchor.claim(k) for k, _, anchor in self._layout.anchors if anchor.trust]
        self._overlong = set(chain.too_long(kept)).intersection(self._layout.resets)
        return chain.without_most(self._overlong)

    def _place(self) -> None:
        """Works out where every moment lies at the earliest, at the latest and most likely."""
        believed = self._believe()
        self._work_out(believed, {})
        suspect = suspects(self._layout.anchors, {placed.moment for placed in self._off()})
        if suspect:
            self._work_out(believed, suspect)
        low, high = self._bounds.low, self._bounds.high
        for boot, ends in self._layout.boots.items():
            if boot not in self._layout.anchors_of and (
                    2 * BRACKET_MS < min(high[k] - low[k] for k in ends)):
                del self._boots[boot]

    def _work_out(self, believed: list[Claim], suspect: Mapping[int, bool]) -> None:
        """Sets the bounds, with an hour more for suspect anchors, and the likely times in them."""
        chain = self._layout.chain
        stated = [(anchor.claim(k), anchor.trust) for k, _, anchor in self._layout.anchors]
        kept = chain.bounds(claim for claim, trust in stated if trust)
        judges = chain.bounds(claim for claim, trust in stated if trust or kept.contradict(claim))
        claims = []
        for claim, trust in stated:
            in_own_boot = suspect.get(claim.moment)  # None: it is not suspect
            judged = in_own_boot and judges.contradict(claim)  # its own boot bounds it already
            widened = not trust or in_own_boot is not None and not judged
            claims.append(_given_up(claim, judges, OFF_MS, OFF_MS if widened else 0))
        rest = self._free.bounds(claims)  # hosts that nobody keeps may contradict each other still
        self._bounds = self._free.bounds(_given_up(claim, rest, _OFF_AGAIN_MS) for claim in claims)
        self._utc = self._likely(believed)

    def _believe(self) -> list[Claim]:
        """Returns claims that agree with each other, as many as there are; of those that do not agree
        the best: see `ranks`."""
        rank = {boot: ranks(anchors) for boot, anchors in self._layout.anchors_of.items()}
        claims: list[Claim] = []
        for _, k, boot, anchor in sorted((rank[boot][anchor], k, boot, anchor)
                                         for k, boot, anchor in self._layout.anchors):
            claim = anchor.claim(k)
            at = bisect_left(claims, claim)
            if not (at and self._free.contradict(claims[at - 1], claim)) and not (
                    at < len(claims) and self._free.contradict(claim, claims[at])):
                claims.insert(at, claim)
                self._believed[boot].append(anchor)
        return claims

    def _likely(self, believed: list[Claim]) -> list[int]:
        """Returns where every moment most likely lies, Unix ms UTC; never out of bounds, never back.

        Those of believed anchors lie midway in their bounds. From there it goes as the board's clock
        runs; within a boot evenly from anchor to anchor; boots between two that have anchors lie in
        the middle of the room.
        """
        everywhere = [Claim(k, *ends) for k, ends in enumerate(
            zip(self._bounds.low, self._bounds.high, strict=True))]
        bounds = self._free.bounds([*everywhere, *believed])
        likely = [(low_ms + high_ms) // 2
                  for low_ms, high_ms in zip(bounds.low, bounds.high, strict=True)]
        fixed = {claim.moment: likely[claim.moment] for claim in believed}
        steady = self._as_it_runs(fixed)
        ends: list[int | None] = [None, *sorted(fixed), None]
        for a, b in zip(ends, ends[1:], strict=False):
            first, last = a or 0, len(likely) - 1 if b is None else b
            room = [steady.room(k, *((end, fixed[end]) if end is not None else None for end in (a, b)))
                    for k in range(first, last + 1)]
            if all(low_ms <= high_ms for low_ms, high_ms in room):  # else less than drift parts them
                likely[first : last + 1] = [(low_ms + high_ms) // 2 for low_ms, high_ms in room]
        return [min(max(likely[k], low_ms), high_ms) for k, low_ms, high_ms in everywhere]

    def _as_it_runs(self, fixed: Mapping[int, int]) -> Chain:
        """Returns the chain without drift: between two fixed moments of a boot evenly."""
        chain, uptimes_ms = Chain(), self._layout.uptimes_ms
        for first, last in sorted(self._layout.boots.values()):
            if first:
                chain.add(0, self._free.most(first))
            ends = [k for k in range(first, last + 1) if k in fixed]
            for k in range(first + 1, last + 1):
                length_ms, at = uptimes_ms[k] - uptimes_ms[k - 1], bisect_left(ends, k)
                if 0 < at < len(ends):
                    a, b = ends[at - 1], ends[at]
                    span_ms, took_ms = uptimes_ms[b] - uptimes_ms[a], fixed[b] - fixed[a]
                    past_ms = uptimes_ms[k] - uptimes_ms[a]
                    length_ms = (took_ms * past_ms // span_ms
                                 - took_ms * (past_ms - length_ms) // span_ms)
                chain.add(length_ms, length_ms)
        return chain


def _given_up(claim: Claim, against: Bounds, by_ms: int, off_ms: int = 0) -> Claim:
    """Returns a claim widened by off_ms; on the side where it contradicts the bounds, it reaches to
    those and by_ms beyond."""
    k, low_ms, high_ms = claim
    return Claim(
        k, low_ms - off_ms if low_ms <= against.high[k] else against.high[k] - by_ms,
        high_ms + off_ms if high_ms >= against.low[k] else against.low[k] + by_ms)
