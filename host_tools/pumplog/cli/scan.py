"""`pumplog scan`: the boards in radio range."""

from __future__ import annotations

import argparse

from ..sync import boards_nearby
from .options import open_store
from .screen import print_json, print_text


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--seconds", type=_seconds, default=4.0, metavar="S",
                        help="how long, 1 to 60 (default 4)")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 60:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 1 to 60")
    return seconds


def run(options: argparse.Namespace) -> int:
    """Lists boards with patient, bed, signal and whether they have news, those to visit first; then
    who is started and was not heard."""
    if options.db.exists():
        with open_store(options) as store:
            boards = boards_nearby(store, options.seconds)
    else:
        boards = boards_nearby(None, options.seconds)  # there need not be a store yet
    for board in boards:
        print_json(board.to_json()) if options.json else print_text(board.to_text())
    return 0
