"""`pumplog pair`: pairs this computer with a board whose service button was just pressed."""

from __future__ import annotations

import argparse
import sys

from ..errors import NotFoundError
from ..links import ble_pairing
from .options import open_store
from .screen import print_json, print_text, say


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("name", metavar="BOARD", help="the board's own name, such as B01")


def run(options: argparse.Namespace) -> int:
    """Pairs and proves it by an encrypted read; elsewhere than on Linux, says what to type."""
    board = options.name
    with open_store(options) as store:
        known = store.boards.like(board)
    if known is None:
        raise NotFoundError(f"no board {board!r} in this store, so its passkey cannot be computed",
                            "give the board's own name, or run `pumplog keys import`")

    board = known.name

    def type_in(passkey: int) -> None:
        say(f"board {board}: passkey {passkey:06d}, valid once, within two minutes. Type it into the"
            " system's Bluetooth settings, or press Enter here and type it into the dialogue that opens")
        sys.stdin.readline()

    paired = ble_pairing.pair(board, known.pairing_key, type_in)
    print_json(paired.to_json()) if options.json else print_text(paired.to_text())
    return 0
