"""The only place that prints: results on standard output, advice on standard error.

Only a round's progress prints itself (pumplog.sync.progress), for its lines are written over.
Text is folded between words at 80 columns, what goes on hanging below its line; JSON is a line each, and
a table comes as it is.
"""

from __future__ import annotations

import sys

COLUMNS = 80
_HANG = "      "


def say(text: str) -> None:
    """Prints advice or an echo, on standard error."""
    print(folded(text), file=sys.stderr)


def print_text(text: str) -> None:
    """Prints a result for people, at once."""
    print(folded(text), flush=True)


def print_as_is(text: str) -> None:
    """Prints a table as wide as it is, or what a script takes."""
    print(text)


def print_json(value: object) -> None:
    """Prints one JSON value."""
    import json

    print(json.dumps(value))


def folded(text: str) -> str:
    """Returns text with each line folded; no word is broken, and a number keeps its unit beside it."""
    return "\n".join(_folded(line) if len(line) > COLUMNS else line for line in text.splitlines())


def _folded(line: str) -> str:
    indent = line[: len(line) - len(line.lstrip(" "))]
    out, rest = [], line
    while len(rest) > COLUMNS:
        at = _border(rest)
        if at is None:
            break
        out.append(rest[:at].rstrip(" "))
        rest = indent + _HANG + rest[at:].lstrip(" ")
    return "\n".join([*out, rest])


def _border(line: str) -> int | None:
    """Returns where to fold: the last space between words that leaves a line short enough, else the
    first after it; None where there is only one word."""
    begin = len(line) - len(line.lstrip(" "))
    at = line.rfind(" ", begin, COLUMNS + 1)
    while at >= 0 and _of_a_number(line, at):
        at = line.rfind(" ", begin, at)
    if at < 0:
        at = line.find(" ", max(begin, COLUMNS + 1))
        while at >= 0 and _of_a_number(line, at):
            at = line.find(" ", at + 1)
    return at if at >= 0 else None


def _of_a_number(line: str, at: int) -> bool:
    """Returns whether a space stands between a number and its unit."""
    return line[at - 1].isdigit() and (line[at + 1 : at + 2].isalpha() or line[at + 1 : at + 2] == "%")
