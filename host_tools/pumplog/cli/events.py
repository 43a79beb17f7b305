"""`pumplog events`: every record, with its place in time."""

from __future__ import annotations

import argparse
from typing import Any

from ..episodes import episode
from ..errors import NotFound
from ..timeline import Timeline
from .common import open_store, print_json, utc_text


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="patient, board or bed")


def run(options: argparse.Namespace) -> int:
    """Prints a line a record."""
    found = False
    with open_store(options) as store:
        boards: list[str | None] = [None]
        if options.name:
            boards = [stay.board for stay in episode(store, options.name).stays]
        for board in boards:
            for log_id, owner in store.logs(board):
                timeline = Timeline(store.records(log_id, "anchor"))
                for record in store.records(log_id):
                    found = True
                    placed = timeline.utc(record.boot, record.uptime_ms)
                    line: dict[str, Any] = {
                        "log_id": f"{log_id:08x}", "seq": record.seq, "kind": record.kind,
                        "boot": record.boot, "uptime_ms": record.uptime_ms,
                        "utc": utc_text(placed[0]) if placed else None,
                        "utc_uncertainty_ms": placed[1] if placed else None, "board": owner,
                        **{name: value for name, value in record.fields.items() if name != "boot"},
                    }
                    if options.json:
                        print_json(line)
                    else:
                        rest = " ".join(f"{name}={value}" for name, value in record.fields.items())
                        print(f"{line['utc'] or 'time unknown':<25} {owner} {record.seq:>7}"
                              f" {record.kind:<12} {rest}")
    if not found:
        raise NotFound("nothing recorded: pull the board first.")
    return 0
