"""A million counts, from pages to doses: each is booked once somewhere."""

from __future__ import annotations

from helpers.host.booked import book
from helpers.scale import scaled


def test_every_count_is_booked_once() -> None:
    most, counts, seed = scaled(100_000, 1_000_000), 0, 1000
    while counts < most:
        made, wrong = book(seed)
        assert not wrong
        counts += made
        seed += 1
    print(f"{counts} counts of {seed - 1000} boards")
