"""The store's journal of pulls: when each board was read, over what, and how it ended."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, fields

from ..errors import IntegrityError
from ..intervals import Interval
from .database import Database
from .sound import is_moment, made

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
    status: dict[str, int]  #: the board's own, as it was then; what is damaged is left out


_COLUMNS = ", ".join(field.name for field in fields(Pull))


class Pulls:
    """The journal; lines are only ever added."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, pull: Pull) -> None:
        """Notes a pull and how it ended."""
        self._db.insert("pulls", **{**vars(pull), "status": json.dumps(pull.status)})

    def last(self, board: str, within: Interval | None = None) -> Pull | None:
        """Returns the last complete pull of a board, or that which ended within [begin, end), Unix ms
        UTC."""
        return next(iter(self.latest(board, 1, within)), None)

    def latest(self, board: str, most: int, within: Interval | None = None) -> list[Pull]:
        """Returns the last complete pulls of a board, at most so many, the latest first; a line that is
        damaged is passed over. within: only those that ended within [begin, end), Unix ms UTC."""
        begin_ms, end_ms = within or (-(1 << 62), 1 << 62)
        found: list[Pull] = []
        for row in self._db.rows(f"SELECT {_COLUMNS} FROM pulls WHERE board=:board"
                                 " AND outcome='complete' AND at_ms>=:begin_ms AND at_ms<:end_ms"
                                 " ORDER BY id DESC", board=board, begin_ms=begin_ms, end_ms=end_ms):
            with suppress(IntegrityError):
                found.append(made(Pull, {**dict(row), "status": _status(row["status"])}, "a pull"))
            if len(found) == most:
                break
        return found

    def last_heard_ms(self, board: str) -> int | None:
        """Returns when a board last proved who it is to this store, in a pull complete or not."""
        row = self._db.row("SELECT MAX(at_ms) AS at_ms FROM pulls WHERE board=:board", board=board)
        return row["at_ms"] if row and is_moment(row["at_ms"]) else None

    def reached(self, log_id: int) -> list[Interval]:
        """Returns [oldest seq that the board had, next_seq then) of each complete pull of a log."""
        return [(_status(row["status"]).get("oldest_seq", 0), row["next_seq"])
                for row in self._db.rows(
                    "SELECT status, next_seq FROM pulls WHERE log_id=:log_id AND outcome='complete'"
                    " ORDER BY id", log_id=log_id) if type(row["next_seq"]) is int]

    def told_to(self, log_id: int) -> int:
        """Returns where a log ended at its latest complete pull: what lacks before it was told then."""
        return max((max(_status(row["status"]).get("next_seq", 0), row["next_seq"])
                    for row in self._db.rows(
                        "SELECT status, next_seq FROM pulls WHERE log_id=:log_id"
                        " AND outcome='complete'", log_id=log_id) if type(row["next_seq"]) is int),
                   default=0)

    def stopped_at(self, log_id: int, seq: int) -> bool:
        """Returns whether a complete pull ended before record `seq` while the board had later
        records."""
        return any(_status(row["status"]).get("next_seq", 0) > seq for row in self._db.rows(
            "SELECT status FROM pulls WHERE log_id=:log_id AND outcome='complete' AND next_seq=:seq",
            log_id=log_id, seq=seq))


def _status(text: str) -> dict[str, int]:
    """Returns a board's status; what is damaged in it is not there, and so is not known."""
    try:
        status = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return {}
    if not isinstance(status, dict):
        return {}
    return {name: value for name, value in status.items() if type(value) is int}
