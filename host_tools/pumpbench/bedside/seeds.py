"""Random streams that depend only on a seed and a name, so parts can change independently."""

import zlib

import numpy as np


def stream(seed: int, *names: str) -> np.random.Generator:
    """Return the random generator that belongs to `seed` (0 or more) and to these names."""
    return np.random.default_rng([seed, zlib.crc32("/".join(names).encode())])
