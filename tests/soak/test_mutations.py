"""Two million changed pages, records, logs and flashes: no error but the format's own, no hang, and no
changed page that passes for a sealed one.

Each mutation has a seed of its own: `mutants.one(what, seed)` makes it again.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest
from helpers.fuzz import flash_targets
from helpers.fuzz.hang import Watch, bounded
from helpers.fuzz.mutants import MAKERS, one
from helpers.fuzz.mutations import mutated_page
from helpers.scale import scaled
from pumplog.store import BAD, OPEN, SEALED

FULL_COUNTS = {
    "records": 1_200_000, "pages": 600_000, "full pages": 8_000, "attestations": 20_000, "wire": 100_000,
    "logs": 40_000, "stores": 20_000, "flash": 12_000,
}
CI_SHARE = 20
TRACED_EVERY = 499  # of the mutations: their lines are counted
UNTRACED = ("stores", "flash")  # the database's and the flash's operations are what counts there
MOST_LINES_A_BYTE, MOST_LINES = 60, 60_000


def test_they_are_two_million() -> None:
    assert sum(FULL_COUNTS.values()) == 2_000_000 and FULL_COUNTS.keys() == MAKERS.keys()


@pytest.mark.parametrize("what", MAKERS)
def test_no_change_gives_a_crash_a_hang_or_a_false_seal(what: str) -> None:
    kinds: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    full = FULL_COUNTS[what]
    with Watch() as watch:
        for seed in range(scaled(full // CI_SHARE, full)):
            watch.begin()
            try:
                if seed % TRACED_EVERY == 0 and what not in UNTRACED:
                    with bounded(MOST_LINES + MOST_LINES_A_BYTE * 4096):
                        kind, outcome = one(what, seed)
                else:
                    kind, outcome = one(what, seed)
            except Exception as error:
                raise AssertionError(f"one({what!r}, {seed})") from error
            kinds[kind] += 1
            outcomes[outcome] += 1
    print(f"{what}: {sum(kinds.values())} {dict(kinds)} -> {dict(outcomes)}")
    assert min(kinds.values()) > sum(kinds.values()) / 40, "a kind of mutation is hardly made"
    if what in ("pages", "full pages"):
        total = sum(outcomes.values())
        assert outcomes[BAD] > total / 4 and outcomes[OPEN] > total / 50, "changes fall where nothing is"
        assert outcomes[SEALED] < total / 10  # those that put back what was there
    if what == "flash":
        print(f"at most {flash_targets.most_seen} operations of {flash_targets.MOST_OPERATIONS}")


def test_a_seed_makes_the_same_mutation_again() -> None:
    made = [mutated_page(random.Random(seed)) for seed in range(50)]
    assert made == [mutated_page(random.Random(seed)) for seed in range(50)]
