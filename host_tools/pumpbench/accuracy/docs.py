"""`python -m pumpbench.accuracy.docs build/accuracy docs/ACCURACY.md`: puts a report's tables into
the document, below its mark."""

from __future__ import annotations

import sys
from pathlib import Path

MARK = "<!-- below: build/accuracy/report.md -->\n"


def main() -> int:
    """Replaces what stands below the mark."""
    report, page = Path(sys.argv[1]) / "report.md", Path(sys.argv[2])
    above, mark, _ = page.read_text().partition(MARK)
    if not mark:
        print(f"{page} has no line {MARK.strip()}: add it where the tables go.", file=sys.stderr)
        return 1
    page.write_text(above + mark + "\n" + report.read_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
