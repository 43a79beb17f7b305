"""Simulated boards whose truth is known: boots, drift, resets, lost pages, and hosts right or wrong.

A world holds a log's clock records and when each of its records truly was. `world` draws anything that
the promise in pumplog.log.timeline covers, and nothing else: what was drawn beyond it is taken out.
`laptop_world` has one laptop that is wrong at every visit, and a clock chip that it may have set.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from gateway.clock import Uptime
from pumplog.log import Timeline
from pumplog.store import StoredRecord
from pumpwire.units import TICK_MS, TICKS_WRAP

from helpers.host.clock_truth import (
    DAY_MS,
    HOUR_MS,
    LOST_MS,
    MINUTE_MS,
    NS,
    T0_MS,
    Chip,
    Clock,
    Told,
    resumed,
)

PPM = 100
LENGTHS_MS = (2 * HOUR_MS, 60 * HOUR_MS, 30 * DAY_MS, 900 * DAY_MS, 4000 * DAY_MS)


@dataclass
class World:
    """A log's clock records, and what truly was."""

    lengths_ms: dict[int, int] = field(default_factory=dict)  # as the log's last record tells
    resets: dict[int, tuple[StoredRecord, int]] = field(default_factory=dict)  # and how long truly
    told: list[Told] = field(default_factory=list)
    truth: list[tuple[int, int, int]] = field(default_factory=list)  # boot, uptime, true ns; by seq

    def timeline(self) -> Timeline:
        """Returns what pumplog makes of it."""
        records = [told.record() for told in self.told] + [word for word, _ in self.resets.values()]
        return Timeline(sorted(records, key=lambda r: (r.boot, r.uptime_ms)), self.lengths_ms)

    def lose(self, first: tuple[int, int], end: tuple[int, int]) -> None:
        """The records from (boot, uptime) on up to another never reached the store."""
        self.told = [word for word in self.told if not first <= (word.boot, word.uptime_ms) < end]
        self.truth = [word for word in self.truth if not first <= word[:2] < end]
        self.resets = {boot: word for boot, word in self.resets.items() if not first <= (boot, 0) < end}
        self.lengths_ms = {}
        for boot, uptime_ms, _ in self.truth:
            self.lengths_ms[boot] = max(self.lengths_ms.get(boot, 0), uptime_ms)

    def keep_to_the_promise(self) -> None:
        """Takes out wrong anchors that nothing contradicts; long resets that nothing denies are no more
        said to have been short."""
        self.told = [word for word in self.told
                     if word.right or word.allowed or self._contradicted(word)]
        for boot, (record, off_ms) in self.resets.items():
            if off_ms > LOST_MS and record.fields["lost_ms"] and not self._too_long(boot, off_ms):
                record.fields["lost_ms"] = 0

    def _contradicted(self, word: Told) -> bool:
        """Returns whether a right anchor stands against a wrong one: in one boot, within half a year,
        by more than both state and the clock may drift; or, if it is an hour off at most, by the
        boots' order."""
        small = abs(word.error_ns) <= HOUR_MS * NS
        return any(self._denies(other, word) for other in self.told
                   if other.right and (small or other.boot == word.boot
                                       and abs(other.uptime_ms - word.uptime_ms) < 180 * DAY_MS))

    def _denies(self, right: Told, wrong: Told) -> bool:
        uncertainty_ms = right.counts_ms + wrong.counts_ms
        first, last = sorted((right, wrong), key=lambda told: (told.boot, told.uptime_ms))
        if first.boot == last.boot:
            span_ms = last.uptime_ms - first.uptime_ms
        else:
            span_ms = self.lengths_ms[first.boot] - first.uptime_ms + last.uptime_ms + sum(
                length_ms for boot, length_ms in self.lengths_ms.items()
                if first.boot < boot < last.boot)
        slack_ms = uncertainty_ms + span_ms * PPM // 999_000 + 20
        told_ms = last.utc_ms - first.utc_ms
        return told_ms < span_ms - slack_ms or first.boot == last.boot and told_ms > span_ms + slack_ms

    def _too_long(self, boot: int, off_ms: int) -> bool:
        """Returns whether right anchors of the boots before and after a reset deny that it was short."""
        around = [[word for word in self.told if word.right and word.boot == of]
                  for of in (boot - 1, boot)]
        return any(off_ms - LOST_MS > 2 * (before.uncertainty_ms + after.uncertainty_ms)
                   + MINUTE_MS + 3 * (self.lengths_ms[boot - 1] - before.uptime_ms + after.uptime_ms)
                   * PPM // 999_000 for before in around[0] for after in around[1])


def world(seed: int, wrong: float = 0.3) -> World:
    """Makes a log of up to seven boots; wrong: how many of its hosts are wrong, and resets longer
    than they say."""
    dice = random.Random(seed)
    made, now_ns, chip = World(), T0_MS * NS, Chip(dice, fitted=wrong > 0 and dice.random() < 0.5)
    longest_ms = dice.choice(LENGTHS_MS)
    boots = range(1, dice.randint(2, 8))
    for boot in boots:
        length_ms = _grid(dice.randint(1000, longest_ms))
        clock = Clock.drifting(dice, now_ns, length_ms, PPM)
        kept = dice.random() < 0.5 and boot < boots[-1]
        kept_ms = _grid(dice.randint(max(0, length_ms - MINUTE_MS), length_ms)) if kept else length_ms
        made.told += chip.boots(boot, now_ns)
        for uptime_ms in sorted(_grid(dice.randint(0, kept_ms))
                                for _ in range(dice.choice((0, 0, 1, 1, 2, 6)))):
            word = _tell(dice, boot, uptime_ms, clock.true_ns(uptime_ms), wrong)
            chip.told(word.error_ns, clock.true_ns(uptime_ms))
            made.told.append(word)
        _witness(dice, made, boot, kept_ms, clock)
        now_ns = clock.true_ns(length_ms)
        off_ms = dice.choice((0, 300, dice.randint(0, HOUR_MS), dice.randint(0, 40 * HOUR_MS)))
        if kept:
            snapshot_ms = max(0, length_ms - _grid(dice.randint(0, 10_000)))
            if dice.random() >= wrong:
                off_ms = dice.randint(0, LOST_MS - 11_000)
            made.resets[boot + 1] = (resumed(boot + 1, snapshot_ms, dice.choice((LOST_MS, LOST_MS, 0))),
                                     off_ms)
        now_ns += off_ms * NS
    if dice.random() < 0.3:
        made.lose(*sorted(dice.choice(made.truth)[:2] for _ in range(2)))
    made.keep_to_the_promise()
    return made


def laptop_world(seed: int) -> World:
    """Makes a log of eight boots: a laptop is wrong by the same at every visit, says that its clock is
    kept, and may be the one to have set the clock chip; in some boots three others come too. Off for
    longer than the laptop is wrong, no two boots contradict their order: it is outvoted wherever the
    others are."""
    dice = random.Random(seed)
    made, now_ns, chip = World(), T0_MS * NS, Chip(dice, fitted=dice.random() < 0.5)
    off_ms = dice.choice((-1, 1)) * dice.choice((dice.randint(120_000, 285_000),
                                                 dice.randint(330_000, 59 * MINUTE_MS)))
    others = {dice.randint(1, 8) for _ in range(2)}
    for boot in range(1, 9):
        length_ms = _grid(dice.randint(HOUR_MS, dice.choice((3, 30)) * DAY_MS))
        clock = Clock.drifting(dice, now_ns, length_ms, PPM)
        made.told += chip.boots(boot, now_ns)
        hosts = [1, 2, 3, 4] if boot in others else dice.choice(([1], [1], [1, 1], []))
        for host_id in hosts:
            uptime_ms = _grid(dice.randint(0, min(length_ms, DAY_MS)))
            true_ns = clock.true_ns(uptime_ms)
            error_ns = dice.randint(-50, 50) * NS + (off_ms * NS if host_id == 1 else 0)
            made.told.append(Told.by(boot, uptime_ms, true_ns, error_ns, 51, 1, host_id))
            chip.told(error_ns, true_ns)
        _witness(dice, made, boot, length_ms, clock)
        now_ns = clock.true_ns(length_ms) + dice.randint(2 * HOUR_MS, 30 * HOUR_MS) * NS
    return made


def healthy_world(seed: int, every_ms: int, uncertainty_ms: int) -> World:
    """Makes a boot of up to 60 days that a right host tells the time again and again."""
    dice = random.Random(seed)
    made, length_ms = World(), _grid(dice.randint(5 * DAY_MS, 60 * DAY_MS))
    clock = Clock.drifting(dice, T0_MS * NS, length_ms, PPM)
    most_ns = uncertainty_ms * NS - NS
    for uptime_ms in range(0, length_ms, every_ms):
        made.told.append(Told.by(1, uptime_ms, clock.true_ns(uptime_ms), dice.randint(-most_ns, most_ns),
                                 uncertainty_ms, 1, dice.randint(1, 3)))
    _witness(dice, made, 1, made.told[-1].uptime_ms, clock, 300)
    return made


def wrapping_world(seed: int) -> World:
    """Makes a boot whose records' uptimes the firmware counted, from ticks that wrap at 2^30 ms."""
    dice = random.Random(seed)
    made, length_ms = World(), _grid(dice.randint(15 * DAY_MS, 40 * DAY_MS))
    clock, uptime, shown_ms = Clock.drifting(dice, T0_MS * NS, length_ms, PPM), Uptime(), 0
    for to_ms in sorted(_grid(dice.randint(0, length_ms)) for _ in range(40)):
        while shown_ms < to_ms:  # the board's loop asks ten times a second; six days are enough
            shown_ms = min(to_ms, shown_ms + dice.randint(1, 6 * DAY_MS))
            uptime.advance(shown_ms % TICKS_WRAP)
        counted_ms, true_ns = uptime.s * 1000 + uptime.ms, clock.true_ns(to_ms)
        if dice.random() < 0.2:
            made.told.append(Told.by(1, counted_ms, true_ns, dice.randint(-50, 50) * NS, 51, 1, 1))
        made.truth.append((1, counted_ms, true_ns))
        made.lengths_ms[1] = counted_ms
    return made


def _witness(dice: random.Random, made: World, boot: int, kept_ms: int, clock: Clock,
             more: int = 12) -> None:
    """Notes when the boot's records truly were: its first, its last, its anchors and some more."""
    made.lengths_ms[boot] = kept_ms
    uptimes = {0, kept_ms, *(_grid(dice.randint(0, kept_ms)) for _ in range(more)),
               *(told.uptime_ms for told in made.told if told.boot == boot)}
    made.truth += [(boot, ms, clock.true_ns(ms)) for ms in sorted(uptimes)]


def _tell(dice: random.Random, boot: int, uptime_ms: int, true_ns: int, wrong: float) -> Told:
    uncertainty_ms, synced, host_id = dice.randint(51, 400), dice.choice((1, 1, 2)), dice.randint(1, 4)
    error_ns = dice.randint(-uncertainty_ms * NS + NS, uncertainty_ms * NS - NS)
    kind = dice.choice("unsynced minutes minutes far".split()) if dice.random() < wrong else ""
    if kind:
        most_ms = 400 * DAY_MS if kind == "far" else HOUR_MS - 1000
        error_ns = dice.randint(-most_ms, most_ms) * NS
        synced = 0 if kind == "unsynced" else synced
    return Told.by(boot, uptime_ms, true_ns, error_ns, uncertainty_ms, synced, host_id)


def _grid(ms: int) -> int:
    return ms // TICK_MS * TICK_MS


@dataclass
class Score:
    """What was checked over many worlds."""

    placed: int = 0
    unplaced: int = 0
    anchors: int = 0
    wrong: int = 0
    resets: int = 0
    too_long: int = 0
    uncertainties_ms: list[int] = field(default_factory=list)

    def check(self, made: World, name: object) -> Timeline:
        """Asserts of a world that truth lies within the uncertainty and UTC goes with seq; that
        only boots which no host told the time are not placed."""
        self.anchors += len(made.told)
        self.wrong += sum(not word.right for word in made.told)
        self.resets += len(made.resets)
        self.too_long += sum(bool(record.fields["lost_ms"]) and off_ms > LOST_MS
                             for record, off_ms in made.resets.values())
        line, last_ms = made.timeline(), 0
        told = {word.boot for word in made.told}
        for boot, uptime_ms, true_ns in made.truth:
            placed = line.utc(boot, uptime_ms)
            if placed is None:
                self.unplaced += 1
                assert boot not in told, (name, boot)
                continue
            self.placed += 1
            at_ms, uncertainty_ms = placed
            assert abs(at_ms * NS - true_ns) <= uncertainty_ms * NS, (
                name, boot, uptime_ms, placed, true_ns)
            assert at_ms >= last_ms, (name, boot, uptime_ms)
            self.uncertainties_ms.append(uncertainty_ms)
            last_ms = at_ms
        return line

    def check_healthy(self, made: World, name: object) -> None:
        """Asserts more of a world without a wrong word: an anchor's record is no less certain than the
        anchor states; no other is uncertain by more than twice what the nearest of its boot
        leaves, and drift until there."""
        line = self.check(made, name)
        for boot, uptime_ms, _ in made.truth:
            near = [word.uncertainty_ms + math.ceil(abs(uptime_ms - word.uptime_ms) * PPM / 999_900)
                    for word in made.told if word.boot == boot]
            placed = line.utc(boot, uptime_ms)
            assert not near or placed and placed[1] <= 2 * min(near) + 3, (name, boot, uptime_ms, placed)
        for word in made.told:
            placed = line.utc(word.boot, word.uptime_ms)
            assert placed and placed[1] <= word.uncertainty_ms + 1, (name, word, placed)
