"""The store: what this computer keeps for good.

In: pages as boards sent them, entries as people made them, keys, pulls and how they ended. Out: the
same, unchanged, and the records that the pages decode to. Nothing that is computed from them is kept
as fact. `Store` is its parts over one `Database`: boards, logs, keys, attestations, pages, records,
entries, pulls, holes.
"""

from typing import TYPE_CHECKING

from ..lazy import names_of
from .boards import Board, Log
from .database import StoreError
from .entries import Entry, from_wire, superseded, to_wire
from .keys import Attestation, Key
from .page_states import BAD, ERASED, OPEN, SEALED, UNKEYED, UNREAD, UNVERIFIED, Keyring
from .pages import Quarantined, StoredPage
from .pulls import BROKEN_OFF, COMPLETE, Pull
from .records import RecordRow, StoredRecord, row_of
from .store import Store

if TYPE_CHECKING:
    from .page_reading import Reading, read_page

__all__ = [
    "BAD", "BROKEN_OFF", "COMPLETE", "ERASED", "OPEN", "SEALED", "UNKEYED", "UNREAD",
    "UNVERIFIED", "Attestation", "Board", "Entry", "Key", "Keyring", "Log", "Pull",
    "Quarantined", "Reading", "RecordRow", "Store", "StoreError", "StoredPage", "StoredRecord",
    "from_wire", "read_page", "row_of", "superseded", "to_wire",
]


if not TYPE_CHECKING:  # page_reading loads the wire's formats
    __getattr__ = names_of(__name__, {"Reading": "page_reading", "read_page": "page_reading"})
