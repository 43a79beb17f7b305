"""`pumplog regimen`: what is prescribed."""

from __future__ import annotations

import argparse
from fractions import Fraction

from ..episodes import episode
from ..errors import NotFound
from ..quantities import RATE_UL_H, TIME_S, VOLUME_UL, parse, show
from .common import heading, journal, new_entry, open_store, print_json, say, utc_text


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("action", choices=["set", "show"])
    parser.add_argument("name", metavar="PATIENT", help="patient, board or bed")
    parser.add_argument("--rate", help="continuous rate, such as '0.1 mL/h'")
    parser.add_argument("--bolus", help="patient bolus, such as '0.1 mL'")
    parser.add_argument("--lockout", help="such as '15 min'")
    parser.add_argument("--lockout-from", choices=["start", "end"], default="start",
                        help="of the bolus (default start)")


def run(options: argparse.Namespace) -> int:
    """Sets or shows."""
    with open_store(options) as store:
        one = episode(store, options.name)
        if options.action == "set":
            fields = {
                "rate_ul_h": parse(options.rate or "", "--rate", RATE_UL_H),
                "bolus_ul": parse(options.bolus or "", "--bolus", VOLUME_UL),
                "lockout_s": parse(options.lockout or "", "--lockout", TIME_S),
                "lockout_from_end": int(options.lockout_from == "end"),
            }
            board = store.board(one.board)
            say(f"{heading(one)}: {_words(fields)}")
            if board and board.pl_per_count * 5 > fields["bolus_ul"] * 1_000_000:
                say("this pump's count is coarser than a fifth of the bolus: some boluses will be"
                    " inferred or unresolved")
            journal(options, store, new_entry(options, "regimen", one.patient, one.board,
                                              one.assignment, fields))
            return 0
        entry = one.latest("regimen")
        if entry is None:
            raise NotFound(f"no regimen was entered for {one.patient}: enter it with `pumplog"
                           " regimen set`.")
        if options.json:
            print_json({"patient": one.patient, "effective_utc": utc_text(entry.effective_at_ms),
                        **{name: str(value) for name, value in entry.fields.items()}})
        else:
            print(f"{heading(one)}: {_words(entry.fields)}, since {utc_text(entry.effective_at_ms)}")
    return 0


def _words(fields: dict[str, int]) -> str:
    return (f"{show(Fraction(fields['rate_ul_h'], 1000))} mL/h, bolus"
            f" {show(Fraction(fields['bolus_ul'], 1000))} mL, lockout"
            f" {show(Fraction(fields['lockout_s'], 60))} min from its"
            f" {'end' if fields['lockout_from_end'] else 'start'}")
