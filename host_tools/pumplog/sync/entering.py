"""Keeps an entry in the journal, and hands it to its board where there is a way to it.

The journal is what counts: an entry is kept before its board is asked, and is never to be entered again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import IntegrityError, PartlyError, PumplogError, UsageError
from ..links import BLE, SERIAL
from ..patients import episodes
from ..store import Entry, Store, StoreError
from .delivery import hand_over


@dataclass(frozen=True)
class Entered:
    """An entry that is kept, and what came of handing it to its board."""

    entry: Entry  #: as it was made
    bed: str | None  #: where the patient lies now
    link: str | None  #: the way on which its board was asked to take it; None: none was given
    refused: PumplogError | None  #: why the board does not have it, though it was asked

    @property
    def on_board(self) -> bool:
        """Whether the board has its copy."""
        return self.link is not None and self.refused is None

    def to_json(self) -> dict[str, Any]:
        """Returns an object of the contract."""
        return {"uuid": str(self.entry.uuid), "kind": self.entry.kind, "patient": self.entry.patient,
                "board": self.entry.board, "bed": self.bed, "on_board": self.on_board}

    def to_text(self) -> str:
        """Returns where it is now, and what has still to be done."""
        board = self.entry.board
        if self.on_board:
            return f"kept, and on board {board} now"
        if self.refused is not None:
            return str(self.not_on_board())
        needs = ", with --check CODE from its label or its service button"
        return (f"kept; not yet on board {board}: it goes with the next `pumplog pull {board}`"
                f"{'' if self.entry.check_code else needs}")

    def not_on_board(self) -> PumplogError | None:
        """Returns the error to end with if its board was asked and does not have it."""
        if self.refused is None:
            return None
        what = f"{str(self.refused).removesuffix('.')}; the entry is kept, do not enter it again"
        do = f"it goes with the next `pumplog pull {self.entry.board}`"
        return IntegrityError(what,
                              do) if isinstance(self.refused, IntegrityError) else PartlyError(what, do)


def enter(store: Store, entry: Entry, link: str | None) -> Entered:
    """Keeps an entry, and delivers what waits for its board over a link; link None: not now.

    UsageError, and nothing is kept, for a link that cannot be written to.
    """
    if link is not None and link != BLE and not link.startswith(SERIAL):
        raise UsageError(f"--link {link} cannot be written to",
                         "give ble or serial:PORT; nothing was entered")
    store.entries.add(entry)
    store.commit()
    refused = None
    if link is not None and entry.board is not None:
        try:
            hand_over(link, store, entry.board, entry.check_code)
        except StoreError:
            raise
        except PumplogError as error:
            refused = error
    return Entered(entry, episodes(store)[entry.patient].bed, link, refused)
