"""The store: raw pages as pulled, the records decoded from them, and what people entered."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from pumpwire.errors import WireError

from ..errors import Usage
from ..quantities import hex_id
from .entries import Entry, from_wire
from .keys import Key
from .pages import PageStore, StoredPage, StoredRecord
from .schema import migrate

__all__ = ["Board", "Pull", "Store", "StoredPage", "StoredRecord"]

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


class Store(PageStore):
    """A SQLite file. Use `with Store.open(path) as store:`; `store.commit()` makes it durable."""

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
        """Keeps a board, in place of an earlier one of its name; its earlier keys stay."""
        self._db.execute("INSERT OR REPLACE INTO boards VALUES (?,?,?,?,?,?,?)",
                         tuple(vars(board).values()))
        self.take_keys(board.name, (Key(board.device_key, board.provisioned_at_ms),))

    def take_keys(self, board: str, keys: tuple[Key, ...]) -> None:
        """Keeps keys of a board, and judges by them what is here of its logs."""
        for key in keys:
            self.add_key(board, key.device_key, key.since_ms)
        for log_id, _ in self.logs(board):
            self.judge_again(log_id)

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

    def mark_handed_over(self, uuid: UUID) -> None:
        """Notes, durably, that a board is about to be given an entry."""
        self._db.execute("INSERT OR IGNORE INTO handed_over VALUES (?)", (str(uuid),))
        self.commit()

    def mark_refused(self, uuid: UUID) -> None:
        """Notes that the board answered and did not take it."""
        self._db.execute("DELETE FROM handed_over WHERE uuid=?", (str(uuid),))

    def unanswered(self, board: str) -> bool:
        """Returns whether a board may have an entry that waits for it: only its log tells."""
        return self._db.execute(
            "SELECT 1 FROM entries JOIN handed_over USING (uuid) WHERE board=? AND seq IS NULL",
            (board,)).fetchone() is not None

    def mark_delivered(self, uuid: UUID, log_id: int, seq: int) -> None:
        """Notes where the board has its copy."""
        self._db.execute("UPDATE entries SET log_id=?, seq=? WHERE uuid=? AND seq IS NULL",
                         (log_id, seq, str(uuid)))

    def _learn_entry(self, log_id: int, seq: int, data: bytes) -> None:
        """Takes over an entry that the board holds: ours, now on board, or another host's."""
        try:
            entry = from_wire(data, "", self.board_of(log_id), log_id, seq)
        except (WireError, ValueError):
            return  # a later version's entry: the record itself is kept
        known = self._db.execute("SELECT 1 FROM entries WHERE uuid=?", (str(entry.uuid),))
        if known.fetchone():
            self.mark_delivered(entry.uuid, log_id, seq)
            return
        row = self._db.execute("SELECT patient FROM entries WHERE assignment=? LIMIT 1",
                               (entry.assignment,)).fetchone()
        patient = row[0] if row else f"unknown-{hex_id(entry.assignment)}"
        self.add_entry(replace(entry, patient=patient))

    def board_of(self, log_id: int) -> str | None:
        """Returns which board a log is from."""
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

    def reached(self, log_id: int) -> list[tuple[int, int]]:
        """Returns (oldest seq that the board had, next_seq then) of each complete pull of a log."""
        return [(oldest or 0, end) for oldest, end in self._db.execute(
            "SELECT json_extract(status, '$.oldest_seq'), next_seq FROM pulls"
            " WHERE log_id=? AND outcome='complete' ORDER BY id", (log_id,))]

    def last_pull(self, board: str) -> Pull | None:
        """Returns the last complete pull of a board."""
        row = self._db.execute(
            f"SELECT {', '.join(_PULL_COLUMNS)} FROM pulls"
            " WHERE board=? AND outcome='complete' ORDER BY id DESC LIMIT 1", (board,),
        ).fetchone()
        if row is None:
            return None
        return Pull(**{**dict(zip(_PULL_COLUMNS, row, strict=True)), "status": json.loads(row[7])})

    def last_heard_ms(self, board: str) -> int | None:
        """Returns when a board last proved who it is to this store, in a pull complete or not."""
        row = self._db.execute("SELECT MAX(at_ms) FROM pulls WHERE board=?", (board,)).fetchone()
        return None if row[0] is None else int(row[0])


def _entry(row: tuple[Any, ...]) -> Entry:
    return Entry(
        UUID(row[0]), row[1], row[2], row[3], row[4], row[5], row[6], row[7], json.loads(row[8]),
        row[9], bool(row[10]), row[11], row[12], row[13],
    )
