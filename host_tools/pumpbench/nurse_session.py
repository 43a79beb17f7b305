"""What the nurse's laptop does in one visit: pumplog commands, one after the other.

Run as a program of its own, `python -m pumpbench.nurse_session`, with JSON on standard input:
{"commands": [[argument, ...], ...], "label": {"check_code": "..."} }. `{check_code}` in an
argument stands for what is on the board's label. Prints the label as JSON: a first visit that
provisions the board writes it.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys

from pumplog.cli import main as pumplog


def main() -> int:
    """Runs the visit; returns the exit code of the first command that fails, else 0."""
    visit = json.load(sys.stdin)
    label: dict[str, str] = visit["label"]
    for command in visit["commands"]:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            code = pumplog([argument.format(**label) for argument in command])
        if code:
            print(f"pumplog {' '.join(command)}: exit {code}", file=sys.stderr)
            return code
        if command[0] == "provision":
            label["check_code"] = json.loads(said.getvalue())["check_code"]
    print(json.dumps(label))
    return 0


if __name__ == "__main__":
    sys.exit(main())
