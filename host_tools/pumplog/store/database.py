"""The store's database: only this file and its migrations know which engine holds it, here SQLite.

The parts of the store hold the SQL and are given a `Database`. Theirs is the SQL that SQLite and
PostgreSQL share: named values (`:log_id`), no functions on JSON. What differs is kept here: how a store
is opened, where its version stands, how a migration is run, which errors the engine raises. A second
engine gives the same methods and its own migrations. The column `rowid` stands for the order in which
rows came; SQLite has it by itself, another engine declares it.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Self

from .. import host
from ..errors import PumplogError, UsageError
from ..files import keep_private, make_private
from . import migrations

Row = sqlite3.Row  # row["seq"], and **row; iterating gives the values in the order asked for
Waiting = Callable[[str], None]  # told that another program has the store, and how long is waited
_WAIT_S = 60  # for another pumplog that writes
_SILENT_S = 2  # of these
_OURS = 0x70756D70  # application_id of our files: "pump"
_TABLES = {"boards", "logs", "pages", "records", "entries", "pulls"}  # of every version
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_MISMATCH)


class StoreError(PumplogError):
    """The database cannot be read or written: the disk is full, or the file is damaged or locked."""


class BusyError(StoreError):
    """Another program has the database, and kept it."""


class DamagedError(StoreError):
    """The database's file is not as it was written."""

    exit_code = 4


class Database:
    """A SQLite file. What is run becomes durable with `commit()`, and is lost without it."""

    def __init__(self, connection: sqlite3.Connection, path: str,
                 waiting: Waiting = lambda _: None) -> None:
        self.connection = connection
        self._path = path
        self._waiting = waiting

    @classmethod
    def open(cls, path: str | Path, waiting: Waiting = lambda _: None) -> Self:
        """Opens or makes the file at `path`, for this user only, and brings it up to date.

        waiting: told if another program has the store. UsageError: it is no store, cannot be written, or
        was made by a newer pumplog; StoreError: another program has it for too long.
        """
        try:
            if str(path) != ":memory:":
                Path(path).parent.mkdir(0o700, parents=True, exist_ok=True)
                if Path(path).exists() and not Path(path).is_file():
                    raise UsageError(f"{path} is no ordinary file", "choose another --db")
                make_private(path)
            connection = sqlite3.connect(path, timeout=_SILENT_S)
            connection.row_factory = sqlite3.Row
            database = cls(connection, str(path), waiting)
            database._migrate()
            database._leave_wal()
            keep_private(path)  # not before: another program's file is left as it is
        except BusyError:
            raise
        except (sqlite3.DatabaseError, OSError, StoreError) as error:
            cause = error.__cause__ if isinstance(error, StoreError) else error
            raise UsageError(f"{path} cannot be used as a store ({cause})",
                             "choose another --db") from error
        return database

    def close(self) -> None:
        """Lets go of the file; what was not committed is lost."""
        self.connection.close()

    def commit(self) -> None:
        """Makes everything so far durable."""
        self._do(self.connection.commit)

    # ---- reading

    def rows(self, sql: str, **values: Any) -> Iterator[Row]:
        """Yields the rows of a query."""
        try:
            # not from the cursor itself, which cannot be closed once the database is
            yield from iter(self._do(self.connection.execute, sql, values).fetchone, None)
        except (sqlite3.Error, UnicodeError) as error:
            raise self._unusable(error) from error

    def row(self, sql: str, **values: Any) -> Row | None:
        """Returns the first row of a query, None if there is none."""
        return next(self.rows(sql, **values), None)

    # ---- writing

    def run(self, sql: str, **values: Any) -> None:
        """Runs a statement that gives no rows."""
        self._do(self.connection.execute, sql, values)

    def insert(self, table: str, **values: Any) -> None:
        """Adds a row."""
        self.run(_insert(table, tuple(values)), **values)

    def insert_new(self, table: str, **values: Any) -> None:
        """Adds a row, unless its key is there already."""
        self.run(_insert(table, tuple(values)) + " ON CONFLICT DO NOTHING", **values)

    def insert_all_new(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Adds rows, each unless its key is there already."""
        marks = ", ".join("?" * len(columns))
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT DO NOTHING"
        self._do(self.connection.executemany, sql, list(rows))

    def put(self, table: str, key: tuple[str, ...], **values: Any) -> None:
        """Adds a row, or puts its values in place of those under the same key (names of columns)."""
        changes = ", ".join(f"{name}=excluded.{name}" for name in values if name not in key)
        self.run(f"{_insert(table, tuple(values))} ON CONFLICT ({', '.join(key)}) DO UPDATE SET"
                 f" {changes}", **values)

    def _do(self, call: Callable[..., Any], *given: Any) -> Any:
        """Calls something of the connection; StoreError if that cannot be done.

        While another program has the store it is tried again, for _WAIT_S in all.
        """
        ends_s: float | None = None
        while True:
            try:
                return call(*given)
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or ends_s is not None and host.waited_s() > ends_s:
                    raise self._unusable(error) from error
                if ends_s is None:
                    ends_s = host.waited_s() + _WAIT_S - _SILENT_S
                    self._waiting(f"another program has the store {self._path}: waiting for it, up to"
                                  f" {_WAIT_S} s")
                time.sleep(0.1)
            except (sqlite3.Error, OverflowError, UnicodeError) as error:  # no column holds that
                raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> StoreError:
        if _is_busy(error):
            return BusyError(f"another program had the store {self._path} for {_WAIT_S} s",
                              "let the other pumplog end or close it, then do this again")
        if not isinstance(error, sqlite3.Error) or _code(error) in _DAMAGED or "decode" in str(error):
            return DamagedError(f"the store {self._path} is damaged ({error})",
                                "go on with an earlier copy of it. What boards still hold can be pulled"
                                " into that again")
        if _code(error) in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
            return StoreError(f"the store {self._path} cannot be written ({error})",
                              "what was complete is kept. It is read-only, or another program moves it"
                              " about, as a folder that is synchronised: keep it elsewhere, then do it"
                              " again")
        return StoreError(f"the store {self._path} cannot be used ({error})",
                          "what was complete is kept; free the disk or choose another --db, then do it"
                          " again")

    def _leave_wal(self) -> None:
        """Takes a store out of WAL mode, into which another program may put it: a copy of its file lacks
        what lies beside it then, and no drive on a network can have it. Left as it is while in use."""
        (mode,) = self._do(self.connection.execute, "PRAGMA journal_mode").fetchone()
        if mode == "wal":
            with suppress(sqlite3.OperationalError):
                self.connection.execute("PRAGMA journal_mode=DELETE").fetchone()

    # ---- the version of the tables

    def _migrate(self) -> None:
        """Runs the migrations that are missing, each in a transaction of its own."""
        files = migrations.files()
        if self._version(len(files)) == len(files):
            return
        from pumpwire import seal

        self._do(self._migrate_each, files, seal.key_id)

    def _migrate_each(self, files: Sequence[Path], key_id: Callable[[bytes], int]) -> None:
        self.connection.create_function("pumplog_key_id", 1, key_id)
        for number, file in enumerate(files, 1):
            self.connection.execute("BEGIN IMMEDIATE")
            with self.connection:
                # read behind the write lock: another pumplog may be migrating too
                if self._version(len(files)) == number - 1:
                    for statement in migrations.statements(file):
                        self.connection.execute(statement)
                    self.connection.execute(f"PRAGMA application_id={_OURS}")
                    self.connection.execute(f"PRAGMA user_version={number}")

    def _version(self, known: int) -> int:
        alone = not self.connection.in_transaction
        if alone:  # else another pumplog may make its tables between these reads
            self._do(self.connection.execute, "BEGIN")
        try:
            version, owner = (self._do(self.connection.execute, f"PRAGMA {name}").fetchone()[0]
                              for name in ("user_version", "application_id"))
            tables = {row[0] for row in self._do(
                self.connection.execute, "SELECT name FROM sqlite_master WHERE type='table'")}
        finally:
            if alone:
                self.connection.rollback()
        ours = tables >= _TABLES if tables or 0 < version <= known else True
        if owner not in (0, _OURS) or not ours or tables and not version:
            raise UsageError(f"{self._path} is another program's file, and no pumplog store",
                             "it was left as it is; choose another --db")
        if version > known:
            raise UsageError(
                f"{self._path} was made by a newer pumplog (store version {version}, this pumplog knows"
                f" {known})", "update pumplog, or choose another file with --db")
        return version


def _code(error: Exception) -> int:
    """Returns SQLite's primary code of an error; 0 where it has none."""
    code: int = getattr(error, "sqlite_errorcode", 0) & 255
    return code


def _is_busy(error: Exception) -> bool:
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@cache
def _insert(table: str, columns: tuple[str, ...]) -> str:
    names, marks = ", ".join(columns), ", ".join(f":{name}" for name in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({marks})"
