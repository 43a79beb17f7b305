"""`pumplog regimen`: what is prescribed."""

from __future__ import annotations

import argparse
from fractions import Fraction

from ..errors import NotFound, Usage
from ..moments import since_text
from ..patients.episodes import Episode
from ..patients.roster import current_episode, named_or_current
from ..quantities import RATE_UL_H, TIME_S, VOLUME_UL, parse, show
from .common import (
    add_ago,
    entry_json,
    entry_state,
    journal,
    new_entry,
    open_store,
    print_json,
    say,
    twofold,
)


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
            return _show(options, named_or_current(store, options.name))
        if not options.name:
            raise Usage("whose regimen? Give the patient, board or bed.")
        one = current_episode(store, options.name)
        fields = {
            "rate_ul_h": parse(options.rate, "--rate", RATE_UL_H),
            "bolus_ul": parse(options.bolus, "--bolus", VOLUME_UL),
            "lockout_s": parse(options.lockout, "--lockout", TIME_S),
            "lockout_from_end": int(options.lockout_from == "end"),
        }
        entry = new_entry(options, "regimen", one.patient, one.board, one.assignment, fields)
        before, board = one.latest("regimen"), store.boards.named(one.board)
        say(f"{one.heading}: {_words(fields)}")
        if before:
            say(f"  before: {_words(before.fields)}, since {since_text(before.effective_at_ms)}")
        if board and board.pl_per_count * 5 > fields["bolus_ul"] * 1_000_000:
            say("this pump's count is coarser than a fifth of the bolus: some boluses will be"
                " inferred or unresolved")
        if before and not options.confirm:
            _wants_confirmation(before.fields, fields)
        journal(options, store, entry)
    return 0


def _wants_confirmation(before: dict[str, int], fields: dict[str, int]) -> None:
    """Raises Usage if something changes twofold."""
    for name, key in (("rate", "rate_ul_h"), ("bolus", "bolus_ul"), ("lockout", "lockout_s")):
        if twofold(before[key], fields[key]):
            raise Usage(f"the {name} would change twofold or more from what was prescribed before, so"
                        " nothing was entered: check the prescription; if it is meant, add --confirm.")


def _show(options: argparse.Namespace, chosen: list[Episode]) -> int:
    """Prints the regimen in force of each of these patients."""
    found = False
    for one in chosen:
        entry = one.latest("regimen")
        found = found or entry is not None
        if options.json and entry:
            print_json(entry_json(entry))
        elif entry:
            print(f"{one.heading}: {_words(entry.fields)}, since"
                  f" {since_text(entry.effective_at_ms)}; {entry_state(entry)}")
        elif not options.json:
            print(f"{one.heading}: no regimen was entered")
    if not found:
        raise NotFound("no regimen was entered: enter it with `pumplog regimen set`.")
    return 0


def _words(fields: dict[str, int]) -> str:
    return (f"{show(Fraction(fields['rate_ul_h'], 1000))} mL/h, bolus"
            f" {show(Fraction(fields['bolus_ul'], 1000))} mL, lockout"
            f" {show(Fraction(fields['lockout_s'], 60))} min from its"
            f" {'end' if fields['lockout_from_end'] else 'start'}")
