"""`pumplog patient`: stays of patients on boards."""

from __future__ import annotations

import argparse

from .. import world
from ..episodes import episode, episodes
from ..errors import NotFound, Usage
from .common import heading, journal, new_entry, open_store, print_json, say, utc_text

KIND = {"start": "patient_start", "move": "patient_move", "withdraw": "patient_withdraw",
        "end": "patient_end"}


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("action", choices=[*KIND, "list"])
    parser.add_argument("name", nargs="?", metavar="PATIENT",
                        help="patient code (start: made up if left out)")
    parser.add_argument("--board", help="the board clipped to this patient's pump")
    parser.add_argument("--bed", help="bed label, kept on this host only")


def run(options: argparse.Namespace) -> int:
    """Runs one action."""
    with open_store(options) as store:
        if options.action == "list":
            known = episodes(store)
            for one in known.values():
                line = {"patient": one.patient, "board": one.board, "bed": one.bed,
                        "start_utc": utc_text(one.start_ms), "ended": one.ended}
                if options.json:
                    print_json(line)
                else:
                    print(f"{heading(one)}, since {utc_text(one.start_ms)}"
                          f"{', ended' if one.ended else ''}")
            if not known:
                raise NotFound("no patients yet: start one with `pumplog patient start`.")
            return 0
        if options.action == "start":
            if not options.board:
                raise Usage("which board is clipped to the pump? Give --board NAME.")
            if store.board(options.board) is None:
                raise NotFound(f"no board {options.board} in this store: provision it first.")
            code = options.name or f"P{world.random_bytes(3).hex().upper()}"
            known = episodes(store)
            if code in known:
                raise Usage(f"patient {code} was started already: choose another code.")
            for one in known.values():
                if not one.ended and one.board == options.board:
                    raise Usage(f"board {options.board} serves patient {one.patient}: end or"
                                " withdraw that stay first.")
            assignment = int.from_bytes(world.random_bytes(4)) >> 2 or 1
            say(f"patient {code} on board {options.board}, bed {options.bed or 'not given'}")
            journal(options, store, new_entry(options, KIND["start"], code, options.board,
                                              assignment, {}, options.bed))
            print_json({"patient": code, "board": options.board}) if options.json else print(code)
            return 0
        if not options.name:
            raise Usage("which patient? Give the patient's code.")
        one = episode(store, options.name)
        board = options.board or one.board
        if options.action == "move" and not options.board:
            raise Usage("which board now? Give --board NAME.")
        say(heading(one))
        journal(options, store, new_entry(options, KIND[options.action], one.patient, board,
                                          one.assignment, {}, options.bed))
        return 0
