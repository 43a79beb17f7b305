"""What several commands share: opening the store, authors, saying and delivering entries."""

from __future__ import annotations

import argparse
from fractions import Fraction
from typing import Any

from .. import host
from ..errors import Integrity, Partly, PumplogError, Usage
from ..moments import age_s, since_text, utc_text
from ..patients.episodes import episodes
from ..quantities import TIME_S, parse, show_span
from ..store import Entry, Store, StoreError
from ..sync.delivery import hand_over
from .options import add_ago, open_store
from .screen import print_json, say

__all__ = ["add_ago", "author", "entry_json", "entry_state", "journal", "new_entry", "open_store",
           "print_json", "say", "twofold"]

_LONGEST_AGO_MS = 7 * 86_400_000


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
    """Returns a fresh entry that holds from now, or from as long ago as --ago says."""
    now_ms = host.utc_now_ms()
    effective_ms = now_ms
    if options.ago is not None:
        effective_ms -= parse(options.ago, "--ago", TIME_S) * 1000
        if now_ms - effective_ms > _LONGEST_AGO_MS:
            raise Usage(f"--ago {options.ago!r} is more than {show_span(_LONGEST_AGO_MS)}: check it.")
        say(f"  holds from {since_text(effective_ms)}")
    return Entry(
        host.new_uuid(), kind, patient, board, assignment, author(options), now_ms, effective_ms,
        fields, bed, host.simulated(), check_code=options.check,
    )


def journal(options: argparse.Namespace, store: Store, entry: Entry) -> None:
    """Keeps an entry, hands it to its board where --link says how, and prints it if --json.

    Partly if it is kept but not on board.
    """
    link = options.link
    if link is not None and link != "ble" and not link.startswith("serial:"):
        raise Usage(f"--link {link} cannot be written to: give ble or serial:PORT; nothing was"
                    " entered.")
    store.entries.add(entry)
    store.commit()
    board = entry.board
    assert board is not None
    left: PumplogError | None = None
    if link is None:
        needs = "" if options.check else ", with --check CODE from its label or its service button"
        say(f"kept; not yet on board {board}: it goes with the next `pumplog pull {board}`{needs}")
    else:
        try:
            hand_over(link, store, board, options.check)
        except StoreError:
            raise
        except PumplogError as error:
            left = error
    if options.json:
        print_json({"uuid": str(entry.uuid), "kind": entry.kind, "patient": entry.patient,
                    "board": board, "bed": episodes(store)[entry.patient].bed,
                    "on_board": not (link is None or left)})
    if left:
        text = (f"{str(left).removesuffix('.')}; the entry is kept, do not enter it again: it goes"
                f" with the next `pumplog pull {board}`.")
        raise Integrity(text) if isinstance(left, Integrity) else Partly(text)


def twofold(before: Fraction | int, after: Fraction | int) -> bool:
    """Returns whether it changed to the double or the half, or more: a decimal may have slipped."""
    return after != before and (after >= 2 * before or 2 * after <= before)


def entry_state(entry: Entry) -> str:
    """Returns who entered it, and whether the board has it."""
    return entry.author + ("" if entry.seq is not None else ", not yet on board")


def entry_json(entry: Entry) -> dict[str, Any]:
    """Returns a bag or regimen with its age and where it came from."""
    return {
        "patient": entry.patient, "board": entry.board, "uuid": str(entry.uuid),
        "effective_utc": utc_text(entry.effective_at_ms), "age_s": age_s(entry.effective_at_ms),
        "entered_utc": utc_text(entry.entered_at_ms), "author": entry.author,
        "on_board": entry.seq is not None,
        **{name: str(value) for name, value in entry.fields.items()},
    }
