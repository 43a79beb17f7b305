"""What people enter: bags, regimens, stays of patients. Append-only; corrections supersede."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from uuid import UUID

from pumpwire import entries as wire
from pumpwire.units import EPOCH_2020_S

KIND_NUMBERS = {name: number for number, (name, _) in wire.KINDS.items()}


@dataclass(frozen=True)
class Entry:
    """One entry. Times in Unix ms UTC; fields as in pumpwire.entries; (log_id, seq) where the
    board has its copy, None while it is not yet on board."""

    uuid: UUID
    kind: str
    patient: str
    board: str | None
    assignment: int
    author: str
    entered_at_ms: int
    effective_at_ms: int
    fields: dict[str, int] = field(default_factory=dict)
    bed: str | None = None
    simulated: bool = False
    log_id: int | None = None
    seq: int | None = None
    check_code: int | None = None


def to_wire(entry: Entry) -> bytes:
    """Returns the bytes that go to the board: no name, no patient code, no bed."""
    number = KIND_NUMBERS[entry.kind]
    values = [entry.fields[name] for name in wire.KINDS[number][1]]
    return wire.pack(
        entry.uuid.bytes, entry.author.encode()[:4], entry.entered_at_ms // 1000 - EPOCH_2020_S,
        entry.effective_at_ms // 1000 - EPOCH_2020_S, entry.assignment, number, values,
    )


def from_wire(data: bytes, patient: str, board: str | None, log_id: int, seq: int) -> Entry:
    """Returns the entry that a board's record holds; raises WireError."""
    uuid, author, entered_s, effective_s, assignment, kind, fields = wire.unpack(data)
    name = wire.KINDS[kind][0] if kind in wire.KINDS else f"kind_{kind}"
    return Entry(
        UUID(bytes=bytes(uuid)), name, patient, board, assignment,
        author.decode("ascii", "replace"), (entered_s + EPOCH_2020_S) * 1000,
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
