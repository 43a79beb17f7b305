"""`pumplog patient`: stays of patients on boards."""

from __future__ import annotations

import argparse

from ..errors import UsageError
from ..patients import stays
from ..patients.stays import NewStay
from ..store import Store
from .enter import authorship, keep
from .options import add_ago, open_store
from .screen import print_as_is, print_json, print_text, say


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("action", choices=["start", "move", *stays.LEAVINGS, "list"])
    parser.add_argument("name", nargs="?", metavar="NAME",
                        help="patient, board or bed (start: the code, made up if left out; list:"
                        " everybody if left out)")
    parser.add_argument("--board", help="the board clipped to this patient's pump")
    parser.add_argument("--bed", help="bed label, kept on this host only")
    parser.add_argument("--confirm", action="store_true",
                        help="although another patient was on the board then, or the stay begins ahead")
    add_ago(parser)


def run(options: argparse.Namespace) -> int:
    """Runs one action."""
    with open_store(options) as store:
        if options.action == "list":
            if options.board or options.bed or options.ago or options.confirm:
                raise UsageError("`patient list` enters nothing",
                                 "name a patient, board or bed without an option, or nobody")
            for patient in stays.every_patient(store, options.name):
                print_json(patient.to_json()) if options.json else print_text(patient.to_text())
            return 0
        stay = _asked_for(options, store)
        asked = stay.unconfirmed()
        if asked and not options.confirm:
            raise asked
        say(stay.to_text())
        if options.action == "start" and not options.json:
            print_as_is(stay.entry.patient)
        keep(options, store, stay.entry)
        return 0


def _asked_for(options: argparse.Namespace, store: Store) -> NewStay:
    """Returns the beginning, the move or the end of a stay that the options ask for."""
    name, board, bed, by = options.name, options.board, options.bed, authorship(options)
    if options.action == "start":
        return stays.start_stay(store, name, board, bed, by)
    if not name:
        raise UsageError("no patient was named", "give the patient's code")
    if options.action == "move":
        return stays.move_stay(store, name, board, bed, by)
    stay = stays.leave(store, name, options.action, by)
    if board or bed:
        raise UsageError("--board and --bed go with start and move", "leave them out")
    return stay
