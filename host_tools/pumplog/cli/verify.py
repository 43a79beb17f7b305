"""`pumplog verify`: proves what the store holds of boards' logs, or names what is wrong with it."""

from __future__ import annotations

import argparse

from ..errors import NotFoundError
from ..log import Timeline
from ..patients.roster import logs_named, never_pulled
from ..verify import verify_stored
from .options import open_store
from .screen import print_json, print_text


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="patient, board or bed")


def run(options: argparse.Namespace) -> int:
    """Judges each log, and names whose board was never pulled; exit 0 if all are proven, 1 if partly,
    4 if any is not as its board wrote it."""
    codes: list[int] = []
    with open_store(options) as store:
        for log in logs_named(store, options.name):
            found = verify_stored(store, log, Timeline.of(store, log.log_id).utc)
            if found:
                codes.append(found.report.exit_code)
                print_json(found.to_json()) if options.json else print_text(found.to_text())
        unheard = never_pulled(store) if codes and not options.name else []
    for each in unheard:
        codes.append(1)
        print_json(each.to_json()) if options.json else print_text(each.to_text())
    if not codes:
        raise NotFoundError("nothing recorded to verify", "pull the board first")
    return max(codes)
