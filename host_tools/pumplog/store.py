"""The store: raw pages as pulled, the records decoded from them, and what people entered."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, Self
from uuid import UUID

from pumpwire import decoding, page
from pumpwire.errors import WireError
from pumpwire.records import KINDS, MAX_FRAME
from pumpwire.units import PAGE_BYTES

from . import world
from .entries import Entry, from_wire
from .errors import Integrity, Usage
from .schema import migrate

_ERASED = 0xFF
_PULL_COLUMNS = ("board", "log_id", "at_ms", "link", "records", "next_seq", "outcome", "status")


@dataclass(frozen=True)
class Board:
    """A board that this host provisioned: its keys, the code on its label, its calibration."""

    name: str
    device_key: bytes
    pairing_key: bytes
    check_code: int
    pl_per_count: int
    uncertainty_ppm: int
    provisioned_at_ms: int


@dataclass(frozen=True)
class StoredRecord:
    """A decoded record: kind by name, fields as in pumpwire.records."""

    log_id: int
    seq: int
    kind: str
    boot: int
    uptime_ms: int
    fields: dict[str, Any]


@dataclass(frozen=True)
class Pull:
    """One line of the pull journal; status is the board's own, as it was then."""

    board: str
    log_id: int
    at_ms: int
    link: str
    records: int
    next_seq: int
    outcome: str
    status: dict[str, int]


class Store:
    """A SQLite file. Use `with Store.open(path) as store:`; `store.commit()` makes it durable."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Opens or makes the store at `path`; Usage if it is no store, or from the future."""
        try:
            if str(path) != ":memory:":
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, timeout=60)
            migrate(connection, str(path))
            return cls(connection)
        except (sqlite3.DatabaseError, OSError) as error:
            raise Usage(f"{path} cannot be used as a store ({error}): choose another --db.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def commit(self) -> None:
        """Makes everything so far durable."""
        self._db.commit()

    # ---- boards and logs

    def add_board(self, board: Board) -> None:
        """Keeps a board, in place of an earlier one of its name."""
        self._db.execute("INSERT OR REPLACE INTO boards VALUES (?,?,?,?,?,?,?)",
                         tuple(vars(board).values()))

    def boards(self) -> list[Board]:
        """Returns all boards by name."""
        return [Board(*row) for row in self._db.execute("SELECT * FROM boards ORDER BY name")]

    def board(self, name: str) -> Board | None:
        """Returns the board of that name, if this host knows it."""
        row = self._db.execute("SELECT * FROM boards WHERE name=?", (name,)).fetchone()
        return Board(*row) if row else None

    def add_log(self, log_id: int, board: str) -> None:
        """Notes which board a log is from."""
        self._db.execute("INSERT OR IGNORE INTO logs VALUES (?,?)", (log_id, board))

    def logs(self, board: str | None = None) -> list[tuple[int, str]]:
        """Returns (log_id, board) of all logs, or of one board's."""
        return list(self._db.execute(
            "SELECT log_id, board FROM logs WHERE ?1 IS NULL OR board=?1 ORDER BY log_id", (board,)
        ))

    # ---- pages and records

    def add_page_bytes(self, log_id: int, first_seq: int, offset: int, data: bytes) -> int:
        """Extends a page by bytes that the board sent; returns how many records that gave.

        The same bytes again change nothing. Other bytes than known ones are kept in quarantine,
        and so is a page that does not decode; both raise Integrity, every good record kept.
        """
        row = self._db.execute(
            "SELECT data, records, error FROM pages WHERE log_id=? AND first_seq=?",
            (log_id, first_seq),
        ).fetchone()
        held, known, wrong = row if row else (b"", 0, None)
        grown = _overlay(held, offset, data)
        if grown is None:
            self._quarantine(log_id, first_seq, data, f"differs from what was pulled at {offset}")
        if grown == held:
            if wrong:
                raise _does_not_verify(log_id, first_seq, wrong)
            return 0
        return self._decode(log_id, first_seq, grown, known)

    def _decode(self, log_id: int, first_seq: int, data: bytes, known: int) -> int:
        if len(data) < page.HEADER_BYTES:
            self._put_page(log_id, first_seq, data, False, 0, None)
            return 0
        try:
            header, found, closed, error = decoding.decode_page(data)
            if (header.log_id, header.first_seq) != (log_id, first_seq):
                raise WireError("page of another log or place")
        except WireError as wrong:
            self._quarantine(log_id, first_seq, data, str(wrong))
        # An unfinished frame at the end: more of it may yet come, or power was cut in its write.
        cut = (error is not None and len(data) < PAGE_BYTES
               and len(data) - error.offset < MAX_FRAME)
        self._db.executemany(
            "INSERT OR IGNORE INTO records VALUES (?,?,?,?,?,?)",
            [(log_id, r.seq, KINDS[r.kind][0] if r.kind in KINDS else f"kind_{r.kind}", r.boot,
              r.uptime_ms, _to_json(r.fields)) for r in found[known:]],
        )
        self._put_page(log_id, first_seq, data, closed, len(found),
                       None if error is None or cut else str(error))
        for record in found[known:]:
            if "entry" in record.fields:
                self._learn_entry(log_id, record.seq, record.fields["entry"])
        if error is not None and not cut:
            self._quarantine(log_id, first_seq, data, str(error))
        return len(found) - known

    def _put_page(
        self, log_id: int, first_seq: int, data: bytes, closed: bool, count: int, error: str | None
    ) -> None:
        self._db.execute("INSERT OR REPLACE INTO pages VALUES (?,?,?,?,?,?)",
                         (log_id, first_seq, data, closed, count, error))

    def _quarantine(self, log_id: int, first_seq: int, data: bytes, reason: str) -> NoReturn:
        self._db.execute(
            "INSERT INTO quarantine (log_id, first_seq, data, reason, at_ms) VALUES (?,?,?,?,?)",
            (log_id, first_seq, data, reason, world.utc_now_ms()),
        )
        raise _does_not_verify(log_id, first_seq, reason)

    def bad_pages(self, log_id: int) -> int:
        """Returns how many of a log's pages do not verify: their later records are missing."""
        row = self._db.execute("SELECT COUNT(*) FROM pages WHERE log_id=? AND error IS NOT NULL",
                               (log_id,)).fetchone()
        return int(row[0])

    def next_seq_wanted(self, log_id: int, oldest_seq: int = 0) -> int:
        """Returns the first record that this store lacks and that the board may have.

        The board, whose oldest record is oldest_seq, answers from right behind the record before
        it, so that the footer of that one's page comes too. A hole that the board cannot fill is
        not asked for again.
        """
        for first, last in self.missing(log_id):
            if last >= oldest_seq and not self._known_lost(log_id, first):
                return max(first, oldest_seq)
        row = self._db.execute("SELECT MAX(seq) FROM records WHERE log_id=?", (log_id,)).fetchone()
        return 0 if row[0] is None else int(row[0]) + 1

    def _known_lost(self, log_id: int, first: int) -> bool:
        """Returns whether a hole is the end of a bad page, or outlasted a complete pull while the
        board had later records: its page is gone there."""
        bad = self._db.execute(
            "SELECT error FROM pages WHERE log_id=? AND first_seq<=? ORDER BY first_seq DESC LIMIT 1",
            (log_id, first)).fetchone()
        if bad and bad[0]:
            return True
        return self._db.execute(
            "SELECT 1 FROM pulls WHERE log_id=?1 AND outcome='complete' AND next_seq=?2"
            " AND json_extract(status, '$.next_seq') > ?2", (log_id, first)).fetchone() is not None

    def missing(self, log_id: int) -> list[tuple[int, int]]:
        """Returns the holes (first, last seq) between the records held."""
        return [(before + 1, seq - 1) for before, seq in self._db.execute(
            "SELECT before, seq FROM (SELECT seq, LAG(seq) OVER (ORDER BY seq) AS before"
            " FROM records WHERE log_id=?) WHERE seq > before + 1", (log_id,),
        )]

    def records(self, log_id: int, *kinds: str) -> Iterator[StoredRecord]:
        """Yields a log's records in order of seq, of these kinds only if any are named."""
        marks = ",".join("?" * len(kinds))
        where = f" AND kind IN ({marks})" if kinds else ""
        for row in self._db.execute(
            f"SELECT log_id, seq, kind, boot, uptime_ms, fields FROM records WHERE log_id=?{where}"
            " ORDER BY seq", (log_id, *kinds),
        ):
            log_id, seq, kind, boot, uptime_ms, fields = row
            yield StoredRecord(log_id, seq, kind, boot, uptime_ms, json.loads(fields))

    def last_uptimes(self, log_id: int) -> dict[int, int]:
        """Returns {boot: uptime in ms of its last record} of a log."""
        return dict(self._db.execute(
            "SELECT boot, MAX(uptime_ms) FROM records WHERE log_id=? GROUP BY boot", (log_id,)))

    def page_bytes(self, log_id: int, first_seq: int) -> int:
        """Returns how many bytes of a page are held."""
        row = self._db.execute("SELECT LENGTH(data) FROM pages WHERE log_id=? AND first_seq=?",
                               (log_id, first_seq)).fetchone()
        return int(row[0]) if row else 0

    # ---- entries

    def add_entry(self, entry: Entry) -> None:
        """Appends to the journal; an entry once made is never changed."""
        self._db.execute(
            "INSERT OR IGNORE INTO entries VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (str(entry.uuid), entry.kind, entry.patient, entry.board, entry.assignment,
             entry.author, entry.entered_at_ms, entry.effective_at_ms, json.dumps(entry.fields),
             entry.bed, entry.simulated, entry.log_id, entry.seq, entry.check_code),
        )

    def entries(self, patient: str | None = None) -> list[Entry]:
        """Returns the journal in order of effect, of all patients or one."""
        return [_entry(row) for row in self._db.execute(
            "SELECT * FROM entries WHERE ?1 IS NULL OR patient=?1"
            " ORDER BY effective_at_ms, entered_at_ms, rowid", (patient,),
        )]

    def waiting(self, board: str) -> list[Entry]:
        """Returns the entries that are not yet on this board."""
        return [_entry(row) for row in self._db.execute(
            "SELECT * FROM entries WHERE board=? AND seq IS NULL ORDER BY rowid", (board,)
        )]

    def mark_delivered(self, uuid: UUID, log_id: int, seq: int) -> None:
        """Notes where the board has its copy."""
        self._db.execute("UPDATE entries SET log_id=?, seq=? WHERE uuid=? AND seq IS NULL",
                         (log_id, seq, str(uuid)))

    def _learn_entry(self, log_id: int, seq: int, data: bytes) -> None:
        """Takes over an entry that the board holds: ours, now on board, or another host's."""
        try:
            entry = from_wire(data, "", self._board_of(log_id), log_id, seq)
        except (WireError, ValueError):
            return  # a later version's entry: the record itself is kept
        known = self._db.execute("SELECT 1 FROM entries WHERE uuid=?", (str(entry.uuid),))
        if known.fetchone():
            self.mark_delivered(entry.uuid, log_id, seq)
            return
        row = self._db.execute("SELECT patient FROM entries WHERE assignment=? LIMIT 1",
                               (entry.assignment,)).fetchone()
        patient = row[0] if row else f"unknown-{entry.assignment:08x}"
        self.add_entry(replace(entry, patient=patient))

    def _board_of(self, log_id: int) -> str | None:
        row = self._db.execute("SELECT board FROM logs WHERE log_id=?", (log_id,)).fetchone()
        return row[0] if row else None

    # ---- the pull journal

    def add_pull(self, pull: Pull) -> None:
        """Notes a pull and how it ended."""
        self._db.execute(
            "INSERT INTO pulls (board, log_id, at_ms, link, records, next_seq, outcome, status)"
            " VALUES (?,?,?,?,?,?,?,?)",
            (pull.board, pull.log_id, pull.at_ms, pull.link, pull.records, pull.next_seq,
             pull.outcome, json.dumps(pull.status)),
        )

    def last_pull(self, board: str) -> Pull | None:
        """Returns the last complete pull of a board."""
        row = self._db.execute(
            f"SELECT {', '.join(_PULL_COLUMNS)} FROM pulls"
            " WHERE board=? AND outcome='complete' ORDER BY id DESC LIMIT 1", (board,),
        ).fetchone()
        if row is None:
            return None
        return Pull(**{**dict(zip(_PULL_COLUMNS, row, strict=True)), "status": json.loads(row[7])})


def _does_not_verify(log_id: int, first_seq: int, reason: str) -> Integrity:
    return Integrity(
        f"the page from record {first_seq} of log {log_id:08x} does not verify ({reason}): it is"
        " kept in quarantine with every good record; pull again, and have the board looked at."
    )


def _overlay(held: bytes, offset: int, data: bytes) -> bytes | None:
    """Returns `held` with `data` at `offset`, erased bytes up to a footer; None if known
    bytes differ or a stretch is missing."""
    overlap = held[offset : offset + len(data)]
    if overlap != data[: len(overlap)] or len(held) < offset < page.FOOTER_AT:
        return None
    gap = bytes([_ERASED]) * max(0, offset - len(held))
    return held[:offset] + gap + data + held[offset + len(data) :]


def _to_json(fields: dict[str, Any]) -> str:
    return json.dumps({name: value.hex() if isinstance(value, bytes) else value
                       for name, value in fields.items()})


def _entry(row: tuple[Any, ...]) -> Entry:
    return Entry(
        UUID(row[0]), row[1], row[2], row[3], row[4], row[5], row[6], row[7], json.loads(row[8]),
        row[9], bool(row[10]), row[11], row[12], row[13],
    )
