"""The formats' pages at large: the readers made of them alone against the firmware and pumplog."""

from __future__ import annotations

import pytest
from helpers.docs.ble_properties import hold_answers, hold_reports
from helpers.docs.ring_properties import hold_cut_rings, hold_flipped_rings, hold_torn_erases
from helpers.scale import scaled


def test_rings_that_power_cut_anywhere_read_the_same() -> None:
    images = sum(hold_cut_rings(50, seed) for seed in range(scaled(2, 40)))
    print(f"{images} images of rings that power cut, each page read alike")


def test_rings_with_bits_flipped_read_the_same() -> None:
    flips = scaled(100, 1000)
    print(f"{flips} bits flipped, {hold_flipped_rings(flips)} pages damaged, each read alike")


def test_pages_half_erased_are_those_given_up() -> None:
    assert hold_torn_erases(scaled(9_000, 30_000)) > 0


def test_reports_over_bad_links_are_put_together() -> None:
    hold_reports(scaled(50, 400))


@pytest.mark.parametrize("op", [*range(1, 8), 0, 9])
def test_what_a_board_answers_stands_in_the_page(op: int) -> None:
    hold_answers(op, scaled(300, 1 << 11))
