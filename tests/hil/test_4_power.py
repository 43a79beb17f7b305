"""Power goes at any moment: what was counted before is in the log, and the log is whole."""

import random
import time

import pytest
from helpers.hil.bed import Bed, after, of_kind, total

CUTS = 4
SEED = 20
DARK_S = 1.5  # after a host wrote the light flashes, out for a second at most


def made_until_dead(bed: Bed) -> int:
    """Returns how many counts were given by the time the board had died: its light is out by then."""
    began_s, dark = time.monotonic(), None
    while True:
        now_s = time.monotonic()
        lit = bed.rig.ask("read")["light"]
        made = int(bed.rig.ask("counts_state")["made"])
        if lit:
            dark = None
        elif dark is None:
            dark = now_s, made
        if dark and now_s - dark[0] > DARK_S or now_s - began_s > bed.hold_up_s + DARK_S:
            return dark[1] if dark else made


@pytest.mark.parametrize("cut", range(CUTS))
def test_what_was_counted_before_a_cut_is_in_a_whole_log(bed: Bed, cut: int) -> None:
    chance = random.Random(SEED + cut)
    before = bed.head()
    bed.rig.ask("counts", n=1_000_000, high_us=1000, low_us=4000)  # it goes on counting all the while
    time.sleep(chance.uniform(0.05, 2.0))
    least = bed.rig.ask("counts_state")["made"]
    bed.rig.ask("cut", for_ms=0)
    most = made_until_dead(bed)
    bed.rig.ask("stop")
    bed.rig.ask("power")
    bed.await_running()
    found = after(bed.pull(), before)
    assert 0 < least <= total(found, "counts") <= most
    assert [one["state"] for one in of_kind(found, "power")][:1] and len(of_kind(found, "boot")) == 1


def test_a_dip_shorter_than_the_hold_up_restarts_nothing(bed: Bed) -> None:
    before = bed.head()
    bed.rig.cut(for_ms=int(bed.hold_up_s * 300) if bed.virtual else 500)
    bed.pass_s(0.5)
    found = after(bed.pull(), before)
    assert not of_kind(found, "boot") and len(of_kind(found, "power")) == 2
