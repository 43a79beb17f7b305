"""`pumplog pull`: copies what is new on boards into the store, and delivers waiting entries."""

from __future__ import annotations

import argparse
import sys
from functools import partial

from ..errors import UsageError
from ..links import BLE
from ..patients import left_behind
from ..sync import AT_ONCE, TRIES, Progress, everybody, named, pull_round, round_text
from .options import open_store
from .screen import folded, print_json, print_text, say


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="patients, boards or beds")
    parser.add_argument("--all", action="store_true",
                        help=f"every started patient, {AT_ONCE} boards at a time, each tried up to"
                        f" {TRIES} times")


def run(options: argparse.Namespace) -> int:
    """Pulls; exit 1 if some boards did not answer, and those come first."""
    if bool(options.names) == options.all:
        raise UsageError("say whom to pull", "NAME... or --all")
    with open_store(options) as store:
        if options.all:
            for board in left_behind(store):
                say(board.to_text())
        targets = everybody(store) if options.all else named(store, options.names)
    if options.check and (options.all or len(targets) > 1):
        raise UsageError("--check is the code of one board", "pull that board by its name")
    headings = {target.board: target.heading for target in targets}
    with Progress(sys.stderr, headings, folded) as progress:
        report = pull_round(partial(open_store, options), targets, options.all, progress,
                            options.link or BLE, options.check)
    if options.json:
        for line in report.to_json():
            print_json(line)
    else:
        for text in round_text(report):
            print_text(text)
    return report.exit_code
