"""`pumplog pair`: pairs this computer with a board whose service button was just pressed."""

from __future__ import annotations

import argparse
import sys

from ..errors import NotFound, NotPaired
from ..links import ble_pairing, ble_radio
from .common import open_store, print_json, say


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("name", metavar="BOARD", help="the board's own name, such as B01")


def run(options: argparse.Namespace) -> int:
    """Pairs and proves it by an encrypted read; elsewhere than on Linux, says what to type."""
    board = options.name
    with open_store(options) as store:
        known = store.boards.named(board)
    if known is None:
        raise NotFound(f"no board {board!r} in this store, and the passkey comes of its pairing key:"
                       " give the board's own name, or take its keys from the store that has them with"
                       " `pumplog keys import`.")
    with ble_radio.FINDER.found(board) as seen:
        peer = ble_radio.connect(seen)
    try:
        if not ble_radio.pairs_itself():
            _say_passkey(peer, board, known.pairing_key)
        ble_pairing.secure(peer, board, known.pairing_key)
    finally:
        peer.close()
    if options.json:
        print_json({"board": board, "paired": True})
    else:
        print(f"board {board} and this computer are paired: an encrypted value was read")
    return 0


def _say_passkey(peer: ble_radio.GattPeer, board: str, pairing_key: bytes) -> None:
    """Prints the passkey for the system's own dialogue, and waits until it was typed there."""
    try:
        number = ble_pairing.passkey(peer, board, pairing_key)
    except NotPaired as error:
        say(f"board {board}: {error}")
        return  # it may be paired already
    say(f"board {board}: passkey {number:06d}, for two minutes: give it to the system's Bluetooth"
        " settings, or press Enter here and give it to the dialogue that comes")
    sys.stdin.readline()
