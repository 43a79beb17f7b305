"""The store's journal of pulls: when each board was read, over what, and how it ended."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields

from ..intervals import Interval
from .database import Database

COMPLETE, BROKEN_OFF = "complete", "broken off"


@dataclass(frozen=True)
class Pull:
    """A line of the pull journal."""

    board: str  #: its name
    log_id: int  #: the log that was pulled
    at_ms: int  #: when it ended, Unix ms UTC
    link: str  #: the way to the board, in words
    records: int  #: how many came
    next_seq: int  #: the first record that the store lacked then
    outcome: str  #: COMPLETE or BROKEN_OFF
    status: dict[str, int]  #: the board's own, as it was then


_COLUMNS = ", ".join(field.name for field in fields(Pull))


class Pulls:
    """The journal; lines are only ever added."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, pull: Pull) -> None:
        """Notes a pull and how it ended."""
        self._db.insert("pulls", **{**vars(pull), "status": json.dumps(pull.status)})

    def last(self, board: str) -> Pull | None:
        """Returns the last complete pull of a board."""
        return next(iter(self.latest(board, 1)), None)

    def latest(self, board: str, most: int) -> list[Pull]:
        """Returns the last complete pulls of a board, at most so many, the latest first."""
        return [Pull(**{**dict(row), "status": json.loads(row["status"])}) for row in self._db.rows(
            f"SELECT {_COLUMNS} FROM pulls WHERE board=:board AND outcome='complete'"
            " ORDER BY id DESC LIMIT :most", board=board, most=most)]

    def last_heard_ms(self, board: str) -> int | None:
        """Returns when a board last proved who it is to this store, in a pull complete or not."""
        row = self._db.row("SELECT MAX(at_ms) AS at_ms FROM pulls WHERE board=:board", board=board)
        return row["at_ms"] if row else None

    def reached(self, log_id: int) -> list[Interval]:
        """Returns [oldest seq that the board had, next_seq then) of each complete pull of a log."""
        return [(json.loads(row["status"]).get("oldest_seq") or 0, row["next_seq"])
                for row in self._db.rows(
                    "SELECT status, next_seq FROM pulls WHERE log_id=:log_id AND outcome='complete'"
                    " ORDER BY id", log_id=log_id)]

    def stopped_at(self, log_id: int, seq: int) -> bool:
        """Returns whether a complete pull ended before record `seq` while the board had later
        records."""
        return any((json.loads(row["status"]).get("next_seq") or 0) > seq for row in self._db.rows(
            "SELECT status FROM pulls WHERE log_id=:log_id AND outcome='complete' AND next_seq=:seq",
            log_id=log_id, seq=seq))
