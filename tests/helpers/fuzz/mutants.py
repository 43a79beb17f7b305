"""Mutations by number: `one(what, seed)` makes the one of that seed, and holds what comes of it against
what must be so."""

from __future__ import annotations

import random
from collections.abc import Callable

from pumplog.store import SEALED, read_page

from helpers.fuzz import flash_targets, log_targets
from helpers.fuzz.flash_targets import fuzz_flash
from helpers.fuzz.genuine import ATTESTATION, KEYS, SEALED_PAGES
from helpers.fuzz.log_targets import fuzz_log, fuzz_store
from helpers.fuzz.mutations import FULL, POOL, mutated_page, mutated_records, script, with_header
from helpers.fuzz.page_targets import read_any_attestation, read_any_frame, read_any_page
from helpers.fuzz.wire_targets import SMALL, fuzz_wire

SECOND_READER_EVERY = 97
LOG_OPS = ("bit flip", "overwrite", "truncation", "swap", "replay", "removal", "append", "seal stripped",
           "key taken away", "attestation changed")
PIECEMEAL = ("segments",) * 3 + ("packets",) * 2 + ("serial",) * 2
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
        dice.randbytes(4) + bytes(2) + b"\x40\0" + genuine[:64] + b"\x01\0\0\0",
        b"\xc0\x05" + genuine[: dice.randrange(60)] + b"\xc0")))
    for _ in range(dice.randrange(3)):
        data[dice.randrange(len(data) or 1) : dice.randrange(len(data) + 1)] = dice.randbytes(2)
    fuzz_wire(bytes((which | dice.randrange(16) << 4,)) + bytes(data))
    return (SMALL[which].__name__ if which < len(SMALL) else PIECEMEAL[which - len(SMALL)]), "read"


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


def one(what: str, seed: int) -> tuple[str, str]:
    """Makes the mutation of that seed and reads it; returns its kind and what came of it."""
    return MAKERS[what](random.Random(seed), seed)

