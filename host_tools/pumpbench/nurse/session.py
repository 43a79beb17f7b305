"""What the nurse's laptop does in one visit: pumplog commands, one after the other.

Run as a program of its own, `python -m pumpbench.nurse.session`, with JSON on standard input:
{"commands": [[argument, ...], ...], "label": {"check_code": "..."}, "refused_ok": false}.
`{check_code}` in an argument stands for what is on the board's label. Prints {"label", "codes"}: a
first visit that provisions the board writes the label; codes are the commands' exit codes.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys

from pumplog.cli import main as pumplog


def main() -> int:
    """Runs the visit; unless refused_ok, it ends with the exit code of a command that fails."""
    visit = json.load(sys.stdin)
    label: dict[str, str] = visit["label"]
    codes: list[int] = []
    for command in visit["commands"]:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            code = pumplog([argument.format(**label) for argument in command])
        codes.append(code)
        if code and not visit["refused_ok"]:
            print(f"pumplog {' '.join(command)}: exit {code}", file=sys.stderr)
            return code
        if code == 0 and command[0] == "provision":
            label["check_code"] = json.loads(said.getvalue())["check_code"]
    print(json.dumps({"label": label, "codes": codes}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
