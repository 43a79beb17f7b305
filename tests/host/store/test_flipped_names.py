"""A bit that flips in the name of a store's column: SQLite finds it in any case, and so does pumplog."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from helpers.host import hostile
from pumplog import cli

ANSWERS = (("status",), ("doses", "P01"), ("events", "P01"), ("events",), ("verify",),
           ("table",), ("bag", "list"), ("regimen", "show"), ("patient", "list"), ("keys", "list"))


def answers(path: Path, capsys: pytest.CaptureFixture[str]) -> list[tuple[int, str]]:
    """Returns what each command that only asks gives, as JSON."""
    found = []
    for words in ANSWERS:
        code = cli.main([*words, "--json", "--db", str(path)])
        told = capsys.readouterr()
        found.append((code, re.sub(r'"(now|printed)[^,}]*', "", told.out) + told.err))
    return found


def test_a_column_whose_name_changed_its_case_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pumplog.host.utc_now_ms", lambda: hostile.START_MS + 86_400_000)
    path = tmp_path / "store.db"
    path.write_bytes(hostile.sound_store(tmp_path))
    sound = answers(path, capsys)
    assert {code for code, _ in sound} <= {0, 4}  # the small ward has no board behind its pages
    with sqlite3.connect(path) as db:
        columns = db.execute("SELECT DISTINCT c.name FROM sqlite_schema m"
                             " JOIN pragma_table_info(m.name) c WHERE m.type='table'").fetchall()
        db.execute("PRAGMA writable_schema=ON")
        for name, in columns:
            made = db.execute("SELECT name, sql FROM sqlite_schema WHERE sql NOT NULL").fetchall()
            for table, sql in made:
                flipped = re.sub(rf"\b{name}\b", name[0].upper() + name[1:], sql)
                db.execute("UPDATE sqlite_schema SET sql=? WHERE name=?", (flipped, table))
    assert len(columns) > 40
    assert answers(path, capsys) == sound
