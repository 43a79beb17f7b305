"""Boluses and demands: what the handset asked for, and what the counts say was given."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from helpers.hil.bed import APART_S, Bed, of_kind, total
from pumpwire import records

LOCKOUT = "15 min"
BURST_US = 1_000_000  # how long the pump takes to give a bolus, here
DECIDED_S = 8  # of the board's time: a press that nothing followed is decided by then
SEED = 5


@dataclass
class Pump:
    """What is prescribed. n: counts of a bolus."""

    bed: Bed
    n: int
    volume_ul: int
    count_ul: float

    def press(self) -> None:
        """Presses the handset."""
        self.bed.rig.press("HANDSET", 100_000)

    def bolus(self) -> None:
        """Counts as the pump does while it gives one."""
        period_us = max(BURST_US // self.n, 500)
        given = self.bed.rig.counts(self.n, high_us=period_us // 4, low_us=period_us - period_us // 4)
        assert given["made"] == self.n


@pytest.fixture(scope="module")
def pump(bed: Bed) -> Iterator[Pump]:
    """A patient with a regimen on the board, taken off it again at the end."""
    count_ul = bed.known().pl_per_count / 1e6
    volume_ul = max(50, round(10 * count_ul))
    patient = bed.pumplog("patient", "start", "--board", bed.name, *bed.check()).good().out.strip()
    rate_ul_h = max(1, round(36 * count_ul))  # a count in 100 s: none in a bolus is its own
    bed.pumplog("regimen", "set", patient, "--rate", f"{rate_ul_h} uL/h", "--bolus", f"{volume_ul} uL",
                "--lockout", LOCKOUT, *bed.check()).good()
    yield Pump(bed, round(volume_ul / count_ul), volume_ul, count_ul)
    bed.pumplog("patient", "end", patient, *bed.check()).good()


def outcomes(found: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """Returns (outcome, reason) of every demand."""
    return [(one["outcome"], one["reason"]) for one in of_kind(found, "demand")]


def test_a_press_and_a_burst_are_one_bolus_and_a_press_in_the_lockout_is_denied(pump: Pump) -> None:
    bed = pump.bed
    before = bed.head()
    pump.press()
    pump.bolus()
    bed.pass_s(2)
    pump.press()  # the pump is locked and gives nothing
    bed.pass_s(DECIDED_S)
    found = bed.cut_and_pull(before)
    assert outcomes(found) == [
        (records.GIVEN, records.NO_REASON), (records.DENIED, records.LOCKOUT)]
    (bolus,) = of_kind(found, "bolus")
    assert (bolus["counts"], bolus["source"], bolus["halted"]) == (pump.n, records.PATIENT, 0)
    given_ul = (bolus["counts"] - bolus["continuous_milli_counts"] / 1000) * pump.count_ul
    assert abs(given_ul - pump.volume_ul) <= pump.count_ul and bolus["programmed_ul"] == pump.volume_ul
    assert total(found, "counts") == pump.n and total(found, "presses") == 2


def test_no_press_is_lost_whenever_it_comes_and_power_goes(pump: Pump) -> None:
    bed, chance = pump.bed, random.Random(SEED)
    before = bed.head()
    presses = counts = 0
    for _ in range(3):
        for _ in range(3):
            pump.press()
            presses += 1
            if chance.random() < 0.4:
                pump.bolus()
                counts += pump.n
            bed.pass_s(APART_S + chance.uniform(0, 2))
        found = bed.cut_and_pull(before)
        assert total(found, "presses") == len(of_kind(found, "demand")) == presses
        assert total(found, "counts") == counts
