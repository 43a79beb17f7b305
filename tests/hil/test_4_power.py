"""Power goes at any moment: what was counted before is in the log, and the log is whole."""

import random
import time

import pytest
from bed import Bed, of_kind, total

CUTS = 4
SEED = 20


@pytest.mark.parametrize("cut", range(CUTS))
def test_what_was_counted_before_a_cut_is_in_a_whole_log(bed: Bed, cut: int) -> None:
    chance = random.Random(SEED + cut)
    before = bed.head()
    n = chance.randrange(50, 400)
    bed.rig.ask("counts", n=n, high_us=1000, low_us=4000)
    time.sleep(chance.uniform(0.05, 0.005 * n))
    bed.rig.ask("stop")
    given = bed.rig.ask("counts_state")
    bed.settle()
    found = bed.cut_and_pull(before)
    assert total(found, "counts") == given["made"]
    assert [one["state"] for one in of_kind(found, "power")][:1] and len(of_kind(found, "boot")) == 1
    assert found[0]["seq"] <= before + 1, "sequence numbers are missing"
    seqs = [one["seq"] for one in found]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))


def test_a_dip_shorter_than_the_hold_up_restarts_nothing(bed: Bed) -> None:
    before = bed.head()
    bed.rig.cut(for_ms=int(bed.hold_up_s * 300) if bed.virtual else 500)
    bed.settle()
    found = [one for one in bed.pull() if one["seq"] > before]
    assert not of_kind(found, "boot") and len(of_kind(found, "power")) == 2
