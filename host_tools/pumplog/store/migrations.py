"""The store's tables, as numbered files of SQL: 0003_... brings a store of version 2 to version 3."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

_FOLDER = Path(__file__).with_name("migrations")


def files() -> list[Path]:
    """Returns the migrations in order; a store that has them all is of version len(files())."""
    return sorted(_FOLDER.glob("[0-9][0-9][0-9][0-9]_*.sql"))


def statements(file: Path) -> Iterator[str]:
    """Yields the statements of a migration."""
    statement = ""
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
