"""Makes docs/FAULTS.md from the table of faults: `python -m pumpbench.faults.docs docs/FAULTS.md`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

from .kinds import KINDS, Kind, Parameter, Place

_HEAD = """\
# Faults

Made from `host_tools/pumpbench/faults/kinds.py` by `python -m pumpbench.faults.docs docs/FAULTS.md`;
change them there.

The virtual bedside runs a cohort with what should go wrong:

```
pumpbench run --regimens regimens.csv --daily-counts daily_counts.csv --out OUT --faults faults.toml
```

A file of faults holds a table for each fault. Faults can be combined freely, several of a kind too. The
same seed and file give the same bytes.

```toml
[[fault]]
patient = "P01"
timepoint = "followup"     # default "baseline"
at_s = 7200                # whole seconds from the window's start
kind = "occlusion"
alarm_ul = 900             # a parameter; each has a default
```

`OUT/truth.json` keeps what really happened. Three volumes stand apart: what the mechanism moved (it
makes the counts), what left the bag (it makes the weight), and what reached the patient (it makes the
dose). `faults` has each fault with its true onset and end, its false volumes, and the counts and presses
that the board did not see. `bag_entries` and `visits` say what people entered, when, and by which clock.
Only tests read this file.

"Must lead to" is what the host has to show for it, found on pull: nothing here is an alarm.
"""


def document() -> str:
    """Returns the whole page."""
    parts = [_HEAD]
    for place in get_args(Place):
        parts.append(f"\n## {place.capitalize()}\n")
        parts += [_section(name, kind) for name, kind in KINDS.items() if kind.place == place]
    return "".join(parts)


def _section(name: str, kind: Kind) -> str:
    text = f"\n### {name}\n\n"
    if kind.at_start:
        text += "It holds for the whole window: leave `at_s` out.\n\n"
    if kind.parameters:
        text += "| parameter | default | limits | |\n|---|---|---|---|\n"
        text += "".join(_row(key, parameter) for key, parameter in kind.parameters.items()) + "\n"
    return text + f"{kind.does}\n\n**Must lead to:** {kind.leads_to}\n"


def _row(key: str, parameter: Parameter) -> str:
    if isinstance(parameter.default, str):
        return f"| `{key}` | | text | {parameter.note} |\n"
    limits = f"{parameter.low:,.12g} to {parameter.high:,.12g}{', whole' if parameter.whole else ''}"
    return f"| `{key}` | {parameter.default} | {limits} | {parameter.note} |\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(document())
