"""What several commands share: opening the store, authors, saying and delivering entries."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from typing import Any

from pumpwire import commands

from .. import world
from ..entries import Entry, to_wire
from ..episodes import Episode
from ..errors import Integrity, Partly, Usage
from ..links import open_link
from ..store import Store
from ..sync_client import Client, Info


def open_store(options: argparse.Namespace) -> Store:
    """Opens the store that the options name."""
    return Store.open(options.db)


def say(text: str) -> None:
    """Prints advice or an echo, on standard error."""
    print(text, file=sys.stderr)


def print_json(value: Any) -> None:
    """Prints one JSON value."""
    print(json.dumps(value))


def utc_text(ms: int) -> str:
    """Returns a moment as ISO 8601 UTC with milliseconds."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def author(options: argparse.Namespace) -> str:
    """Returns the author's initials; Usage if nobody is named."""
    initials: str = options.initials or ""
    if not (1 <= len(initials) <= 4 and initials.isascii() and initials.isalpha()):
        raise Usage("say who enters this: --initials XY, one to four letters.")
    return initials


def new_entry(
    options: argparse.Namespace, kind: str, patient: str, board: str, assignment: int,
    fields: dict[str, int], bed: str | None = None,
) -> Entry:
    """Returns a fresh entry that holds from now."""
    now_ms = world.utc_now_ms()
    return Entry(
        world.new_uuid(), kind, patient, board, assignment, author(options), now_ms, now_ms,
        fields, bed, world.simulated(), check_code=options.check,
    )


def identify(client: Client, store: Store, board: str) -> Info:
    """Returns who is at the other end; Integrity if it is not the board asked for."""
    info = client.info()
    if info.name != board:
        raise Integrity(f"this is board {info.name}, not {board}: nothing was written; check the"
                        " label and the port.")
    for log_id, owner in store.logs():
        if log_id == info.log_id and owner != board:
            raise Integrity(f"board {board} shows the log of board {owner}: nothing was taken; have"
                            " both boards looked at.")
    store.add_log(info.log_id, board)
    return info


def deliver(client: Client, store: Store, log_id: int, board: str) -> list[str]:
    """Hands over the entries that wait for this board; returns why each of the others still does."""
    left = []
    for entry in store.waiting(board):
        result, seq = client.deliver(to_wire(entry), entry.check_code or 0)
        if result == commands.OK and seq is not None:
            store.mark_delivered(entry.uuid, log_id, seq)
            store.commit()
        elif result != commands.ALREADY:  # already there: the pull brings its record
            left.append(f"{entry.kind} of {entry.patient} is not yet on board {board}:"
                        f" {commands.RESULTS.get(result, result)}")
    return left


def journal(options: argparse.Namespace, store: Store, entry: Entry) -> None:
    """Keeps an entry, and hands it to its board where --link says how; Partly if that failed."""
    store.add_entry(entry)
    store.commit()
    assert entry.board is not None
    if options.link is None:
        say(f"kept; not yet on board {entry.board}: it goes with the next pull")
        return
    link = open_link(options.link, entry.board)
    try:
        client = Client(link)
        info = identify(client, store, entry.board)
        client.anchor()
        left = deliver(client, store, info.log_id, entry.board)
    finally:
        store.commit()
        link.close()
    if left:
        raise Partly(f"{'; '.join(left)}; it is kept: give --check CODE from the label, or press the"
                     " board's service button and pull.")


def heading(one: Episode) -> str:
    """Returns board, patient and bed, as they are echoed before anything is written."""
    bed = f", bed {one.bed}" if one.bed else ""
    return f"patient {one.patient} on board {one.board}{bed}"
