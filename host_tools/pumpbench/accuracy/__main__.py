"""`python -m pumpbench.accuracy`: runs the report; exit 1 if a criterion is not met."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from pumplog.errors import PumplogError
from pumplog.extras import require


def main() -> int:
    """Runs and writes the whole report."""
    try:
        require("bench", "bumble")
        for module in ("numpy", "scipy", "matplotlib"):
            require("accuracy", module)
    except PumplogError as error:
        print(f"pumpbench.accuracy: {error}", file=sys.stderr)
        return 1
    from .plan import BASE, SIZES, plan
    from .report import report
    from .run import run

    parser = argparse.ArgumentParser(prog="pumpbench.accuracy", description=__doc__)
    parser.add_argument("--scale", choices=sorted(SIZES), default="full")
    parser.add_argument("--groups", default="".join(BASE), help="which groups of windows (see plan.py)")
    parser.add_argument("--out", type=Path, default=Path("build/accuracy"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    given = parser.parse_args()
    windows = run(plan(given.scale, given.groups), given.out, given.jobs)
    return 0 if report(windows, given.out, print) else 1


if __name__ == "__main__":
    sys.exit(main())
