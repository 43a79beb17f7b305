"""`pumplog patient`: stays of patients on boards."""

from __future__ import annotations

import argparse

from .. import host
from ..errors import NotFound, Usage
from ..moments import age_s, since_text, utc_text
from ..patients.episodes import Episode, episodes
from ..patients.roster import current_episode, require_free_board
from ..store import Store
from .common import add_ago, journal, new_entry, open_store, print_json, say

KIND = {"start": "patient_start", "move": "patient_move", "withdraw": "patient_withdraw",
        "end": "patient_end"}
_LONGEST_BED = 32


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("action", choices=[*KIND, "list"])
    parser.add_argument("name", nargs="?", metavar="NAME",
                        help="patient, board or bed (start: the code, made up if left out)")
    parser.add_argument("--board", help="the board clipped to this patient's pump")
    parser.add_argument("--bed", help="bed label, kept on this host only")
    add_ago(parser)


def run(options: argparse.Namespace) -> int:
    """Runs one action."""
    with open_store(options) as store:
        if options.action == "list":
            return _list(options, store)
        if options.action == "start":
            return _start(options, store)
        if not options.name:
            raise Usage("which patient? Give the patient's code.")
        one = current_episode(store, options.name)
        if options.action in ("withdraw", "end") and options.name != one.patient:
            raise Usage(f"{one.heading}: that cannot be undone, so name the patient by the code:"
                        f" `pumplog patient {options.action} {one.patient}`.")
        board = _move(options, store, one) if options.action == "move" else one.board
        if options.action != "move" and (options.board or options.bed):
            raise Usage("--board and --bed go with start and move: leave them out.")
        entry = new_entry(options, KIND[options.action], one.patient, board, one.assignment, {},
                          options.bed)
        if entry.effective_at_ms < one.stays[-1].begin_ms:
            raise Usage(f"{one.heading}: that is before this stay began, so nothing was entered: check"
                        " --ago.")
        where = f": from board {one.board} to board {board}, bed {options.bed or one.bed or '-'}"
        say(one.heading + (where if options.action == "move" else f": {options.action}"))
        journal(options, store, entry)
        return 0


def _start(options: argparse.Namespace, store: Store) -> int:
    if not options.board:
        raise Usage("which board is clipped to the pump? Give --board NAME.")
    code = options.name or f"P{host.random_bytes(3).hex().upper()}"
    if not (1 <= len(code) <= 16 and code.isascii() and code.replace("-", "").isalnum()):
        raise Usage(f"patient {code!r}: a code is up to 16 letters, digits and hyphens, and no"
                    " name of a person.")
    known = episodes(store)
    if code in known:
        raise Usage(f"patient {code} was started already: choose another code.")
    if store.boards.named(code):
        raise Usage(f"{code} is the name of a board: choose another code.")
    for one in known.values():
        if one.patient.upper() == code.upper():
            raise Usage(f"patient {code} is too like patient {one.patient}: choose another code.")
        if not one.ended and one.bed == code:
            raise Usage(f"{code} is the bed of patient {one.patient}: choose another code.")
    require_free_board(store, options.board)
    _free_bed(options.bed, store, code)
    assignment = int.from_bytes(host.random_bytes(4)) >> 2 or 1
    entry = new_entry(options, KIND["start"], code, options.board, assignment, {}, options.bed)
    say(f"patient {code} on board {options.board}, bed {options.bed or 'not given'}")
    if not options.json:
        print(code)
    journal(options, store, entry)
    return 0


def _move(options: argparse.Namespace, store: Store, one: Episode) -> str:
    """Returns the board that a patient may move to: the same one if only the bed is another."""
    board: str = options.board or one.board
    if not options.board and not options.bed:
        raise Usage("where to? Give --board NAME, or --bed where the board stays with the patient.")
    if board == one.board and options.bed in (None, one.bed):
        raise Usage(f"patient {one.patient} is on board {one.board} already: name the new board or bed.")
    if board != one.board:
        require_free_board(store, board)
    _free_bed(options.bed, store, one.patient)
    return board


def _free_bed(bed: str | None, store: Store, patient: str) -> None:
    """Wants a bed label that means one patient, and no board or patient code."""
    if bed is None:
        return
    if not (1 <= len(bed) <= _LONGEST_BED and bed.isprintable() and bed == bed.strip()):
        raise Usage(f"bed {bed!r}: a label is up to {_LONGEST_BED} characters in one line, without"
                    " spaces around it.")
    known = episodes(store)
    if bed in known or store.boards.named(bed):
        raise Usage(f"{bed} is the name of a patient or a board: label the bed otherwise.")
    for one in known.values():
        if not one.ended and one.bed == bed and one.patient != patient:
            raise Usage(f"bed {bed} is patient {one.patient}'s: end that stay first, or check the"
                        " bed.")


def _list(options: argparse.Namespace, store: Store) -> int:
    known = episodes(store)
    for one in known.values():
        if options.json:
            print_json({"patient": one.patient, "board": one.board, "bed": one.bed,
                        "start_utc": utc_text(one.start_ms), "age_s": age_s(one.start_ms),
                        "ended": one.ended})
        else:
            print(f"{one.heading}, since {since_text(one.start_ms)}")
    if not known:
        raise NotFound("no patients yet: start one with `pumplog patient start`.")
    return 0
