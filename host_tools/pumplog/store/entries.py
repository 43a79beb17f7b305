"""What people enter: bags, regimens, stays of patients. Append-only; corrections supersede."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from uuid import UUID

from pumpwire import entries as wire
from pumpwire.errors import WireError
from pumpwire.units import EPOCH_2020_S

from ..errors import UsageError
from ..plain import decoded, in_a_line
from ..quantities import hex_id
from .database import Database, Row
from .sound import damaged, made

_KIND_NUMBERS = {name: number for number, (name, _) in wire.KINDS.items()}


@dataclass(frozen=True)
class Entry:
    """What a person entered. (log_id, seq) say where the board has its copy."""

    uuid: UUID  #: its identity
    kind: str  #: by name, as in pumpwire.entries
    patient: str  #: the patient's code; never on a board
    board: str | None  #: the board's name
    assignment: int  #: the random number that stands for the stay on the board
    author: str  #: initials
    entered_at_ms: int  #: when it was made, Unix ms UTC
    effective_at_ms: int  #: from when on it holds, Unix ms UTC
    fields: dict[str, int] = field(default_factory=dict)  #: as in pumpwire.entries, units in names
    bed: str | None = None  #: never on a board
    simulated: bool = False  #: made while clock and random numbers were simulated
    log_id: int | None = None  #: None while it is not yet on board
    seq: int | None = None  #: None while it is not yet on board
    check_code: int | None = None  #: of the board's label, where it was typed in


_COLUMNS = ", ".join(column.name for column in fields(Entry))


class Entries:
    """The journal, which of its entries wait for their board, and which were handed over."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, entry: Entry) -> None:
        """Appends to the journal; an entry once made is never changed."""
        self._db.insert_new("entries", **{**vars(entry), "uuid": str(entry.uuid),
                                          "fields": json.dumps(entry.fields)})

    def all(self) -> list[Entry]:
        """Returns the journal in order of effect."""
        return _entries(self._db.rows(
            f"SELECT {_COLUMNS} FROM entries ORDER BY effective_at_ms, entered_at_ms, rowid"))

    def of(self, patient: str) -> list[Entry]:
        """Returns a patient's entries in order of effect."""
        return _entries(self._db.rows(
            f"SELECT {_COLUMNS} FROM entries WHERE patient=:patient"
            " ORDER BY effective_at_ms, entered_at_ms, rowid", patient=patient))

    # ---- on their way to a board

    def waiting(self, board: str) -> list[Entry]:
        """Returns the entries that are not yet on this board."""
        return _entries(self._db.rows(
            f"SELECT {_COLUMNS} FROM entries WHERE board=:board AND seq IS NULL ORDER BY rowid",
            board=board))

    def mark_handed_over(self, uuid: UUID) -> None:
        """Notes, durably, that a board is about to be given an entry."""
        self._db.insert_new("handed_over", uuid=str(uuid))
        self._db.commit()

    def mark_refused(self, uuid: UUID) -> None:
        """Notes that the board answered and did not take it."""
        self._db.run("DELETE FROM handed_over WHERE uuid=:uuid", uuid=str(uuid))

    def mark_delivered(self, uuid: UUID, log_id: int, seq: int) -> None:
        """Notes where the board has its copy."""
        self._db.run("UPDATE entries SET log_id=:log_id, seq=:seq WHERE uuid=:uuid AND seq IS NULL",
                     log_id=log_id, seq=seq, uuid=str(uuid))

    def unanswered(self, board: str) -> bool:
        """Returns whether a board may have an entry that waits for it: only its log tells."""
        return self._db.row("SELECT 1 FROM entries JOIN handed_over USING (uuid)"
                            " WHERE board=:board AND seq IS NULL", board=board) is not None

    def learn(self, log_id: int, seq: int, board: str | None, data: bytes) -> None:
        """Takes over an entry that the board holds: ours, now on board, or another host's."""
        try:
            entry = from_wire(data, "", board, log_id, seq)
        except (WireError, ValueError):
            return  # a later version's entry: the record itself is kept
        if self._db.row("SELECT 1 FROM entries WHERE uuid=:uuid", uuid=str(entry.uuid)):
            self.mark_delivered(entry.uuid, log_id, seq)
            return
        row = self._db.row("SELECT patient FROM entries WHERE assignment=:assignment LIMIT 1",
                           assignment=entry.assignment)
        patient = row["patient"] if row else f"unknown-{hex_id(entry.assignment)}"
        self.add(replace(entry, patient=patient))


def _entries(rows: Iterable[Row]) -> list[Entry]:
    return [_entry(row) for row in rows]


def _entry(row: Row) -> Entry:
    """Returns a row as what was entered; IntegrityError if it is not as it was kept."""
    try:
        entry = made(Entry, {**dict(row), "uuid": UUID(row["uuid"]), "fields": json.loads(row["fields"]),
                             "author": in_a_line(row["author"]), "simulated": bool(row["simulated"])},
                     "an entry")
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise damaged("an entry") from error
    known = dict(wire.KINDS.values()).get(entry.kind) or entry.fields
    if set(entry.fields) != set(known) or not all(
            type(value) is int and 0 <= value < 1 << 32 for value in entry.fields.values()):
        raise damaged(f"an entry ({entry.kind} of {entry.patient})")
    return entry


def to_wire(entry: Entry) -> bytes:
    """Returns the bytes that go to the board: no name, no patient code, no bed.

    UsageError if it has a time or a number that no board can hold.
    """
    try:
        number = _KIND_NUMBERS[entry.kind]
        values = [entry.fields[name] for name in wire.KINDS[number][1]]
        return wire.pack(
            entry.uuid.bytes, entry.author.encode()[:4], entry.entered_at_ms // 1000 - EPOCH_2020_S,
            entry.effective_at_ms // 1000 - EPOCH_2020_S, entry.assignment, number, values)
    except (struct.error, KeyError, TypeError) as error:
        raise UsageError(f"{entry.kind} of {entry.patient} has a time or a number that no board can"
                         " hold",
                         "it is kept and counts here. Check this computer's clock, and enter the right"
                         " value") from error


def from_wire(data: bytes, patient: str, board: str | None, log_id: int, seq: int) -> Entry:
    """Returns the entry that a board's record holds; raises WireError."""
    uuid, author, entered_s, effective_s, assignment, kind, fields = wire.unpack(data)
    name = wire.KINDS[kind][0] if kind in wire.KINDS else f"kind_{kind}"
    return Entry(
        UUID(bytes=bytes(uuid)), name, patient, board, assignment,
        decoded(author), (entered_s + EPOCH_2020_S) * 1000,
        (effective_s + EPOCH_2020_S) * 1000, dict(fields), log_id=log_id, seq=seq,
    )


def superseded(journal: list[Entry]) -> set[UUID]:
    """Returns the entries that a standing correction names; a corrected correction is void."""
    void: set[UUID] = set()
    corrections = [entry for entry in journal if entry.kind == "correction"]
    for entry in sorted(corrections, key=lambda e: e.entered_at_ms, reverse=True):
        if entry.uuid not in void:
            words = [entry.fields[f"uuid_{k}"] for k in range(4)]
            void.add(UUID(bytes=struct.pack("<4I", *words)))
    return void
