"""`pumplog provision`: gives a board its name, keys, check code and calibration, over the cable."""

from __future__ import annotations

import argparse
import struct
from fractions import Fraction

from pumpwire import commands, names

from .. import world
from ..errors import Usage
from ..links import open_link
from ..quantities import QUANTUM_PL, parse
from ..store import Board, Store
from ..sync_client import Client
from .common import open_store, print_json, say


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--name", required=True, help="neutral board name, such as B01")
    parser.add_argument("--ul-per-count", required=True, metavar="VOLUME",
                        help="calibrated volume a count, such as '1 uL'")
    parser.add_argument("--uncertainty-percent", default="2.5", metavar="PERCENT",
                        help="standard uncertainty of that calibration (default 2.5)")
    parser.add_argument("--cell-zero", type=int, default=0, help="load cell, raw, empty bag hung")
    parser.add_argument("--cell-per-kg", type=int, default=420000, help="load cell, raw per kg")


def run(options: argparse.Namespace) -> int:
    """Provisions one board."""
    name = options.name
    if not (name.isascii() and name.isalnum() and 1 <= len(name) <= 8):
        raise Usage(f"--name {name!r} must be one to eight letters and digits: it is on the air.")
    if not (options.link or "").startswith("serial:"):
        raise Usage("a board is provisioned over its cable: give --link serial:PORT.")
    pl_per_count = parse(options.ul_per_count, "--ul-per-count", QUANTUM_PL)
    ppm = _ppm(options.uncertainty_percent)
    if not -(1 << 31) <= options.cell_zero < 1 << 31:
        raise Usage("--cell-zero is what the 24-bit load cell reads with nothing hung: check it.")
    if not 1 <= options.cell_per_kg < 1 << 31:
        raise Usage("--cell-per-kg is how much more the load cell reads for a kilogram: check it.")
    board = Board(name, world.random_bytes(32), world.random_bytes(32),
                  int.from_bytes(world.random_bytes(4)) % 900_000 + 100_000, pl_per_count, ppm,
                  world.utc_now_ms())
    with open_store(options, make=True) as store:
        known = store.board(name)
        if known and options.check != known.check_code:  # else its keys would be lost
            raise Usage(f"board {name} is in this store already: choose another name or, to provision"
                        " that very board again, give --check CODE from its label.")
        link = open_link(options.link, name)
        try:
            client = Client(link)
            known = _holder(client, store)
            proof = client.prove(known.device_key if known else None)
            client.anchor()
            store.add_key(name, board.device_key, board.provisioned_at_ms)
            store.commit()  # before the board has it: should its answer be lost, the key is not
            result, _ = client.command(commands.PROVISION, struct.pack(
                commands.PROVISION_BODY, name.encode(), board.device_key, board.pairing_key,
                board.check_code, pl_per_count, ppm, options.cell_zero, options.cell_per_kg,
            ), options.check or 0)
            if result != commands.OK:
                raise Usage(f"the board refused ({names.RESULTS.get(result, result)}): a board"
                            " that has a name wants --check CODE from its label.")
            store.add_board(board)
            store.add_log(proof.log_id, name)
            store.commit()
        finally:
            link.close()
    if options.json:
        print_json({"board": name, "check_code": str(board.check_code),
                    "pl_per_count": str(pl_per_count), "uncertainty_ppm": str(ppm)})
    else:
        say("write the check code on the board's label; the keys stay in this store")
        print(f"board {name}: check code {board.check_code}")
    return 0


def _holder(client: Client, store: Store) -> Board | None:
    """Returns what this store knows of the board on the cable, None if nobody set it up yet."""
    info = client.info()
    known = store.board(info.name) if info.provisioned else None
    if info.provisioned and known is None:
        raise Usage(f"this board is {info.name} already, and its keys are not in this store: use the"
                    " store that has them.")
    return known


def _ppm(percent: str) -> int:
    """Returns a percentage in parts per million."""
    try:
        ppm = Fraction(percent) * 10_000
    except (ValueError, ZeroDivisionError):
        ppm = Fraction(-1)
    if not 0 <= ppm <= 1_000_000:
        raise Usage("--uncertainty-percent takes 0 to 100, in digits, as in 2.5.")
    return int(ppm)
