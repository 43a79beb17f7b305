"""A long mix of all that can happen, at random: `--soak-hours 24` with a real board, moments without."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers.hil.bed import APART_S, Bed, after, of_kind
from pumpwire import records

PERIODS_US = (500, 5_000, 40_000)
LONGEST_TRAIN_S = 1.5
DIP_SHARE = 0.3  # of the hold-up
QUIET_S = 20  # of a real board between two events, on average


class Day:
    """What was done so far, and how each thing is done."""

    def __init__(self, bed: Bed, seed: int) -> None:
        self.done: Counter[str] = Counter()
        self._bed = bed
        self._chance = random.Random(seed)
        self._weights: dict[Callable[[], None], int] = {
            self.counts: 6, self.press: 4, self.relief: 2, self.dip: 1, self.cut: 2, self.pull: 2}
        self._first = list(self._weights)
        self._chance.shuffle(self._first)

    def step(self) -> None:
        """Does one thing; the first few times each of them once."""
        if self._first:
            way = self._first.pop()
        else:
            (way,) = self._chance.choices(list(self._weights), list(self._weights.values()))
        way()
        self.done[way.__name__] += 1

    def quiet(self) -> None:
        """Lets nothing happen for a while."""
        self._bed.pass_s(self._chance.expovariate(1 / QUIET_S))

    def counts(self) -> None:
        """A train of counts."""
        period_us = self._chance.choice(PERIODS_US)
        n = self._chance.randint(1, int(LONGEST_TRAIN_S * 1e6) // period_us)
        given = self._bed.rig.counts(n, period_us // 5, period_us - period_us // 5)
        assert given["made"] == n
        self.done["counted"] += n

    def _press(self, contact: str) -> None:
        bounces = [self._chance.randint(50, 500) for _ in range(2 * self._chance.randint(0, 10))]
        self._bed.rig.press(contact, 100_000, bounces_us=bounces, opening_bounces_us=bounces)
        self._bed.pass_s(APART_S)

    def press(self) -> None:
        """A press of the handset."""
        self._press("HANDSET")

    def relief(self) -> None:
        """A press of the relief button."""
        self._press("RELIEF")

    def dip(self) -> None:
        """The supply goes for less than it holds up."""
        share = DIP_SHARE if self._bed.virtual else DIP_SHARE / 10
        self._bed.rig.cut(for_ms=int(self._bed.hold_up_s * 1000 * share))
        self._bed.pass_s(0.5)

    def cut(self) -> None:
        """The supply goes for good; the board starts again."""
        self._bed.rig.cut(for_ms=int(self._bed.hold_up_s * 1000) + 500)
        self._bed.await_running()

    def pull(self) -> None:
        """A nurse pulls while the pump counts."""
        with ThreadPoolExecutor(1) as pulling:
            work = pulling.submit(self._bed.pumplog, "pull", self._bed.name)
            self.counts()
            work.result().good()


def test_after_a_random_day_everything_is_there(bed: Bed, pytestconfig: pytest.Config) -> None:
    before = bed.head()
    seed = pytestconfig.getoption("--soak-seed")
    day, end_s = Day(bed, seed), time.monotonic() + 3600 * pytestconfig.getoption("--soak-hours")
    while time.monotonic() < end_s:
        day.step()
        if not bed.virtual:
            day.quiet()
    found = after(bed.cut_and_pull(before), before)
    done = day.done
    print(f"seed {seed}:", dict(done))
    bed.compare(found, done["counted"], done["press"])
    assert len(of_kind(found, "relief")) == done["relief"]
    assert len(of_kind(found, "boot")) == done["cut"] + 1
    states = Counter(one["state"] for one in of_kind(found, "power"))
    assert states[records.SUPPLY_FAILING] == done["cut"] + done["dip"] + 1
    assert states[records.SUPPLY_BACK] == done["dip"]
