"""How much a soak does: SCALE=ci as .ci/run has it, SCALE=full by hand."""

from __future__ import annotations

import os

FULL = os.environ.get("SCALE", "ci") == "full"


def scaled(ci: int, full: int) -> int:
    """Returns how many of something this soak does; prints it into the test's output."""
    count = full if FULL else ci
    print(f"SCALE={'full' if FULL else 'ci'}: {count}")
    return count
