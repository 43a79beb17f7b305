"""Seeded changes to a stock image: what a bad download, a bad stick or a hand may do to a file."""

from __future__ import annotations

import random

FIRST_TOLD = 14  # bytes that say what kind of file and for what chip: a change there may say another


def changed(image: bytes, seed: int) -> tuple[str, int, bytes]:
    """Returns what was done, where it begins, and an image that differs by that."""
    dice = random.Random(seed)
    data = bytearray(image)
    kind = dice.choice(("flip", "flip", "cut", "zeros", "other bytes", "inserted", "left out", "swapped",
                        "appended"))
    at, size = dice.randrange(len(data)), dice.choice((1, 2, 4, 16, 512, 4096))
    if kind == "flip":
        data[at] ^= 1 << dice.randrange(8)
    elif kind == "cut":
        del data[at:]
    elif kind == "zeros":
        data[at : at + size] = bytes(len(data[at : at + size]))
    elif kind == "other bytes":
        data[at : at + size] = dice.randbytes(len(data[at : at + size]))
    elif kind == "inserted":
        data[at:at] = dice.randbytes(size)
    elif kind == "left out":
        del data[at : at + size]
    elif kind == "swapped":
        other = dice.randrange(len(data) - 8192)
        at = min(other, at)
        data[other : other + 4096], data[other + 4096 : other + 8192] = (
            data[other + 4096 : other + 8192], data[other : other + 4096])
    else:
        at = len(data)
        data += dice.randbytes(size)
    return f"{kind} at {at:#x} (seed {seed})", at, bytes(data)


def is_longer_only(image: bytes, data: bytes) -> bool:
    """Returns whether data is the image with nothing but FF behind it: erased flash, no change."""
    return data[: len(image)] == image and not data[len(image) :].strip(b"\xff")
