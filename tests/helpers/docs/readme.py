"""The table that README shows, and its counterpart in what `pumpbench demo` prints.

`pumpbench demo | python tests/helpers/docs/readme.py` puts a run's table into README.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).parents[3] / "README.md"
_MARK = "<!-- printed by `make demo`, seed 1: tests compare it -->"
_BLOCK = re.compile(rf"({_MARK}\n```text\n)(.*?)(\n```)", re.S)


def shown_table() -> str:
    """Returns the table that README shows."""
    found = _BLOCK.search(README.read_text(encoding="utf-8"))
    assert found, "README has no block marked as printed by `make demo`"
    return found[2]


def printed_table(output: str) -> str:
    """Returns the table in what `pumpbench demo`, or `pumplog table`, printed."""
    table = re.search(r"^Table 4\..*?(?=\n\nBeside |\n\nEverything |\s*\Z)", output, re.S | re.M)
    assert table, "no table was printed"
    return table[0]


if __name__ == "__main__":
    table = printed_table(sys.stdin.read())
    README.write_text(_BLOCK.sub(lambda found: found[1] + table + found[3],
                                 README.read_text(encoding="utf-8")), encoding="utf-8")
