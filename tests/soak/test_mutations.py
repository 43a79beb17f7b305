"""Two million changed pages, records, logs and flashes: no error but the format's own, no hang, and no
changed page that passes for a sealed one.

Each mutation has a seed of its own: `one(what, seed)` makes it again.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import flash_targets
import log_targets
import pytest
from flash_targets import fuzz_flash
from genuine import ATTESTATION, KEYS, SEALED_PAGES
from hang import Watch, bounded
from log_targets import fuzz_log, fuzz_store
from mutations import FULL, POOL, mutated_page, mutated_records, script, with_header
from page_targets import read_any_attestation, read_any_frame, read_any_page
from pumplog.page_reading import BAD, OPEN, SEALED, read_page
from scale import scaled
from wire_targets import SMALL, fuzz_wire

FULL_COUNTS = {
    "records": 1_200_000, "pages": 600_000, "full pages": 8_000, "attestations": 20_000, "wire": 100_000,
    "logs": 40_000, "stores": 20_000, "flash": 12_000,
}
CI_SHARE = 20
TRACED_EVERY = 499  # of the mutations: their lines are counted
SECOND_READER_EVERY = 97
MOST_LINES_A_BYTE, MOST_LINES = 60, 60_000
LOG_OPS = ("bit flip", "overwrite", "truncation", "swap", "replay", "removal", "append", "seal stripped",
           "key taken away", "attestation changed")
FLASH_OPS = ("bit flip", "overwrite", "tail erased", "swap", "replay", "zeros", "splice")
ALL_SEALED = SEALED_PAGES | {data for data in FULL if read_page(data, KEYS).state == SEALED}


def _records(dice: random.Random, seed: int) -> tuple[str, str]:
    kind, frames, check_seed = mutated_records(dice)
    count = read_any_frame(frames, check_seed)
    reading = read_any_page(with_header(frames, dice), seed % SECOND_READER_EVERY == 0)
    return kind, "some read" if count or reading.records else "none read"


def _pages(dice: random.Random, seed: int) -> tuple[str, str]:
    kind, data = mutated_page(dice)
    return kind, read_any_page(data, seed % SECOND_READER_EVERY == 0).state


def _full_pages(dice: random.Random, seed: int) -> tuple[str, str]:
    kind, data = mutated_page(dice, POOL if dice.random() < 0.2 else FULL)
    return kind, read_any_page(data, False, ALL_SEALED).state


def _attestations(dice: random.Random, seed: int) -> tuple[str, str]:
    said, nonce = bytearray(ATTESTATION.said), bytearray(ATTESTATION.nonce)
    kind = dice.choice(("bit flip", "splice", "truncation", "replay"))
    if kind == "bit flip":
        said[dice.randrange(len(said))] ^= 1 << dice.randrange(8)
    elif kind == "splice":
        at = dice.randrange(len(said))
        said[at:] = dice.randbytes(dice.choice((len(said) - at, dice.randrange(60))))
    elif kind == "truncation":
        del said[dice.randrange(len(said)) :]
    else:
        nonce[dice.randrange(len(nonce))] ^= 1 << dice.randrange(8)
    read_any_attestation(bytes(said), bytes(nonce))
    return kind, "read"


def _wire(dice: random.Random, seed: int) -> tuple[str, str]:
    which = dice.randrange(16)
    genuine = dice.choice(POOL)
    data = bytearray(dice.choice((
        dice.randbytes(dice.randrange(80)),
        dice.randrange(2**32).to_bytes(4, "little") + bytes(2) + b"\x40\0" + genuine[:64] + b"\x01\0\0\0",
        b"\xc0\x05" + genuine[: dice.randrange(60)] + b"\xc0")))
    for _ in range(dice.randrange(3)):
        data[dice.randrange(len(data) or 1) : dice.randrange(len(data) + 1)] = dice.randbytes(2)
    fuzz_wire(bytes((which | dice.randrange(16) << 4,)) + bytes(data))
    return SMALL[which].__name__ if which < len(SMALL) else ("segments", "segments", "segments", "packets",
                                                             "packets", "serial", "serial")[which - 9], "read"


def _logs(dice: random.Random, seed: int) -> tuple[str, str]:
    op, data = script(dice, log_targets.OPS)
    fuzz_log(data)
    return LOG_OPS[op], "judged"


def _stores(dice: random.Random, seed: int) -> tuple[str, str]:
    pieces = bytearray()
    kind = ""
    for _ in range(dice.randrange(1, 4)):
        kind, data = mutated_page(dice)
        offset = dice.choice((0, 0, dice.randrange(4096)))
        n = dice.randrange(1, 255)
        pieces += bytes((dice.choice((0, 2, 6, 10, 14, 1)),)) + data[8:12].ljust(4, b"\0")
        pieces += offset.to_bytes(2, "little") + bytes((n,)) + data[offset:][: n * 16]
    fuzz_store(bytes(pieces))
    return kind, "taken"


def _flash(dice: random.Random, seed: int) -> tuple[str, str]:
    op, data = script(dice, flash_targets.OPS, bytes((dice.randrange(256),)))
    fuzz_flash(data)
    return FLASH_OPS[op], "lived on"


MAKERS: dict[str, Callable[[random.Random, int], tuple[str, str]]] = {
    "records": _records, "pages": _pages, "full pages": _full_pages, "attestations": _attestations,
    "wire": _wire, "logs": _logs, "stores": _stores, "flash": _flash,
}
UNTRACED = ("stores", "flash")  # the database's and the flash's operations are what counts there


def one(what: str, seed: int) -> tuple[str, str]:
    """Makes the mutation of that seed and reads it; returns its kind and what came of it."""
    return MAKERS[what](random.Random(seed), seed)


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
