"""`pumplog label`: a board's check code and label again, for a label that is lost or cannot be read."""

from __future__ import annotations

import argparse

from ..deploy import labels
from ..errors import NotFoundError
from ..extras import require
from ..files import write_private
from ..patients import board_named, episode_or_board
from ..store import Store
from .options import open_store, path
from .screen import print_json, print_text, say


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="boards, patients or beds")
    parser.add_argument("-o", "--output", type=path, metavar="FILE.svg",
                        help="draw the labels: name, check code, and a QR code of the name alone")


def run(options: argparse.Namespace) -> int:
    """Prints the codes, or draws the labels."""
    if options.output:
        require("board", "segno")
    with open_store(options) as store:
        found = dict(_label(store, name) for name in options.names)
    for board, code in found.items():
        if options.json:
            print_json({"board": board, "check_code": f"{code:06d}"})
        else:
            print_text(f"board {board}: check code {code:06d}")
    if options.output:
        write_private(options.output, labels.sheet(list(found.items())))
        say(f"labels are in {options.output}: print them at 100 %")
    return 0


def _label(store: Store, name: str) -> tuple[str, int]:
    """Returns (board, check code); NotFoundError if this store does not have the board's keys."""
    patient = episode_or_board(store, name)
    board = store.boards.named(patient.board if patient else board_named(store, name))
    if board is None:
        raise NotFoundError(f"the keys of {name} are not in this store",
                            "use the computer that provisioned the board, or import its keys")
    return board.name, board.check_code
