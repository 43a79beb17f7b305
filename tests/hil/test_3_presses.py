"""A press is one press, however its contact bounces."""

import pytest
from helpers.hil.bed import APART_S, Bed, of_kind, total

BOUNCES = {
    "none": ([], []),
    "five ms at both ends": ([300, 200, 500, 150, 900, 400, 1200, 350, 700, 300],
                             [250, 600, 900, 300, 400, 1100, 800, 650]),
    "fifty short ones": ([100] * 50, [100] * 50),
}


@pytest.mark.parametrize("bounce", BOUNCES)
def test_a_press_is_one_press(bed: Bed, bounce: str) -> None:
    before = bed.head()
    closing, opening = BOUNCES[bounce]
    for press in range(3):
        if press:
            bed.pass_s(APART_S)
        state = bed.rig.press("HANDSET", 150_000, bounces_us=closing, opening_bounces_us=opening)
        assert not state["closed"]
    found = bed.cut_and_pull(before)
    assert total(found, "presses") == 3 and total(found, "counts") == 0


def test_the_relief_button_is_told(bed: Bed) -> None:
    before = bed.head()
    bed.rig.press("RELIEF", 150_000, bounces_us=[200] * 20, opening_bounces_us=[200] * 20)
    found = bed.cut_and_pull(before)
    assert len(of_kind(found, "relief")) == 1
