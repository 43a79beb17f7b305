"""Patients in turn on one board whose clock drifts, told the time by laptops right and wrong.

A succession holds what the board recorded, who was on it, and what each truly got. The laptops are as
wrong as the timeline's promise lets them be (pumplog.log.timeline).
"""

from __future__ import annotations

import random
from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from pumplog.dose import Doses, doses
from pumplog.log import LogView
from pumplog.log.reading import observe
from pumplog.patients import Episode, Observed, Stay
from pumplog.store import Entry, StoredRecord

from helpers.host.clock_truth import HOUR_MS, MINUTE_MS, NS, T0_MS, Clock, Told
from helpers.host.clock_worlds import PPM, World

PL_PER_COUNT = 100_000
_UL_PL = 1_000_000


@dataclass(frozen=True)
class Truth:
    """What a patient truly got."""

    continuous_ml: Fraction
    pcia_ml: Fraction
    deliveries: int


class Succession:
    """boluses: (begin in uptime ms, how long, counts); stays: (begin, end) truly, Unix ms UTC."""

    def __init__(self, seed: int) -> None:
        dice = random.Random(f"succession {seed}")
        self.length_ms = dice.randint(6, 60) * HOUR_MS
        self.clock = Clock.drifting(dice, T0_MS * NS, self.length_ms, PPM)
        self.ul_h = dice.choice((0, 200, 500, 1000))
        self.boluses = self._boluses(dice)
        self.stays = self._stays(dice)
        self.view = self._view(dice)
        self.codes = [f"P{k:02}" for k in range(1, len(self.stays) + 1)]

    # ---- what truly was

    def _boluses(self, dice: random.Random) -> list[tuple[int, int, int]]:
        found, at_ms = [], dice.randint(1, 50) * MINUTE_MS
        while at_ms + 10 * MINUTE_MS < self.length_ms:
            lasts_ms = dice.choice((20_000, 60_000, 120_000))
            found.append((at_ms, lasts_ms, dice.choice((1000, 2000, 5000))))
            at_ms += lasts_ms + dice.choice((1, 5, 30, 240)) * MINUTE_MS + dice.randrange(60) * 1000
        return found

    def _stays(self, dice: random.Random) -> list[tuple[int, int]]:
        """Borders lie anywhere, and often beside a bolus."""
        borders = []
        for _ in range(dice.choice((1, 1, 2, 3))):
            at_ms = dice.randint(HOUR_MS, self.length_ms - HOUR_MS)
            if self.boluses and dice.random() < 0.7:
                at_ms = dice.choice(self.boluses)[0] + dice.choice((-1, 1)) * dice.choice(
                    (0, 500, 5000, 60_000, 600_000, 1_800_000))
            borders.append(self.true_ms(min(max(at_ms, 60_000), self.length_ms - 60_000)))
        ends = [self.true_ms(0) - 1000, *sorted(set(borders)), self.true_ms(self.length_ms) + HOUR_MS]
        gaps = [dice.choice((0, 0, 0, 1000, 600_000)) for _ in ends]
        return [(a + gap, b) for a, b, gap in zip(ends, ends[1:], gaps, strict=False) if a + gap < b]

    def true_ms(self, uptime_ms: int) -> int:
        return self.clock.true_ns(uptime_ms) // NS

    def _uptime_ms(self, true_ms: int) -> int:
        """Returns the first ms of uptime at or after a true moment."""
        return bisect_left(range(self.length_ms), true_ms * NS, key=self.clock.true_ns)

    def _bolus_counts(self, uptime_ms: int) -> Fraction:
        return sum((Fraction(counts * min(max(0, uptime_ms - at_ms), lasts_ms), lasts_ms)
                    for at_ms, lasts_ms, counts in self.boluses), Fraction(0))

    def truth(self, stay: tuple[int, int]) -> Truth:
        """Returns what was given in a stay."""
        first, last = (self._uptime_ms(at_ms) for at_ms in stay)
        counts = self._bolus_counts(last) - self._bolus_counts(first)
        begun = [at_ms for at_ms, _, _ in self.boluses
                 if stay[0] <= self.clock.true_ns(at_ms) / NS < stay[1]]
        return Truth(Fraction(self.ul_h * (last - first), HOUR_MS * 1000),
                     counts * PL_PER_COUNT / (1000 * _UL_PL), len(begun))

    # ---- what was recorded

    def _view(self, dice: random.Random) -> LogView:
        made = World({1: self.length_ms})
        for _ in range(dice.choice((1, 2, 3, 6))):
            uptime_ms = dice.randrange(self.length_ms // 100) * 100
            synced, error_ms = 1, dice.randint(-40, 40)
            if dice.random() < 0.4:
                error_ms = dice.choice((-1, 1)) * dice.choice((90_000, 600_000, 2_400_000, 3_500_000))
                synced = dice.choice((1, 1, 2))
            made.told.append(Told.by(1, uptime_ms, self.clock.true_ns(uptime_ms), error_ms * NS, 60,
                                     synced, dice.randint(1, 9)))
        made.keep_to_the_promise()
        records = [word.record() for word in made.told] + self._minutes()
        records += [StoredRecord(1, n, "bolus", 1, at_ms + lasts_ms, {
            "ago_ms": lasts_ms, "duration_ms": lasts_ms, "counts": counts + self._drip(at_ms, lasts_ms),
            "continuous_milli_counts": self._drip(at_ms, lasts_ms) * 1000, "programmed_ul": 0,
            "source": 1, "halted": 0, "inferred": 0})
            for n, (at_ms, lasts_ms, counts) in enumerate(self.boluses)]
        records.sort(key=lambda record: record.uptime_ms)
        known = StoredRecord(1, 0, "calibration", 1, 0, {"pl_per_count": PL_PER_COUNT,
                                                         "uncertainty_ppm": 0})
        return observe([known, *records], made.timeline(), 1, [])

    def _drip(self, at_ms: int, lasts_ms: int) -> int:
        return self.ul_h * _UL_PL // PL_PER_COUNT * lasts_ms // HOUR_MS

    def _minutes(self) -> list[StoredRecord]:
        found, done = [], 0
        for end_ms in range(MINUTE_MS, self.length_ms + 1, MINUTE_MS):
            counts = int(Fraction(self.ul_h * _UL_PL * end_ms, PL_PER_COUNT * HOUR_MS)
                         + self._bolus_counts(end_ms))
            found.append(StoredRecord(1, len(found), "minute", 1, end_ms, {
                "span_ms": MINUTE_MS, "counts": counts - done, "presses": 0}))
            done = counts
        return found

    # ---- what pumplog makes of it

    def observed(self, k: int) -> Observed:
        """Returns the share of the k-th patient."""
        found = Observed(claimed=[self.stays[k]])
        found.add(self.view, [self.stays[k]], sorted(self.stays[:k] + self.stays[k + 1 :]))
        found.sort()
        return found

    def doses(self, k: int) -> Doses:
        """Returns the doses of the k-th patient, over the whole stay."""
        code, (begin_ms, end_ms) = self.codes[k], self.stays[k]
        bag = Entry(UUID(int=k), "bag", code, "B01", k, "AB", begin_ms, begin_ms, {
            "morphine_ug": 250_000, "bupivacaine_ug": 0, "volume_ul": 250_000})
        patient = Episode(code, begin_ms, [Stay("B01", begin_ms, end_ms)], [bag], k, None, True)
        return doses(patient, self.observed(k), begin_ms, end_ms)


def check(seed: int) -> tuple[int, int]:
    """Asserts that every patient's truth lies in the bounds, and that no bolus is in the value of
    another patient; returns how many patients there were, and how many had something left open."""
    made = Succession(seed)
    left_open = 0
    for k, stay in enumerate(made.stays):
        found, truth = made.doses(k), made.truth(stay)
        if found.continuous_ml is None:
            continue  # nothing was observed: unknown
        told = {"continuous": (found.continuous_ml, truth.continuous_ml),
                "pcia": (found.pcia_ml, truth.pcia_ml),
                "deliveries": (found.deliveries, truth.deliveries),
                "morphine": (found.masses_mg["morphine"], truth.continuous_ml + truth.pcia_ml)}
        for name, (figure, true) in told.items():
            assert figure is None or figure.low <= true <= figure.high, (
                seed, k, name, [float(x) for x in (figure.low, true, figure.high)], found.notes)
        observed = made.observed(k)
        for part in observed.boluses:
            at_ms, lasts_ms, _ = made.boluses[part.bolus.seq]
            truly = made.true_ms(at_ms), made.true_ms(at_ms + lasts_ms)
            others = made.stays[:k] + made.stays[k + 1 :]
            assert not any(a < truly[1] and truly[0] < b for a, b in others), (seed, k, part.bolus)
        left_open += bool(observed.perhaps_boluses or observed.perhaps)
    return len(made.stays), left_open

