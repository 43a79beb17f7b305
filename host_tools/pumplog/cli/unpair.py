"""`pumplog unpair`: this computer and a board forget each other, on both sides."""

from __future__ import annotations

import argparse

from pumpwire import commands, names

from ..errors import NotPaired, Partly, Usage
from ..links import ble_pairing, ble_radio
from ..links.ble_link import BleLink
from ..store import Store
from ..sync.client import Client
from ..sync.delivery import identify, link_to
from .common import open_store, print_json


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("name", metavar="BOARD", help="the board's own name, such as B01")
    parser.add_argument("--everyone", action="store_true",
                        help="the board forgets every computer; needs --check CODE or its button")


def run(options: argparse.Namespace) -> int:
    """Removes the bond on both ends; Partly if the board keeps its own."""
    spec, board, here = options.link or "ble", options.name, ""
    with open_store(options) as store:
        if spec == "ble":
            why, here = _over_ble(options, store)
        elif spec.startswith("serial:") and options.everyone:
            link = link_to(store, spec, board)
            try:
                why = _tell(Client(link), options, store)
            finally:
                link.close()
        else:
            raise Usage("a bond is between a board and this computer's Bluetooth: leave --link out; over"
                        " the cable give --everyone.")
    if options.json:
        print_json({"board": board, "forgotten_here": spec == "ble" and not here,
                    "forgotten_on_board": not why})
    if here:
        told = f"; board {board} may still know it: {why}" if why else ""
        raise Partly(f"this computer still knows board {board}: {here}{told}")
    if why:
        raise Partly(f"board {board} may still know this computer: {why}")
    if not options.json:
        print(f"board {board} has forgotten every computer" if options.everyone
              else f"board {board} and this computer have forgotten each other")
    return 0


def _over_ble(options: argparse.Namespace, store: Store) -> tuple[str, str]:
    """Has the board and then this computer forget; returns why the board, and this computer, may not."""
    here = ""
    with ble_radio.FINDER.found(options.name) as seen:
        peer = ble_radio.connect(seen)
    try:
        try:
            known = store.boards.named(options.name)
            ble_pairing.secure(peer, options.name, known.pairing_key if known else None)
            why = _tell(Client(BleLink(peer, options.name)), options, store)
        except NotPaired as error:
            why = str(error)
        if peer.paired is not False:
            try:
                peer.unpair()
            except NotPaired as error:
                here = str(error)
    finally:
        peer.close()
    return why, here


def _tell(client: Client, options: argparse.Namespace, store: Store) -> str:
    """Has the board forget; returns why it did not."""
    identify(client, store, options.name)
    result = client.unpair(options.everyone, options.check or 0)
    return "" if result == commands.OK else names.RESULTS.get(result, str(result))
