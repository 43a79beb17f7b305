"""`pumplog doctor`: what is on a board, and what to do about it, a sentence each."""

from __future__ import annotations

import argparse
from functools import partial

from ..deploy import examining
from ..deploy.diagnosis import Diagnosis
from ..errors import PartlyError, UsageError
from .options import open_store
from .screen import print_json, print_text, say


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--port", help="the board's serial port, as in --link serial:PORT")
    parser.add_argument("--quick", action="store_true",
                        help="ask the firmware only, which logs on meanwhile")


def run(options: argparse.Namespace) -> int:
    """Examines one board; PartlyError if something is not as it should be."""
    port = options.port or (options.link or "").removeprefix("serial:")
    if not port or port == "ble":
        raise UsageError("a board is examined over its cable", "give --port PORT")
    found = examining.ask(port, partial(open_store, options) if options.db.exists() else None)
    _print(options, found)  # now: the rest may end in an error
    if not options.quick:
        looked = examining.look(port, say)
        _print(options, looked)
        found += looked
    bad = [each.what for each in found if each.good is False]
    if bad:
        raise PartlyError(f"not as it should be: {', '.join(bad)}", "what to do stands beside each")
    return 0


def _print(options: argparse.Namespace, found: list[Diagnosis]) -> None:
    for each in found:
        if options.json:
            print_json(each.to_json())
        else:
            print_text(each.to_text())
