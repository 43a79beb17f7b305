"""The store: what this computer keeps for good.

In: pages as boards sent them, entries as people made them, keys, pulls and how they ended. Out: the
same, unchanged, and the records that the pages decode to. Nothing that is computed from them is kept
as fact. `Store` is its parts over one `Database`: boards, logs, keys, attestations, pages, records,
entries, pulls, holes.
"""

from typing import TYPE_CHECKING

from ..lazy import names_of
from .boards import Begun, Board, Log
from .database import StoreError
from .entries import Entry, from_wire, superseded, to_wire
from .holes import Hole
from .keys import CHANGED, WRONG_KEY, Attestation, Key
from .page_states import BAD, CLAIM, DECAYED, ERASED, OPEN, SEALED, UNKEYED, UNREAD, UNVERIFIED, Keyring
from .pages import Quarantined, StoredPage
from .pulls import BROKEN_OFF, COMPLETE, Pull
from .records import RecordRow, StoredRecord, row_of, without
from .store import Store

if TYPE_CHECKING:
    from .page_reading import Reading, memory_failed, read_page, sealed_by

__all__ = [
    "BAD", "BROKEN_OFF", "CHANGED", "CLAIM", "COMPLETE", "DECAYED", "ERASED", "OPEN", "SEALED",
    "UNKEYED", "UNREAD", "UNVERIFIED", "WRONG_KEY", "Attestation", "Begun", "Board", "Entry", "Hole",
    "Key", "Keyring", "Log", "Pull", "Quarantined", "Reading", "RecordRow", "Store", "StoreError",
    "StoredPage", "StoredRecord", "from_wire", "memory_failed", "read_page", "row_of", "sealed_by",
    "superseded", "to_wire", "without",
]


if not TYPE_CHECKING:  # page_reading loads the wire's formats
    _OF_PAGES = ("Reading", "memory_failed", "read_page", "sealed_by")
    __getattr__ = names_of(__name__, dict.fromkeys(_OF_PAGES, "page_reading"))
