"""`pumplog unpair`: this computer and a board forget each other, on both sides."""

from __future__ import annotations

import argparse

from ..links import BLE
from ..sync import forget
from .options import open_store
from .screen import print_json, print_text


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("name", metavar="BOARD", help="the board's own name, such as B01")
    parser.add_argument("--everyone", action="store_true",
                        help="the board forgets every computer; needs --check CODE or its button")


def run(options: argparse.Namespace) -> int:
    """Removes the bond on both ends; PartlyError if one of the two is left."""
    with open_store(options) as store:
        forgotten = forget(store, options.name, options.link or BLE, options.everyone, options.check)
    left = forgotten.left()
    if options.json:
        print_json(forgotten.to_json())
    elif not left:
        print_text(forgotten.to_text())
    if left:
        raise left
    return 0
