"""The only place that prints: results on standard output, advice on standard error.

Only a round's progress prints itself (pumplog.sync.progress), for its lines are written over.
Nothing but printable characters and ends of lines leaves here (pumplog.plain), whatever a board, a
stranger or a file put into a text. Text is folded between words at 80 columns, what goes on hanging
below its line; JSON is a line each, and a table comes as it is.
"""

from __future__ import annotations

import os
import sys

from ..plain import SHOWN, in_a_line, lines, whole

TYPE_CHECKING = False  # as typing has it, which takes longer to load than all the rest here
if TYPE_CHECKING:
    from typing import TextIO

COLUMNS = 80
_HANG = "      "


def prepare() -> None:
    """Has both outputs show what their encoding lacks as well as it can, and never fail for it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a test's output, or none at all, has no encoding
            stream.reconfigure(errors=SHOWN)


def say_error(text: str) -> None:
    """Prints what went wrong, on standard error: a sentence, whatever name it repeats."""
    say(in_a_line(text))


def open_closed_streams() -> None:
    """Lets what is printed to a closed stream go nowhere: else advice would land among the results, or
    the next file that is opened would take the stream's place."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            stream = os.open(os.devnull, os.O_RDWR)
            if stream != number:
                os.dup2(stream, number)
                os.close(stream)
            setattr(sys, name, open(number, "r" if number == 0 else "w", closefd=False))


def say(text: str) -> None:
    """Prints advice or an echo, on standard error; where that takes nothing, the command goes on."""
    try:
        print(folded(text), file=sys.stderr)
    except OSError:
        drop(sys.stderr)


def drop(stream: TextIO) -> None:
    """Has what is still to be printed go nowhere: where it was to go takes nothing further, and the
    interpreter would say so once more as it ends."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):
        pass  # there is no such output


def print_text(text: str) -> None:
    """Prints a result for people, at once."""
    print(folded(text), flush=True)


def print_as_is(text: str) -> None:
    """Prints a table as wide as it is, or what a script takes."""
    print(lines(text))


def print_json(value: object) -> None:
    """Prints one JSON value: in ASCII, so that no terminal obeys it, and without half a character."""
    import json

    text = json.dumps(value)
    if "\\ud" in text:  # pairs are characters, and what stands alone is none
        text = json.dumps(json.loads(whole(json.dumps(value, ensure_ascii=False))))
    print(text)


def folded(text: str) -> str:
    """Returns text, made printable, with each line folded; no word is broken, and a number keeps its
    unit beside it."""
    return "\n".join(_folded(line) if len(line) > COLUMNS else line for line in lines(text).splitlines())


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
