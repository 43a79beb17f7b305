"""`pumplog events`: every record, with its place in time and whose it is."""

from __future__ import annotations

import argparse

from ..errors import NotFoundError
from ..patients.events import events
from .options import open_store
from .screen import print_json, print_text


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="patient, board or bed")


def run(options: argparse.Namespace) -> int:
    """Prints a line a record."""
    found = False
    with open_store(options) as store:
        for event in events(store, options.name):
            found = True
            print_json(event.to_json()) if options.json else print_text(event.to_text())
    if not found:
        raise NotFoundError("nothing recorded", "pull the board first")
    return 0
