"""`pumplog regimen`: what is prescribed."""

from __future__ import annotations

import argparse

from ..errors import NotFoundError, UsageError
from ..patients import prescriptions
from ..store import Store
from .enter import authorship, keep
from .options import add_ago, open_store
from .screen import print_json, print_text, say


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("action", choices=["set", "show"])
    parser.add_argument("name", nargs="?", metavar="NAME",
                        help="patient, board or bed (show: everybody if left out)")
    parser.add_argument("--rate", help="continuous rate, such as '0.1 mL/h'")
    parser.add_argument("--bolus", help="patient bolus, such as '0.1 mL'")
    parser.add_argument("--lockout", help="such as '15 min'")
    parser.add_argument("--lockout-from", choices=["start", "end"], default="start",
                        help="of the bolus (default start)")
    parser.add_argument("--confirm", action="store_true",
                        help="a twofold change from the last prescription is meant")
    add_ago(parser)


def run(options: argparse.Namespace) -> int:
    """Sets or shows."""
    with open_store(options) as store:
        if options.action == "show":
            if options.rate or options.bolus or options.lockout or options.ago or options.confirm:
                raise UsageError("`regimen show` enters nothing", "set it with `regimen set`")
            return _show(options, store)
        if not options.name:
            raise UsageError("no patient was named", "give the patient, board or bed")
        prescribed = prescriptions.new_prescription(
            store, options.name, options.rate, options.bolus, options.lockout,
            options.lockout_from == "end", authorship(options))
        say(prescribed.to_text())
        if prescribed.changes and not options.confirm:
            raise prescriptions.unconfirmed(prescribed.changes[0])
        keep(options, store, prescribed.entry)
    return 0


def _show(options: argparse.Namespace, store: Store) -> int:
    """Prints the prescription in force of each of these patients."""
    shown = prescriptions.in_force(store, options.name)
    for patient in shown:
        if options.json:
            for line in patient.to_json():
                print_json(line)
        else:
            print_text(patient.to_text())
    if not any(patient.entry for patient in shown):
        raise NotFoundError("no regimen was entered", "enter it with `pumplog regimen set`")
    return 0
