"""The store's boards, and which log is from which board."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

from ..plain import meant
from .database import Database
from .sound import made


@dataclass(frozen=True)
class Board:
    """A board that this host provisioned."""

    name: str  #: as on its label
    device_key: bytes  #: seals its pages; both sides prove themselves by it
    pairing_key: bytes  #: what a host shows to be allowed to pair
    check_code: int  #: six digits on its label
    pl_per_count: int  #: what a count of the pump's mechanism gives, picolitres
    uncertainty_ppm: int  #: of pl_per_count, parts per million
    provisioned_at_ms: int  #: Unix ms UTC


class Begun(NamedTuple):
    """Keys on their way to a board, of which nobody knows whether it has them."""

    board: Board  #: what it is to be
    was: str | None  #: the name that it has had, if it gets another


class Log(NamedTuple):
    """A log, and the board that wrote it."""

    log_id: int  #: random, made when the log was formatted
    board: str  #: its board's name


_COLUMNS = ", ".join(field.name for field in fields(Board))


class Boards:
    """The boards that this host knows."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def put(self, board: Board) -> None:
        """Keeps a board, in place of an earlier one of its name."""
        self._db.put("boards", ("name",), **vars(board))

    def rename(self, was: str, now: str) -> None:
        """Gives a board another name."""
        self._db.run("UPDATE boards SET name=:now WHERE name=:was", now=now, was=was)

    def all(self) -> list[Board]:
        """Returns all boards by name."""
        return [made(Board, row, "a board")
                for row in self._db.rows(f"SELECT {_COLUMNS} FROM boards ORDER BY name")]

    def named(self, name: str) -> Board | None:
        """Returns the board of that name, if this host knows it."""
        row = self._db.row(f"SELECT {_COLUMNS} FROM boards WHERE name=:name", name=name)
        return made(Board, row, f"board {name}") if row else None

    def begin(self, begun: Begun) -> None:
        """Keeps what a board is about to be given."""
        self._db.put("begun", ("device_key",), **vars(begun.board), was=begun.was)

    def begun(self, name: str) -> list[Begun]:
        """Returns what a board of that name may have been given without its answer, the latest first."""
        return [Begun(made(Board, {key: row[key] for key in row.keys() if key != "was"}, "a board"),
                      row["was"])
                for row in self._db.rows(f"SELECT {_COLUMNS}, was FROM begun WHERE name=:name"
                                         " ORDER BY provisioned_at_ms DESC, rowid DESC", name=name)]

    def is_unfinished(self, board: Board) -> bool:
        """Returns whether a board may have been given later keys than those that it is known by."""
        return any(begun.board.provisioned_at_ms >= board.provisioned_at_ms
                   for begun in self.begun(board.name))

    def forget_begun(self, board: Board) -> None:
        """It is known now whether the board has these keys."""
        self._db.run("DELETE FROM begun WHERE device_key=:device_key", device_key=board.device_key)

    def like(self, name: str) -> Board | None:
        """Returns the board that somebody means who typed this name: the very name, or the only name
        that differs from it in capitals alone."""
        boards = {board.name: board for board in self.all()}
        found = meant(name, boards)
        return boards[found[0]] if len(found) == 1 else None


class Logs:
    """Which logs there are."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, log_id: int, board: str) -> None:
        """Notes which board a log is from; what was noted before stays."""
        self._db.insert_new("logs", log_id=log_id, board=board)

    def give(self, log_id: int, board: str) -> None:
        """Notes that a log is from another board than was noted before."""
        self._db.put("logs", ("log_id",), log_id=log_id, board=board)

    def all(self) -> list[Log]:
        """Returns all logs by log_id."""
        return [made(Log, row, "a log")
                for row in self._db.rows("SELECT log_id, board FROM logs ORDER BY log_id")]

    def of(self, board: str) -> list[Log]:
        """Returns a board's logs by log_id."""
        return [made(Log, row, "a log") for row in self._db.rows(
            "SELECT log_id, board FROM logs WHERE board=:board ORDER BY log_id", board=board)]

    def board_of(self, log_id: int) -> str | None:
        """Returns the name of the board that a log is from."""
        row = self._db.row("SELECT board FROM logs WHERE log_id=:log_id", log_id=log_id)
        return row["board"] if row else None
