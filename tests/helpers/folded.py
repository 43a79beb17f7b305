"""Undoes the folding of what pumplog prints, so that a test finds a sentence wherever it was folded."""

from __future__ import annotations

import re

from pumplog.cli.screen import COLUMNS

_HANG = 6  # how much deeper the rest of a folded line begins
PLACE = re.compile(r"(?<!\d) | (?![A-Za-z%])")  # where a line may be folded: not between number and unit


def unfolded(text: str) -> str:
    """Returns text with each line that was folded in one piece again; every other line as it is."""
    lines: list[str] = []
    indent, last = 0, ""
    for line in text.splitlines():
        begin = len(line) - len(line.lstrip(" "))
        if lines and begin == indent + _HANG and len(last) + 1 + len(_first(line)) > COLUMNS:
            lines[-1] += f" {line.lstrip(' ')}"
        else:
            lines.append(line)
            indent = begin
        last = line
    return "".join(f"{line}\n" for line in lines)


def _first(line: str) -> str:
    """Returns what stands before the first place at which a line may be folded."""
    return PLACE.split(line.lstrip(" "), maxsplit=1)[0]
