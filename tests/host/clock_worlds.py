"""Simulated boards whose truth is known: boots, drift, resets, and hosts that are right or wrong."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from pumplog.store import StoredRecord
from pumplog.timeline import Timeline
from pumpwire.units import EPOCH_2020_S, TICK_MS

T0_MS = 1_767_600_000_000
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
NS = 1_000_000  # in a ms
PPM = 100
LOST_MS = 25_000


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
    def drifting(cls, dice: random.Random, begin_ns: int, length_ms: int) -> Clock:
        """Makes one whose rate is constant, turns now and then, or jumps from end to end, within
        PPM of the truth."""
        turns = dice.choice((0, 0, 3, 12))
        corners = [(0, begin_ns)]
        for to_ms in sorted({*(dice.randint(1, length_ms) for _ in range(turns)), length_ms}):
            at_ms, at_ns = corners[-1]
            ppm = dice.choice((-PPM, PPM, dice.uniform(-PPM, PPM)))
            corners.append((to_ms, at_ns + round((to_ms - at_ms) * (NS + ppm))))
        return cls(corners)

    def true_ns(self, uptime_ms: int) -> int:
        """Returns when it showed uptime_ms."""
        for (at_ms, at_ns), (to_ms, to_ns) in zip(self.corners, self.corners[1:], strict=False):
            if uptime_ms <= to_ms:
                return at_ns + (to_ns - at_ns) * (uptime_ms - at_ms) // (to_ms - at_ms)
        raise ValueError("after the boot's end")


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

    @property
    def right(self) -> bool:
        """Whether the truth lies within what it states, by a host that says its clock is kept."""
        return bool(self.host_id and self.synced) and abs(self.error_ns) <= self.uncertainty_ms * NS

    def record(self) -> StoredRecord:
        """Returns its record."""
        return anchor(self.boot, self.uptime_ms, self.utc_ms, self.uncertainty_ms, self.synced,
                      self.host_id)


@dataclass
class World:
    """A log's clock records, and what truly was."""

    lengths_ms: dict[int, int] = field(default_factory=dict)  # as the log's last record tells
    resumed: list[StoredRecord] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    truth: list[tuple[int, int, int]] = field(default_factory=list)  # boot, uptime, true ns; by seq

    def timeline(self) -> Timeline:
        """Returns what pumplog makes of it."""
        records = [told.record() for told in self.told] + self.resumed
        return Timeline(sorted(records, key=lambda r: (r.boot, r.uptime_ms)), self.lengths_ms)

    def contradicted(self, one: Told) -> bool:
        """Returns whether a right anchor stands against a wrong one: in one boot, within half a year,
        by more than both state and the clock may drift; or, if it is an hour off at most, by the
        boots' order."""
        small = abs(one.error_ns) <= HOUR_MS * NS
        return any(self._denies(other, one) for other in self.told
                   if other.right and (small or other.boot == one.boot
                                       and abs(other.uptime_ms - one.uptime_ms) < 180 * DAY_MS))

    def _denies(self, right: Told, wrong: Told) -> bool:
        doubt_ms = right.uncertainty_ms + wrong.uncertainty_ms
        first, last = sorted((right, wrong), key=lambda told: (told.boot, told.uptime_ms))
        if first.boot == last.boot:
            span_ms = last.uptime_ms - first.uptime_ms
        else:
            span_ms = self.lengths_ms[first.boot] - first.uptime_ms + last.uptime_ms + sum(
                length_ms for boot, length_ms in self.lengths_ms.items()
                if first.boot < boot < last.boot)
        slack_ms = doubt_ms + span_ms * PPM // 999_000 + 20
        told_ms = last.utc_ms - first.utc_ms
        return told_ms < span_ms - slack_ms or first.boot == last.boot and told_ms > span_ms + slack_ms


def world(seed: int, wrong: float = 0.3) -> World:
    """Makes a log of up to seven boots; wrong: how many of its hosts are wrong."""
    dice = random.Random(seed)
    made, now_ns = World(), T0_MS * NS
    longest_ms = dice.choice((2 * HOUR_MS, 60 * HOUR_MS, 30 * DAY_MS, 900 * DAY_MS))
    boots = range(1, dice.randint(2, 8))
    for boot in boots:
        length_ms = _grid(dice.randint(1000, longest_ms))
        clock = Clock.drifting(dice, now_ns, length_ms)
        kept = dice.random() < 0.5 and boot < boots[-1]
        seen_ms = _grid(dice.randint(max(0, length_ms - MINUTE_MS), length_ms)) if kept else length_ms
        made.lengths_ms[boot] = seen_ms
        for _ in range(dice.choice((0, 0, 1, 1, 2, 6))):
            made.told.append(_tell(dice, boot, _grid(dice.randint(0, seen_ms)), clock, wrong))
        uptimes = {0, seen_ms, *(_grid(dice.randint(0, seen_ms)) for _ in range(12)),
                   *(told.uptime_ms for told in made.told if told.boot == boot)}
        made.truth += [(boot, ms, clock.true_ns(ms)) for ms in sorted(uptimes)]
        now_ns = clock.true_ns(length_ms)
        if kept:
            snapshot_ms = max(0, length_ms - _grid(dice.randint(0, 10_000)))
            off_ms = dice.randint(0, LOST_MS - 11_000)
            made.resumed.append(resumed(boot + 1, snapshot_ms, dice.choice((LOST_MS, LOST_MS, 0))))
        else:
            off_ms = dice.choice((0, 300, dice.randint(0, HOUR_MS), dice.randint(0, 40 * HOUR_MS)))
        now_ns += off_ms * NS
    made.told = [one for one in made.told if one.right or _allowed(one) or made.contradicted(one)]
    return made


def _tell(dice: random.Random, boot: int, uptime_ms: int, clock: Clock, wrong: float) -> Told:
    uncertainty_ms, synced, host_id = dice.randint(51, 400), dice.choice((1, 1, 2)), dice.randint(1, 4)
    error_ns = dice.randint(-uncertainty_ms * NS + NS, uncertainty_ms * NS - NS)
    kind = dice.choice("chip unsynced minutes minutes far".split()) if dice.random() < wrong else ""
    if kind == "chip":
        host_id, synced, uncertainty_ms = 0, 2, 5000
        error_ns = dice.randint(-299_999, 299_999) * NS
    elif kind:
        most_ms = 400 * DAY_MS if kind == "far" else HOUR_MS - 1000
        error_ns = dice.randint(-most_ms, most_ms) * NS
        synced = 0 if kind == "unsynced" else synced
    true_ns = clock.true_ns(uptime_ms)
    utc_ms = max((true_ns + error_ns) // NS, EPOCH_2020_S * 1000)
    return Told(boot, uptime_ms, utc_ms, uncertainty_ms, synced, host_id, utc_ms * NS - true_ns)


def _allowed(one: Told) -> bool:
    """Returns whether an anchor is as wrong as the promise lets a chip, or a host that says so, be."""
    most_ms = 300_000 if not one.host_id else 0 if one.synced else HOUR_MS
    return abs(one.error_ns) <= most_ms * NS


def _grid(ms: int) -> int:
    return ms // TICK_MS * TICK_MS


@dataclass
class Score:
    """What was checked over many worlds."""

    placed: int = 0
    unplaced: int = 0
    wrong: int = 0

    def check(self, seed: int, wrong: float = 0.3) -> None:
        """Asserts of a world that truth lies within the uncertainty and UTC goes with seq."""
        made = world(seed, wrong)
        self.wrong += sum(not one.right for one in made.told)
        line, last_ms = made.timeline(), 0
        for boot, uptime_ms, true_ns in made.truth:
            placed = line.utc(boot, uptime_ms)
            if placed is None:
                self.unplaced += 1
                assert all(one.boot != boot for one in made.told), seed
                continue
            self.placed += 1
            at_ms, doubt_ms = placed
            assert abs(at_ms * NS - true_ns) <= doubt_ms * NS, (seed, boot, uptime_ms, placed, true_ns)
            assert at_ms >= last_ms, (seed, boot, uptime_ms)
            last_ms = at_ms
        if not wrong:
            for one in made.told:
                placed = line.utc(one.boot, one.uptime_ms)
                assert placed and placed[1] <= one.uncertainty_ms + 1, (seed, one, placed)
