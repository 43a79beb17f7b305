"""The store's decoded records: what the pages that may be used say.

A kind may gain fields at its end. A row that was decoded before lacks them, and they are read as 0: so
does the format where a record lacks a field. The row itself stays as it was stored.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pumpwire.records import KINDS, fields_of, name_of

from .database import Database
from .sound import MOST_BOOT, MOST_UPTIME_MS, is_sound

Moment = tuple[int, int]  # boot, uptime_ms
RecordRow = tuple[str, int, int, str]  # kind, boot, uptime_ms, fields as JSON
_decode = json.JSONDecoder().decode  # json.loads without asking each time what it was given
_ABSENT: dict[str, dict[str, Any]] = {  # by kind: each field as of a record that lacks it
    name_of(kind): {name: "" if code == ord("b") else 0 for name, code in fields_of(kind)}
    for kind in KINDS}
_COLUMNS = ("log_id", "seq", "kind", "boot", "uptime_ms", "fields")


@dataclass(frozen=True)
class StoredRecord:
    """A decoded record."""

    log_id: int  #: the log it is of
    seq: int  #: its number in that log
    kind: str  #: by name
    boot: int  #: the boot that wrote it
    uptime_ms: int  #: the board's, since that boot
    fields: dict[str, Any]  #: as in pumpwire.records, units in their names
    sound: bool = True  #: whether a board can have written it (pumplog.store.sound)


class Records:
    """Decoded records; a record's identity is (log_id, seq)."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, log_id: int, records: Iterable[Any]) -> None:
        """Keeps decoded records; what is held under a record's identity stays."""
        self._db.insert_all_new(
            "records", _COLUMNS, [(log_id, record.seq, *row_of(record)) for record in records])

    def remove(self, log_id: int, first: int, end: int) -> None:
        """Takes back the records first..end-1: their page may not be used."""
        self._db.run("DELETE FROM records WHERE log_id=:log_id AND seq>=:first AND seq<:end",
                     log_id=log_id, first=first, end=end)

    def of(self, log_id: int, *kinds: str) -> Iterator[StoredRecord]:
        """Yields a log's records in order of seq; where kinds are named, the sound records of these."""
        every = self.every(log_id, *kinds)
        return (record for record in every if record.sound) if kinds else every

    def every(self, log_id: int, *kinds: str) -> Iterator[StoredRecord]:
        """Yields a log's records in order of seq, sound or not, of these kinds only if any are named."""
        named = {f"kind_{n}": kind for n, kind in enumerate(kinds)}
        where = f" AND kind IN ({', '.join(f':{name}' for name in named)})" if kinds else ""
        for seq, kind, boot, uptime_ms, fields in self._db.rows(
                f"SELECT seq, kind, boot, uptime_ms, fields FROM records WHERE log_id=:log_id{where}"
                " ORDER BY seq", log_id=log_id, **named):  # unpacked: the longest read of all
            try:
                decoded = _decode(fields)
                if len(decoded) < len(_ABSENT.get(kind, ())):
                    decoded = _filled(kind, decoded)
            except (TypeError, ValueError, RecursionError):
                decoded = None
            if is_sound(kind, boot, uptime_ms, decoded) and seq.__class__ is int:
                yield StoredRecord(log_id, seq, kind, boot, uptime_ms, decoded)
            else:
                yield _unsound(log_id, seq, kind, boot, uptime_ms, decoded)

    def rows(self, log_id: int, first: int, last: int) -> dict[int, RecordRow]:
        """Returns {seq: (kind, boot, uptime_ms, fields as JSON)} of the records first..last."""
        return {row["seq"]: (row["kind"], row["boot"], row["uptime_ms"], row["fields"])
                for row in self._db.rows(
                    "SELECT seq, kind, boot, uptime_ms, fields FROM records"
                    " WHERE log_id=:log_id AND seq BETWEEN :first AND :last",
                    log_id=log_id, first=first, last=last)}

    def around(self, log_id: int, first: int, last: int) -> tuple[Moment | None, Moment | None]:
        """Returns (boot, uptime_ms) of the last record up to `first` and the first from `last` on."""
        return (self._moment(log_id, "seq<=:seq ORDER BY seq DESC", first),
                self._moment(log_id, "seq>=:seq ORDER BY seq ASC", last))

    def _moment(self, log_id: int, which: str, seq: int) -> Moment | None:
        row = self._db.row(f"SELECT boot, uptime_ms FROM records WHERE log_id=:log_id AND {which}"
                           " LIMIT 1", log_id=log_id, seq=seq)
        if row is None or not is_sound("", row["boot"], row["uptime_ms"], {}):
            return None
        return row["boot"], row["uptime_ms"]

    def last_uptimes(self, log_id: int, but: Collection[tuple[int, int]] = ()) -> dict[int, int]:
        """Returns {boot: uptime in ms of its last record} of a log, without the stretches `but`."""
        without = "".join(f" AND NOT (seq>={int(first)} AND seq<{int(end)})" for first, end in but)
        return {int(row["boot"]): int(row["uptime_ms"]) for row in self._db.rows(
            "SELECT boot, MAX(uptime_ms) AS uptime_ms FROM records"
            f" WHERE log_id=:log_id{without} AND boot BETWEEN 0 AND :boots"
            " AND uptime_ms BETWEEN 0 AND :uptimes GROUP BY boot",
            log_id=log_id, boots=MOST_BOOT, uptimes=MOST_UPTIME_MS)}

    def missing(self, log_id: int) -> list[tuple[int, int]]:
        """Returns the holes (first, last seq) between the records that may be used."""
        return [(row["before"] + 1, row["seq"] - 1) for row in self._db.rows(
            "SELECT before, seq FROM (SELECT seq, LAG(seq) OVER (ORDER BY seq) AS before"
            " FROM records WHERE log_id=:log_id) AS pairs WHERE seq > before + 1", log_id=log_id)
            if type(row["before"]) is int and type(row["seq"]) is int]


def _unsound(log_id: int, seq: int, kind: Any, boot: Any, uptime_ms: Any, fields: Any) -> StoredRecord:
    """Returns a record that cannot be right, with what can be shown of it."""
    shown = fields if isinstance(fields, dict) else {}
    if not is_sound("", boot, uptime_ms, {}):
        boot = uptime_ms = 0
    return StoredRecord(log_id, seq if type(seq) is int else 0, str(kind), boot, uptime_ms, shown,
                        sound=False)


def without(records: Iterator[StoredRecord], but: Collection[tuple[int, int]]
            ) -> Iterator[StoredRecord]:
    """Returns records in order of seq without some stretches [first, end)."""
    return _without(records, sorted(but, reverse=True)) if but else records


def _without(records: Iterator[StoredRecord], left_out: list[tuple[int, int]]
             ) -> Iterator[StoredRecord]:
    for record in records:
        while left_out and left_out[-1][1] <= record.seq:
            left_out.pop()
        if not left_out or record.seq < left_out[-1][0]:
            yield record


def _filled(kind: str, decoded: dict[str, Any]) -> dict[str, Any]:
    absent = _ABSENT[kind]
    at_the_end = list(decoded) == list(absent)[:len(decoded)]
    return absent | decoded if at_the_end else decoded


def row_of(record: Any) -> RecordRow:
    """Returns (kind, boot, uptime_ms, fields as JSON) of a decoded record, as it is stored."""
    kind = name_of(record.kind) if record.kind in KINDS else f"kind_{record.kind}"
    fields = json.dumps({name: value.hex() if isinstance(value, bytes) else value
                         for name, value in record.fields.items()})
    return kind, record.boot, record.uptime_ms, fields
