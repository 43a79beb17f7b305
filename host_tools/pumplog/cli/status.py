"""`pumplog status`: what each patient's board last told, and how old that is."""

from __future__ import annotations

import argparse

from ..patients import left_behind, named_or_current, status_of
from .options import open_store
from .screen import print_json, print_text, say


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="patient, board or bed")


def run(options: argparse.Namespace) -> int:
    """Prints every patient, or the patient that is named."""
    with open_store(options) as store:
        for board in [] if options.name else left_behind(store):
            say(board.to_text())
        found = [status_of(store, patient) for patient in named_or_current(store, options.name)]
        if options.json:
            for status in found:
                print_json(status.to_json())
        else:
            for status in sorted(found, key=lambda status: status.rank):
                print_text(status.to_text())
    return 0
