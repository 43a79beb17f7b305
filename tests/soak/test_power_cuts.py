"""Power cuts at large: every byte of every operation of a small ring, thousands in a month's log."""

from __future__ import annotations

import random
from typing import Any

from helpers.on_board import dice
from helpers.on_board.log_lives import live
from helpers.on_board.nor import PREFIX, TEARS, Nor
from helpers.on_board.power_cuts import Bed, every_byte
from helpers.scale import scaled

THREE_WRAPS = 1_500  # minutes, each third with an entry: operations of 3 to 160 bytes
MONTH = 30 * 1440


def tell(bed: Bed) -> None:
    """Prints what was done. A record lost, invented or wrong fails the cut that did it, so none was."""
    kinds = ", ".join(f"{n} {name}" for n, name in zip(
        bed.tears, ("prefix", "bits", "unstable", "nearly", "barely"), strict=True))
    print(f"{bed.checks} cuts ({kinds}; {bed.again} of later boots), {len(bed.acknowledged)} records"
          f" acknowledged, 0 lost, 0 invented, {bed.skips} numbers skipped")


def test_every_byte_of_every_operation_over_three_wraps() -> None:
    stride, seen = scaled(17, 1), 0
    dice.seed(1)

    def tear(bed: Bed, slot: int, offset: int, data: Any) -> None:
        nonlocal seen
        seen += 1
        turn = data is None or offset < 28 or offset > 4000
        if seen % stride == 0 or turn and seen % max(1, stride // 8) == 0:
            every_byte(bed, slot, offset, data)
        if data is None and bed.flash.erases >= bed.flash.pages:  # before, there was nothing to erase
            for torn in range(0, 4097, scaled(211, 1)):
                bed.cut_here(slot, offset, data, PREFIX, torn)

    bed = Bed(Nor(4), tear)
    live(bed, THREE_WRAPS, reboot_every=503, entry_every=3)
    print(f"{seen} operations, {bed.flash.erases} of them erases; ", end="")
    tell(bed)
    assert bed.flash.erases >= 3 * bed.flash.pages
    assert bed.checks > 10 * seen / stride


def test_seeded_cuts_of_a_months_log() -> None:
    wanted = scaled(600, 24_000)
    chance = wanted / (MONTH * 1.02)
    dice.seed(2)
    choose = random.Random(2)

    def tear(bed: Bed, slot: int, offset: int, data: Any) -> None:
        if choose.random() < chance or data is None and choose.random() < 0.5:
            bed.cut_here(slot, offset, data, choose.choice(range(PREFIX, TEARS)),
                         choose.randrange(4097 if data is None else len(data) + 1),
                         choose.choice((0, 0, 1, 2, 3)))

    bed = Bed(Nor(40), tear)
    live(bed, MONTH, reboot_every=4001)
    tell(bed)
    assert bed.checks > wanted * 0.9
