"""What the commands that enter something share: who enters it, and what is printed of it."""

from __future__ import annotations

import argparse
import sys

from ..patients.entering import Authorship
from ..store import Entry, Store
from ..sync import enter
from .screen import print_json, say


def authorship(options: argparse.Namespace) -> Authorship:
    """Returns who enters something, and how long ago it was done."""
    return Authorship(options.initials, options.ago, options.check)


def keep(options: argparse.Namespace, store: Store, entry: Entry) -> None:
    """Keeps an entry, hands it to its board where --link says how, and prints what came of it.

    PartlyError if it is kept but not on board.
    """
    entered = enter(store, entry, options.link)
    if options.json:
        try:
            print_json(entered.to_json())
            sys.stdout.flush()
        except OSError:
            say("the entry is kept, do not enter it again; only its result cannot be printed")
            raise
    left = entered.not_on_board()
    if left:
        raise left
    say(entered.to_text())
