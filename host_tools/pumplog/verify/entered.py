"""Holds the journal of entries against the copies that the board sealed, and against itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pumpwire.errors import WireError

from ..intervals import holds
from ..store import Entry, from_wire
from .evidence import HeldLog
from .findings import Finding, Found


def check_entries(log: HeldLog, found: Found) -> Iterator[Finding]:
    """Yields a finding for each entry that is not what the board's copy says, or has no copy there.

    Pages that are known to be broken prove nothing, nor does what neither a seal nor the board's word
    covers. An entry whose page the ring gave up, or that waits for its board, has no copy to be held
    against.
    """
    journal = {entry.uuid: entry for entry in log.evidence.journal}
    stays = {entry.assignment: entry.patient for entry in log.evidence.journal
             if entry.kind == "patient_start"}
    copies: dict[int, Entry] = {}
    covered: list[tuple[int, int]] = []
    for held in log.pages:
        if held.reading.unusable or held.end is None or found.broken(held.first):
            continue
        covered.append((held.first, held.end))
        for record in held.reading.records:
            copy = _copy(log.evidence.log_id, record)
            if copy is not None:
                copies[record.seq] = copy
    for seq, copy in copies.items():
        why = _why(journal.get(copy.uuid), copy, stays)
        if why and not holds(log.evidence.unproven, seq):
            yield Finding("entry", seq, seq, why)
    for entry in log.evidence.journal:
        if entry.log_id == log.evidence.log_id and entry.seq is not None and (
                holds(covered, entry.seq) and (
                    entry.seq not in copies or copies[entry.seq].uuid != entry.uuid)):
            yield Finding("entry", entry.seq, entry.seq, f"no {entry.kind} is there")


def _copy(log_id: int, record: Any) -> Entry | None:
    """Returns the entry that a record holds, None if it holds none that this version reads."""
    if "entry" not in record.fields:
        return None
    try:
        return from_wire(record.fields["entry"], "", None, log_id, record.seq)
    except (WireError, ValueError):
        return None


def _why(entry: Entry | None, copy: Entry, stays: dict[int, str]) -> str:
    """Returns what is wrong with an entry beside the board's copy, "" if nothing is."""
    if entry is None:
        return f"a {copy.kind} by {copy.author} is not in the journal"
    for name, here, there in (
            ("kind", entry.kind, copy.kind), ("author", entry.author[:4], copy.author),
            ("time", entry.entered_at_ms // 1000, copy.entered_at_ms // 1000),
            ("time of effect", entry.effective_at_ms // 1000, copy.effective_at_ms // 1000),
            ("stay", entry.assignment, copy.assignment),
            *((name, entry.fields.get(name), value) for name, value in copy.fields.items())):
        if here != there:
            return f"{copy.kind}, {name}: {here} here, {there} on the board"
    if stays.get(copy.assignment, entry.patient) != entry.patient:
        return f"{copy.kind} of {entry.patient}, in the stay of {stays[copy.assignment]}"
    return ""
