"""Every count that the rig gives is in the log: at the pace of a rate, in a bolus, as fast as can be."""

import pytest
from helpers.hil.bed import Bed


@pytest.mark.parametrize("n, high_us, low_us", [
    (4, 50_000, 3_550_000),  # 0.05 mL/h of a pump that counts each 0.05 uL: one in 3.6 s
    (5, 50_000, 1_750_000),  # 2 mL/h at 1 uL a count
    (250, 2_000, 18_000),  # a bolus of 0.25 mL in 5 s
    (2_000, 200, 300),  # 2 kHz, the most that the input is made for
    (100, 15, 985),  # pulses just longer than the counter's filter of 12.8 us
])
def test_no_count_is_lost_and_none_is_added(bed: Bed, n: int, high_us: int, low_us: int) -> None:
    before = bed.head()
    given = bed.rig.counts(n, high_us, low_us)
    assert given["made"] == n, "the rig did not give what it was asked for: see the cables"
    found = bed.cut_and_pull(before)
    bed.compare(found, n, 0)


def test_a_rest_is_a_rest(bed: Bed) -> None:
    before = bed.head()
    found = bed.cut_and_pull(before)
    bed.compare(found, 0, 0)
