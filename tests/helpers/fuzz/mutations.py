"""Seeded changes to what boards wrote: bit flips, splices, truncations, swaps, replays."""

from __future__ import annotations

import random
from dataclasses import dataclass

from pumpwire import page
from pumpwire.errors import WireError

from helpers.fuzz.genuine import KEY, PAGES
from helpers.fuzz.mending import mend_footer, mend_frames, mend_header
from helpers.host.made_log import MadeLog

KINDS = ("bit flip", "splice", "truncation", "swap", "replay")


@dataclass(frozen=True)
class Source:
    """A page with its frames apart."""

    data: bytes
    header: bytes
    frames: tuple[bytes, ...]
    seed: int


def _source(data: bytes) -> Source | None:
    try:
        header = page.read_header(data)
    except WireError:
        return None
    found = []
    try:
        for at, length in page.walk(data, header):
            found.append(data[at : at + length])
    except WireError:
        pass  # what lies before it is good
    return Source(data, data[: page.HEADER_BYTES], tuple(found), header.seed)


SOURCES = [made for made in map(_source, PAGES) if made and made.frames]
FULL = [data for data in MadeLog(n=3, minutes=1000, last=700, key=KEY).pages.values()]
POOL = PAGES + FULL


def _flip(dice: random.Random, data: bytearray) -> None:
    for _ in range(dice.choice((1, 1, 1, 2, 3, 8))):
        if data:
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def mutated_records(dice: random.Random) -> tuple[str, bytes, int]:
    """Returns (kind, frames behind one another that were changed, the seed of their checks)."""
    source = dice.choice(SOURCES)
    start = dice.randrange(len(source.frames))
    some = [bytearray(one) for one in source.frames[start : start + dice.randrange(1, 6)]]
    kind = dice.choice(KINDS)
    which = dice.randrange(len(some))
    other = dice.choice(dice.choice(SOURCES).frames)
    if kind == "bit flip":
        _flip(dice, some[which])
    elif kind == "splice":
        del some[which][dice.randrange(len(some[which]) + 1) :]
        some[which] += other[dice.randrange(len(other)) :]
    elif kind == "truncation":
        del some[which][dice.randrange(len(some[which])) :]
    elif kind == "swap":
        to = dice.randrange(len(some))
        some[which], some[to] = some[to], some[which]
        if which == to:
            some[which] = some[which][::-1]
    else:
        some.insert(which, bytearray(dice.choice((other, some[dice.randrange(len(some))]))))
    return kind, b"".join(some), source.seed


def with_header(frames: bytes, dice: random.Random) -> bytes:
    """Returns an open page of a genuine header and these frames, one in two with checks that fit."""
    made = bytearray(dice.choice(SOURCES).header + frames)
    if dice.random() < 0.5:
        mend_frames(made, len(made))
    return bytes(made)


def mutated_page(dice: random.Random, pages: list[bytes] = PAGES) -> tuple[str, bytes]:
    """Returns (kind, a page that was changed); one in three has its check sums made to fit."""
    genuine = dice.choice(pages)
    data = bytearray(genuine)
    kind = dice.choice(KINDS)
    # most of a page is erased: as often as not a change falls where the records are, or the footer
    ends = (len(data), len(genuine[: page.FOOTER_AT].rstrip(b"\xff")) + 8)
    at = dice.randrange(min(len(data), dice.choice(ends)))
    if len(data) == 4096 and dice.random() < 0.3:
        at = dice.randrange(page.FOOTER_AT, 4096)
    n = dice.randrange(1, dice.choice((2, 8, 64, 4096)))
    if kind == "bit flip":
        data[at] ^= 1 << dice.randrange(8)
        if dice.random() < 0.5:
            _flip(dice, data)
    elif kind == "splice":
        other = dice.choice(pages)
        begin = dice.choice((at, dice.randrange(len(other))))
        piece = dice.choice((other[begin : begin + n], dice.randbytes(n % 64)))
        data[at : at + dice.choice((len(piece), 0, n))] = piece
    elif kind == "truncation":
        del data[at : dice.choice((len(data), at + n))]
    elif kind == "swap":
        to = dice.randrange(len(data))
        here, there = data[at : at + n], data[to : to + n]
        if abs(at - to) >= n and len(here) == len(there):
            data[at : at + n], data[to : to + n] = there, here
        else:
            data[at : at + n] = here[::-1]
    else:
        other = dice.choice(pages)
        data = bytearray(dice.choice((
            other[:at] + genuine[at:], genuine[:at] + other[at:], genuine + other[:n], other[: n * 8],
            genuine[: page.FOOTER_AT] + other[page.FOOTER_AT :])))
    if dice.random() < 0.33:
        mend_header(data)
        used = int.from_bytes(data[page.FOOTER_AT : page.FOOTER_AT + 2], "little")
        mend_frames(data, min(used, page.FOOTER_AT) if len(data) >= 4096 else len(data))
        if len(data) >= 4096:
            mend_footer(data)
    return kind, bytes(data)


def script(dice: random.Random, ops: int, head: bytes = b"") -> tuple[int, bytes]:
    """Returns (the first op, edits as log_targets and flash_targets read them), each of `ops` kinds."""
    out = bytearray(head)
    first = -1
    for _ in range(dice.choice((1, 1, 1, 2, 3, 5))):
        op, n = dice.randrange(ops), dice.randrange(dice.choice((2, 16, 256)))
        first = op if first < 0 else first
        out += bytes((op, dice.randrange(256))) + dice.randrange(4096).to_bytes(2, "little")
        out += bytes((n, dice.randrange(256))) + dice.randbytes(n)
    return first, bytes(out)
