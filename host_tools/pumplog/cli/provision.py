"""`pumplog provision`: gives a board its name, keys, check code and calibration, over the cable."""

from __future__ import annotations

import argparse
import csv
import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pumpwire import commands, names

from .. import host
from ..deploy import labels
from ..errors import Partly, PumplogError, Usage
from ..links import open_link
from ..quantities import QUANTUM_PL, parse
from ..store import Board, Key, Store, StoreError
from ..sync.client import Client
from .common import check_code, open_store, print_json, say


@dataclass(frozen=True)
class Plan:
    """What one board is to get, and where it is."""

    name: str
    link: str
    pl_per_count: int
    uncertainty_ppm: int
    cell_zero: int
    cell_per_kg: int
    check_code: int | None


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--name", help="neutral board name, such as B01")
    parser.add_argument("--port", help="the board's serial port, as in --link serial:PORT")
    parser.add_argument("--ul-per-count", metavar="VOLUME",
                        help="calibrated volume a count, such as '1 uL'")
    parser.add_argument("--uncertainty-percent", default="2.5", metavar="PERCENT",
                        help="standard uncertainty of that calibration (default 2.5)")
    parser.add_argument("--cell-zero", type=int, default=0, help="load cell, raw, empty bag hung")
    parser.add_argument("--cell-per-kg", type=int, default=420000, help="load cell, raw per kg")
    parser.add_argument("--batch", type=Path, metavar="FILE.csv", help="many boards, one a line, with"
                                                                       " the"
                        " columns name, port, ul_per_count and, if wanted, uncertainty_percent,"
                        " cell_zero, cell_per_kg, check")
    parser.add_argument("--labels", type=Path, metavar="FILE.svg", help="write the boards' labels: name,"
                        " check code, and a QR code with nothing but the name")


def run(options: argparse.Namespace) -> int:
    """Provisions one board, or those of a batch; Partly if some of a batch were not."""
    plans = _batch(options) if options.batch else [_single(options)]
    done: list[Board] = []
    failed: list[str] = []
    with open_store(options, make=True) as store:
        for plan in plans:
            try:
                board = _provision(store, plan)
            except StoreError:
                raise
            except PumplogError as error:
                if not options.batch:
                    raise
                failed.append(f"{plan.name}: {error}")
                continue
            done.append(board)
            if options.json:
                print_json({"board": board.name, "check_code": str(board.check_code),
                            "pl_per_count": str(plan.pl_per_count),
                            "uncertainty_ppm": str(plan.uncertainty_ppm)})
            else:
                print(f"board {board.name}: check code {board.check_code}", flush=True)
    if done and options.labels:
        options.labels.write_text(labels.sheet([(board.name, board.check_code) for board in done]))
        say(f"labels are in {options.labels}: print them at 100 %; the keys stay in this store")
    elif done:
        say("write the check code on the board's label; the keys stay in this store")
    if failed:
        raise Partly(f"{len(failed)} of {len(plans)} boards were not provisioned: {' '.join(failed)}")
    return 0


def _single(options: argparse.Namespace) -> Plan:
    link = f"serial:{options.port}" if options.port else options.link or ""
    if not options.name or not options.ul_per_count:
        raise Usage("give the board's --name and its --ul-per-count, or --batch FILE.csv.")
    return _plan(options.name, link, options.ul_per_count, options.uncertainty_percent,
                 options.cell_zero, options.cell_per_kg, options.check)


def _batch(options: argparse.Namespace) -> list[Plan]:
    """Reads the plans of a batch, all of which must be sound before the first board is written to."""
    try:
        with open(options.batch, newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Usage(f"--batch {options.batch} cannot be read ({error}): give a CSV file in"
                    " UTF-8.") from error
    plans = []
    for number, row in enumerate(rows, 2):
        given = {key: value.strip() for key, value in row.items()
                 if isinstance(value, str) and value.strip()}
        try:
            plans.append(_plan(
                given["name"], f"serial:{given['port']}", given["ul_per_count"],
                given.get("uncertainty_percent", options.uncertainty_percent),
                int(given.get("cell_zero", options.cell_zero)),
                int(given.get("cell_per_kg", options.cell_per_kg)),
                check_code(given["check"]) if "check" in given else None))
        except KeyError as error:
            raise Usage(f"{options.batch}, line {number}: {error.args[0]} is missing; nothing was"
                        " written.")
        except (ValueError, Usage, argparse.ArgumentTypeError) as error:
            raise Usage(f"{options.batch}, line {number}: {error} Nothing was written.")
    for what, values in (("name", [plan.name for plan in plans]),
                         ("port", [plan.link for plan in plans])):
        twice = {value for value in values if values.count(value) > 1}
        if twice:
            raise Usage(f"{options.batch} has the {what} {min(twice)} twice; nothing was written.")
    if not plans:
        raise Usage(f"{options.batch} names no board.")
    return plans


def _plan(name: str, link: str, ul_per_count: str, uncertainty_percent: str, cell_zero: int,
          cell_per_kg: int, check: int | None) -> Plan:
    """Returns a plan that is sound; Usage otherwise."""
    if not (name.isascii() and name.isalnum() and 1 <= len(name) <= 8):
        raise Usage(f"--name {name!r} must be one to eight letters and digits: it is on the air.")
    if not link.startswith("serial:"):
        raise Usage("a board is provisioned over its cable: give --port PORT.")
    if not -(1 << 31) <= cell_zero < 1 << 31:
        raise Usage("--cell-zero is what the 24-bit load cell reads with an empty bag hung: check it.")
    if not 1 <= cell_per_kg < 1 << 31:
        raise Usage("--cell-per-kg is how much more the load cell reads for a kilogram: check it.")
    return Plan(name, link, parse(ul_per_count, "--ul-per-count", QUANTUM_PL), _ppm(uncertainty_percent),
                cell_zero, cell_per_kg, check)


def _provision(store: Store, plan: Plan) -> Board:
    """Gives one board its name, keys, time and calibration; returns what the store now knows of it."""
    board = Board(plan.name, host.random_bytes(32), host.random_bytes(32),
                  int.from_bytes(host.random_bytes(4)) % 900_000 + 100_000, plan.pl_per_count,
                  plan.uncertainty_ppm, host.utc_now_ms())
    known = store.boards.named(plan.name)
    if known and plan.check_code != known.check_code:  # else its keys would be lost
        raise Usage(f"board {plan.name} is in this store already: choose another name or, to provision"
                    " that very board again, give --check CODE from its label.")
    link = open_link(plan.link, plan.name)
    try:
        client = Client(link)
        known = _holder(client, store)
        proof = client.prove(known.device_key if known else None)
        client.anchor()
        store.keys.add(plan.name, Key(board.device_key, board.provisioned_at_ms))
        store.commit()  # before the board has it: should its answer be lost, the key is not
        result, _ = client.command(commands.PROVISION, struct.pack(
            commands.PROVISION_BODY, plan.name.encode(), board.device_key, board.pairing_key,
            board.check_code, plan.pl_per_count, plan.uncertainty_ppm, plan.cell_zero, plan.cell_per_kg,
        ), plan.check_code or 0)
        if result != commands.OK:
            raise Usage(f"the board refused ({names.RESULTS.get(result, result)}): a board"
                        " that has a name wants --check CODE from its label.")
        store.add_board(board)
        store.logs.add(proof.log_id, plan.name)
        store.commit()
    finally:
        link.close()
    return board


def _holder(client: Client, store: Store) -> Board | None:
    """Returns what this store knows of the board on the cable, None if nobody set it up yet."""
    info = client.info()
    known = store.boards.named(info.name) if info.provisioned else None
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
