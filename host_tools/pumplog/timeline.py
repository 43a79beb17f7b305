"""Places records in UTC: in a boot by its clock anchors, boots by their order; with an uncertainty.

A boot's clock is a line through the anchors that agree within what they state and DRIFT_PPM. The
others are not lost: how far they lie off widens the uncertainty of the whole boot. Boots follow
each other, so a boot that nobody told the time lies between its neighbours, in the middle of the
room they leave; and where two boots' anchors contradict their order, the less trusted one gives
way and both become uncertain by as much. A boot that resumed (RESUMED) began at most lost_ms after
the boot before it was last known: where one of the two is placed, so is the other. UTC never runs
against seq.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pumpwire.units import EPOCH_2020_S

from .store import Store, StoredRecord

DRIFT_PPM = 100  # a crystal's error is 20 ppm; five times that is allowed for
DISAGREE_MS = 60_000
BRACKET_MS = 3_600_000  # a boot that may lie this far elsewhere, untold the time, is not placed
_TRUST = {1: 2, 2: 1, 0: 0}  # the anchor's `synced`: yes, not known, no


@dataclass(frozen=True, order=True)
class Anchor:
    """A host said that it was utc_ms, give or take uncertainty_ms, at this uptime."""

    uptime_ms: int
    utc_ms: int
    uncertainty_ms: int
    trust: int
    seq: int

    @property
    def offset_ms(self) -> int:
        """What to add to uptime for UTC, by this anchor."""
        return self.utc_ms - self.uptime_ms

    @property
    def quality(self) -> tuple[int, int, int]:
        """Sorts the best anchor first."""
        return -self.trust, self.uncertainty_ms, self.uptime_ms


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
            fields = record.fields
            if record.kind == "resumed":
                self._resumed[record.boot] = Resumed.of(record)
                continue
            utc_ms = (fields["epoch_s"] + EPOCH_2020_S) * 1000 + fields["epoch_ms"]
            told[record.boot].append(Anchor(
                record.uptime_ms, utc_ms, fields["uncertainty_ms"],
                _TRUST.get(fields["synced"], 1), record.seq,
            ))
        self._clocks = {boot: _Clock(anchors_of) for boot, anchors_of in told.items()}
        self._brackets: dict[int, tuple[int, int]] = {}  # boot: (UTC of its start, uncertainty)
        lengths = {boot: last_uptime_ms.get(boot, told[boot][-1].uptime_ms if boot in told else 0)
                   for boot in {*told, *last_uptime_ms}}
        for boot, resumed in self._resumed.items():
            lengths[boot - 1] = max(lengths.get(boot - 1, 0), resumed.uptime_ms)
        self._put_in_order(lengths)
        self._chain(lengths)

    @classmethod
    def of(cls, store: Store, log_id: int) -> Timeline:
        """Builds a log's timeline from the store."""
        return cls(store.records(log_id, "anchor", "resumed"), store.last_uptimes(log_id))

    def utc(self, boot: int, uptime_ms: int) -> tuple[int, int] | None:
        """Returns (Unix ms UTC, uncertainty in ms) of a moment of a boot, None where unknown."""
        clock = self._clocks.get(boot)
        if clock is not None:
            return clock.utc(uptime_ms)
        if boot in self._brackets:
            begin_ms, uncertainty_ms = self._brackets[boot]
            return begin_ms + uptime_ms, uncertainty_ms + _drift(uptime_ms)
        return None

    def resumed(self, boot: int) -> Resumed | None:
        """Returns what a boot noted of the one before, if that one's memory was kept."""
        return self._resumed.get(boot)

    def anchors(self, boot: int) -> list[Anchor]:
        """Returns the anchors that a boot's line runs through, in order."""
        clock = self._clocks.get(boot)
        return clock.line if clock else []

    def _put_in_order(self, lengths: dict[int, int]) -> None:
        """Places boots one after the other: the most trusted first, the rest in the room left."""
        boots = sorted(lengths)
        before: dict[int, int] = {}  # boot: the uptimes of all boots before it, ms
        total = 0
        for boot in boots:
            before[boot] = total
            total += lengths[boot]
        placed: list[int] = []
        for boot in sorted(self._clocks, key=lambda b: (self._clocks[b].quality, b)):
            clock, at = self._clocks[boot], bisect_left(placed, boot)
            for other in placed[at : at + 1]:
                room_ms = self._clocks[other].utc(0)[0] - clock.utc(lengths[boot])[0]
                wanted_ms = before[other] - before[boot] - lengths[boot]
                _give_way(clock, self._clocks[other], min(0, room_ms - wanted_ms))
            for other in placed[max(0, at - 1) : at]:
                room_ms = clock.utc(0)[0] - self._clocks[other].utc(lengths[other])[0]
                wanted_ms = before[boot] - before[other] - lengths[other]
                _give_way(clock, self._clocks[other], max(0, wanted_ms - room_ms))
            insort(placed, boot)
        for first, second in zip(placed, placed[1:], strict=False):
            end_ms, doubt_ms = self._clocks[first].utc(lengths[first])
            begin_ms, other_ms = self._clocks[second].utc(0)
            between_ms = before[second] - before[first] - lengths[first]
            slack_ms = begin_ms - end_ms - between_ms
            room_ms = abs(slack_ms) // 2 + 1 + _drift(between_ms) + max(doubt_ms, other_ms)
            between = boots[bisect_right(boots, first) : bisect_left(boots, second)]
            for boot in between if room_ms <= BRACKET_MS else ():
                at_ms = end_ms + before[boot] - before[first] - lengths[first] + slack_ms // 2
                self._brackets[boot] = at_ms, room_ms

    def _chain(self, lengths: dict[int, int]) -> None:
        """Places boots that resumed by the one before, and those that were resumed by the one after;
        a better place than the room between anchored boots gives takes that one's stead."""
        links = sorted(boot for boot in self._resumed if self._resumed[boot].lost_ms)
        for boot in links:
            before = self.utc(boot - 1, lengths[boot - 1])
            if before is not None:
                latest_ms = max(0, self._resumed[boot].uptime_ms + self._resumed[boot].lost_ms
                                - lengths[boot - 1])
                begin_ms = before[0] + latest_ms // 2
                after = self.utc(boot + 1, 0)
                if after is not None:
                    begin_ms = max(before[0], min(begin_ms, after[0] - lengths[boot]))
                self._place(boot, begin_ms, before[1] + latest_ms // 2 + 1
                            + abs(begin_ms - before[0] - latest_ms // 2))
        for boot in reversed(links):
            begin = self.utc(boot, 0)
            if begin is not None:
                length_ms = lengths[boot - 1]
                slack_ms = max(0, self._resumed[boot].uptime_ms + self._resumed[boot].lost_ms
                               - length_ms)
                at_ms = begin[0] - slack_ms // 2 - length_ms
                before = self.utc(boot - 2, lengths.get(boot - 2, 0))
                if before is not None:
                    at_ms = min(max(at_ms, before[0]), begin[0] - length_ms)
                self._place(boot - 1, at_ms, begin[1] + slack_ms // 2 + 1 + _drift(length_ms)
                            + abs(at_ms - begin[0] + slack_ms // 2 + length_ms))

    def _place(self, boot: int, begin_ms: int, doubt_ms: int) -> None:
        if boot not in self._clocks and (
                boot not in self._brackets or doubt_ms < self._brackets[boot][1]):
            self._brackets[boot] = begin_ms, doubt_ms


def _give_way(clock: _Clock, other: _Clock, shift_ms: int) -> None:
    clock.shift_ms += shift_ms
    clock.widened_ms += abs(shift_ms)
    other.widened_ms += abs(shift_ms)


class _Clock:
    """One boot's anchors: the line through those that agree, and how far off the others lie."""

    def __init__(self, anchors: list[Anchor]) -> None:
        group = _largest_agreement(anchors)
        self.line: list[Anchor] = []
        for anchor in sorted(group, key=lambda a: a.quality):
            at = bisect_left(self.line, anchor)
            if all(_agree(anchor, other) for other in self.line[max(0, at - 1) : at + 1]):
                self.line.insert(at, anchor)
        self.quality = min(anchor.quality for anchor in self.line)
        self.shift_ms = 0
        self.widened_ms = 0
        kept = set(self.line)
        off = [anchor for anchor in anchors if anchor not in kept]
        self._off_uptimes = [min(a.uptime_ms for a in off), max(a.uptime_ms for a in off)] if off else []
        self.widened_ms = max((abs(a.utc_ms - self.utc(a.uptime_ms)[0]) + a.uncertainty_ms
                               for a in off), default=0)

    def utc(self, uptime_ms: int) -> tuple[int, int]:
        """Returns (UTC, uncertainty): between two anchors the line joins them."""
        at = bisect_right(self.line, uptime_ms, key=lambda a: a.uptime_ms)
        widened_ms = self.widened_ms + 2 * max(
            (_drift(uptime_ms - off_ms) for off_ms in self._off_uptimes), default=0)
        if at in (0, len(self.line)):
            near = self.line[max(0, at - 1)]
            away_ms = uptime_ms - near.uptime_ms
            return (near.utc_ms + away_ms + self.shift_ms,
                    near.uncertainty_ms + _drift(away_ms) + widened_ms)
        first, last = self.line[at - 1], self.line[at]
        span_ms, past_ms = last.uptime_ms - first.uptime_ms, uptime_ms - first.uptime_ms
        utc_ms = first.utc_ms + (last.utc_ms - first.utc_ms) * past_ms // span_ms
        # each anchor allows a drift over its own distance, weighted as the line weights it
        sway_ms = _drift(2 * past_ms * (span_ms - past_ms) // span_ms)
        doubt_ms = max(first.uncertainty_ms, last.uncertainty_ms) + (past_ms > 0)  # rounded down
        return utc_ms + self.shift_ms, doubt_ms + sway_ms + widened_ms


def _largest_agreement(anchors: list[Anchor]) -> list[Anchor]:
    """Returns the anchors of one opinion, a minute and the drift apart at most from the next: the
    best trusted opinion, then that of most anchors, then the most certain, then the first told."""
    span_ms = max(a.uptime_ms for a in anchors) - min(a.uptime_ms for a in anchors)
    groups: list[list[Anchor]] = []
    for anchor in sorted(anchors, key=lambda a: a.offset_ms):
        if groups and anchor.offset_ms - groups[-1][-1].offset_ms <= DISAGREE_MS + _drift(span_ms):
            groups[-1].append(anchor)
        else:
            groups.append([anchor])
    return max(groups, key=lambda g: (max(a.trust for a in g), len(g),
                                      -min(a.uncertainty_ms for a in g),
                                      -min(a.uptime_ms for a in g)))


def _agree(one: Anchor, other: Anchor) -> bool:
    uptime_ms, utc_ms = one.uptime_ms - other.uptime_ms, one.utc_ms - other.utc_ms
    allowed_ms = one.uncertainty_ms + other.uncertainty_ms + _drift(uptime_ms)
    return uptime_ms * utc_ms > 0 and abs(utc_ms - uptime_ms) <= allowed_ms


def _drift(ms: int) -> int:
    return abs(ms) * DRIFT_PPM // 1_000_000 + 1 if ms else 0
