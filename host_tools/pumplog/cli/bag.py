"""`pumplog bag`: what was mixed and hung."""

from __future__ import annotations

import argparse
import sys

from ..errors import NotFoundError, UsageError
from ..patients import DRUGS, bags
from ..patients.entering import Change
from ..quantities import show
from ..store import Store
from .enter import authorship, keep
from .options import add_ago, open_store
from .screen import print_json, print_text, say


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("action", choices=["hang", "list"])
    parser.add_argument("name", nargs="?", metavar="NAME",
                        help="patient, board or bed (list: everybody if left out)")
    for drug in DRUGS:
        parser.add_argument(f"--{drug}", metavar="MASS",
                            help="in the whole bag, such as '110 mg', or 'none'")
    parser.add_argument("--volume", help="of the bag, such as '250 mL'")
    parser.add_argument("--confirm", action="store_true",
                        help="a twofold change from the last bag is meant, or another bag so soon")
    add_ago(parser)


def run(options: argparse.Namespace) -> int:
    """Hangs or lists."""
    with open_store(options) as store:
        if options.action == "list":
            if options.volume or options.ago or options.confirm or any(
                    getattr(options, drug) for drug in DRUGS):
                raise UsageError("`bag list` enters nothing", "hang a bag with `bag hang`")
            return _list(options, store)
        if not options.name:
            raise UsageError("no patient was named", "give the patient, board or bed")
        masses = {drug: getattr(options, drug) for drug in DRUGS}
        bag = bags.new_bag(store, options.name, masses, options.volume, authorship(options))
        say(bag.to_text())
        if bag.ahead_ms and not options.confirm:
            raise bags.dated_ahead(bag)
        if bag.twin and not options.confirm:
            raise bags.entered_already(bag.twin)
        for change in bag.changes:
            if not options.confirm and not _retyped(change):
                raise bags.unconfirmed(change)
        keep(options, store, bag.entry)
    return 0


def _retyped(change: Change) -> bool:
    """Asks on a terminal for the new strength; returns whether it was typed."""
    if not sys.stdin.isatty():
        return False
    after = f"{show(change.after)} {change.unit}"
    typed = input(f"{change.what} was {show(change.before)} {change.unit}. Type {after} to confirm: ")
    return typed.strip() == after


def _list(options: argparse.Namespace, store: Store) -> int:
    """Prints the bags of these patients, oldest first."""
    listed = bags.bags_of(store, options.name)
    for patient in listed:
        if options.json:
            for line in patient.to_json():
                print_json(line)
        else:
            print_text(patient.to_text())
    if not any(patient.bags for patient in listed):
        raise NotFoundError("no bag was entered", "enter it with `pumplog bag hang`")
    return 0
