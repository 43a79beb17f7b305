"""The store's database: only this file and its migrations know which engine holds it, here SQLite.

The parts of the store hold the SQL and are given a `Database`. Theirs is the SQL that SQLite and
PostgreSQL share: named values (`:log_id`), no functions on JSON. What differs is kept here: how a store
is opened, where its version stands, how a migration is run, which errors the engine raises. A second
engine gives the same methods and its own migrations. The column `rowid` stands for the order in which
rows came; SQLite has it by itself, another engine declares it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Self

from ..errors import PumplogError, UsageError
from . import migrations

Row = sqlite3.Row  # row["seq"], and **row; iterating gives the values in the order asked for
_WAIT_S = 60  # for another pumplog that writes


class StoreError(PumplogError):
    """The database cannot be read or written: the disk is full, or the file is damaged or locked."""


class Database:
    """A SQLite file. What is run becomes durable with `commit()`, and is lost without it."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self.connection = connection
        self._path = path

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Opens or makes the file at `path` and brings it up to date.

        UsageError: it is no store, cannot be written, or was made by a newer pumplog.
        """
        try:
            if str(path) != ":memory:":
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, timeout=_WAIT_S)
            connection.row_factory = sqlite3.Row
            database = cls(connection, str(path))
            database._migrate()
        except (sqlite3.DatabaseError, OSError) as error:
            raise UsageError(f"{path} cannot be used as a store ({error})",
                             "choose another --db") from error
        return database

    def close(self) -> None:
        """Lets go of the file; what was not committed is lost."""
        self.connection.close()

    def commit(self) -> None:
        """Makes everything so far durable."""
        try:
            self.connection.commit()
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    # ---- reading

    def rows(self, sql: str, **values: Any) -> Iterator[Row]:
        """Yields the rows of a query."""
        try:
            yield from self.connection.execute(sql, values)
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def row(self, sql: str, **values: Any) -> Row | None:
        """Returns the first row of a query, None if there is none."""
        return next(self.rows(sql, **values), None)

    # ---- writing

    def run(self, sql: str, **values: Any) -> None:
        """Runs a statement that gives no rows."""
        try:
            self.connection.execute(sql, values)
        except sqlite3.Error as error:
            raise self._unusable(error) from error

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
        try:
            self.connection.executemany(sql, rows)
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def put(self, table: str, key: tuple[str, ...], **values: Any) -> None:
        """Adds a row, or puts its values in place of those under the same key (names of columns)."""
        changes = ", ".join(f"{name}=excluded.{name}" for name in values if name not in key)
        self.run(f"{_insert(table, tuple(values))} ON CONFLICT ({', '.join(key)}) DO UPDATE SET"
                 f" {changes}", **values)

    def _unusable(self, error: sqlite3.Error) -> StoreError:
        return StoreError(f"the store {self._path} cannot be used ({error})",
                          "what was complete is kept; free the disk or choose another --db, then do it"
                          " again")

    # ---- the version of the tables

    def _migrate(self) -> None:
        """Runs the migrations that are missing, each in a transaction of its own."""
        files = migrations.files()
        if self._version(len(files)) == len(files):
            return
        from pumpwire import seal

        self.connection.create_function("pumplog_key_id", 1, seal.key_id)
        for number, file in enumerate(files, 1):
            self.connection.execute("BEGIN IMMEDIATE")
            with self.connection:
                # read behind the write lock: another pumplog may be migrating too
                if self._version(len(files)) == number - 1:
                    for statement in migrations.statements(file):
                        self.connection.execute(statement)
                    self.connection.execute(f"PRAGMA user_version={number}")

    def _version(self, known: int) -> int:
        version: int = self.connection.execute("PRAGMA user_version").fetchone()[0]
        if version > known:
            raise UsageError(
                f"{self._path} was made by a newer pumplog (store version {version}, this pumplog knows"
                f" {known})", "update pumplog, or choose another file with --db")
        return version


@cache
def _insert(table: str, columns: tuple[str, ...]) -> str:
    names, marks = ", ".join(columns), ", ".join(f":{name}" for name in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({marks})"
