"""`pumplog events`: every record, with its place in time and whose it is."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from pumpwire import names

from ..errors import NotFound, Usage
from ..log.timeline import Timeline
from ..log.words import plain, words
from ..moments import utc_text
from ..patients.episodes import Episode, episode, episodes
from ..quantities import hex_id
from ..store.entries import from_wire
from ..store.store import Store, StoredRecord
from .common import open_store, print_json

OF_THE_BOARD = ("boot", "anchor", "calibration")  # needed to understand any patient's records
# (kind, field): what its numbers mean
MEANINGS = {
    ("boot", "reason"): names.BOOT_REASONS,
    ("demand", "outcome"): names.OUTCOMES,
    ("demand", "reason"): names.REASONS,
    ("bolus", "source"): names.SOURCES,
    ("pump", "state"): names.PUMP_STATES,
    ("gap", "cause"): names.GAPS,
    ("signature", "signature"): names.SIGNATURES,
    ("signature", "state"): names.SIGNATURE_STATES,
    ("power", "state"): names.SUPPLY_STATES,
}


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="patient, board or bed")


def run(options: argparse.Namespace) -> int:
    """Prints a line a record."""
    found = False
    with open_store(options) as store:
        one, boards = _whose(store, options.name)
        for line in _lines(store, boards):
            if one and line["patient"] not in (None, one.patient) and line["kind"] not in OF_THE_BOARD:
                continue
            found = True
            print_json(line) if options.json else print(_text(line))
    if not found:
        raise NotFound("nothing recorded: pull the board first.")
    return 0


def _whose(store: Store, name: str | None) -> tuple[Episode | None, list[str | None]]:
    """Returns the patient, if one is meant, and the boards (None: all of them)."""
    if name is None:
        return None, [None]
    try:
        one = episode(store, name)
    except (NotFound, Usage):
        if store.board(name) is None:
            raise
        return None, [name]
    return one, list(dict.fromkeys(stay.board for stay in one.stays))


def _lines(store: Store, boards: list[str | None]) -> Iterator[dict[str, Any]]:
    """Yields every record of these boards as an object of the contract."""
    everybody = list(episodes(store).values())
    authors_patient = {str(entry.uuid): entry.patient for entry in store.entries()}
    for log_id, board in (log for name in boards for log in store.logs(name)):
        timeline = Timeline.of(store, log_id)
        for record in store.records(log_id):
            placed = timeline.utc(record.boot, record.uptime_ms)
            fields = _fields(record)
            at_ms = placed[0] if placed else None
            yield {
                "log_id": hex_id(log_id), "seq": record.seq, "kind": record.kind,
                "boot": record.boot, "uptime_ms": record.uptime_ms,
                "utc": utc_text(at_ms) if at_ms is not None else None,
                "utc_uncertainty_ms": placed[1] if placed else None, "board": board,
                "patient": authors_patient.get(fields.get("uuid", ""))
                or _patient(everybody, board, at_ms),
                **fields,
            }


def _patient(everybody: list[Episode], board: str, at_ms: int | None) -> str | None:
    """Returns whose stay a moment on a board falls into; None if nobody's, or if two claim it."""
    claims = [one.patient for one in everybody for stay in one.stays
              if at_ms is not None and stay.board == board and stay.begin_ms <= at_ms < stay.end_ms]
    return claims[0] if len(claims) == 1 else None


def _fields(record: StoredRecord) -> dict[str, Any]:
    """Returns the kind's own fields, with words for coded numbers and what an entry holds; what is
    not known is None."""
    fields = {name: value for name, value in plain(record.kind, record.fields).items()
              if name != "boot"}
    for (kind, name), meanings in MEANINGS.items():
        if kind == record.kind and name in fields:
            fields[f"{name}_means"] = meanings.get(fields[name], "not known to this version")
    if "entry" in fields:
        try:
            entry = from_wire(bytes.fromhex(fields["entry"]), "", None, record.log_id, record.seq)
        except ValueError:  # a later version's entry: its bytes stand there
            return fields
        fields.update(entered=entry.kind, uuid=str(entry.uuid), author=entry.author,
                      entered_utc=utc_text(entry.entered_at_ms),
                      effective_utc=utc_text(entry.effective_at_ms), **entry.fields)
    return fields


_PLACE = ("log_id", "seq", "kind", "boot", "uptime_ms", "utc", "utc_uncertainty_ms", "board", "patient")


def _text(line: dict[str, Any]) -> str:
    """Returns a record for the screen: in words, an entry's bytes left out."""
    fields = {name: value for name, value in line.items() if name not in _PLACE}
    rest = words(line["kind"], fields) or " ".join(
        f"{name}={value}" for name, value in fields.items() if name not in ("entry", "uuid"))
    return (f"{line['utc'] or 'time unknown':<25} {line['board']} {line['patient'] or '-':<6}"
            f" {line['seq']:>7} {line['kind']:<12} {rest}")
