"""The store under several processes at once, and what it keeps of pages whatever they are."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import pytest
from helpers.host.made_log import (
    AT_MS,
    KEY,
    LOG_ID,
    MadeLog,
    board,
    newer,
    shorten_rows,
    store_with_board,
)
from helpers.paths import PRODUCT
from pumplog.errors import IntegrityError, UsageError
from pumplog.store import Entry, Store, StoreError, migrations
from pumplog.sync.delivery import not_in_log
from pumpwire import entries as wire_entries
from pumpwire import page

OPEN = """
import sys, time
from pumplog.store import Store
time.sleep(max(0, float(sys.argv[2]) - time.time()))
Store.open(sys.argv[1])
"""


def unused(store: Store, log_id: int) -> tuple[int, dict[int, int]]:
    """Returns what of a log is kept and not used: pages under no known key, pages of other formats."""
    return store.pages.unverified(log_id), store.pages.unread(log_id)


def test_many_may_make_the_same_store_at_once(tmp_path: Path) -> None:
    for round_number in range(5):
        db = tmp_path / f"{round_number}.db"
        start = str(time.time() + 1)
        processes = [
            subprocess.Popen([sys.executable, "-c", OPEN, str(db), start], text=True,
                             stderr=subprocess.PIPE, env={"PYTHONPATH": PRODUCT})
            for _ in range(6)
        ]
        for process in processes:
            said = process.communicate()[1]
            assert process.returncode == 0, said


def test_many_may_ask_who_this_computer_is_at_once(tmp_path: Path) -> None:
    ask = "from pumplog.host import host_id; print(host_id())"
    processes = [
        subprocess.Popen([sys.executable, "-c", ask], text=True, stdout=subprocess.PIPE,
                         env={"PYTHONPATH": PRODUCT, "XDG_STATE_HOME": str(tmp_path)})
        for _ in range(8)
    ]
    said = {process.communicate()[0] for process in processes}
    assert len(said) == 1 and said.pop().strip().isdigit()


def test_entries_that_a_board_claims_and_has_not_are_told(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.db") as store:
        store.entries.add(Entry(UUID(int=1), "reading", "P01", "B01", 5, "AB", 0, 0, {"volume_ul": 1}))
        told = not_in_log(store, "B01", not_taken=0)
        assert told and "pull again" in told.to_text()
        assert not_in_log(store, "B01", not_taken=1) is None
        store.entries.mark_delivered(UUID(int=1), 7, 3)
        assert not_in_log(store, "B01", not_taken=0) is None


def test_a_store_from_before_the_seals_stays_readable_and_its_keys_are_known(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as db:
        for statement in migrations.statements(migrations.files()[0]):
            db.execute(statement)
        db.execute("INSERT INTO boards VALUES ('B01', ?, ?, 123456, 1, 0, ?)", (KEY, KEY, AT_MS))
        db.execute("INSERT INTO logs VALUES (7, 'B01')")
        old = b"PL\x01\x00" + bytes(4092)
        db.execute("INSERT INTO pages VALUES (7, 0, ?, 1, 40, NULL)", (old,))
        db.execute("INSERT INTO records VALUES (7, 39, 'minute', 1, 60000, '{\"counts\": 3}')")
        db.execute("PRAGMA user_version=1")
    with Store.open(path) as store:
        (record,) = store.records.of(7)
        assert (record.seq, record.fields) == (39, {"counts": 3})
        assert store.keys.ring("B01").own == (KEY,) and store.boards.named("B01")
        assert store.holes.next_seq_wanted(7) == 40 and unused(store, 7) == (0, {})
        (page_of_old,) = store.pages.of(7)
        assert (page_of_old.version, page_of_old.state, page_of_old.data) == (1, "unread", old)


def test_a_page_of_a_newer_format_is_kept_and_does_not_end_the_pull() -> None:
    log, store = MadeLog(), store_with_board()
    log.pages[50] = newer(log, 50)
    log.into(store)
    assert unused(store, LOG_ID) == (0, {page.VERSION + 1: 1})
    assert [each.data for each in store.pages.of(LOG_ID)] == list(log.pages.values())
    assert [record.seq for record in store.records.of(LOG_ID)] == [*range(50), *range(100, 170)]
    assert store.holes.next_seq_wanted(LOG_ID) == 170


def test_a_page_grows_and_other_bytes_in_its_place_go_to_quarantine() -> None:
    log, store = MadeLog(n=1), store_with_board()
    store.logs.add(LOG_ID, "B01")
    short = log.pages[0]
    assert store.add_page_bytes(LOG_ID, 0, 0, short) == 20
    log.grow(5)
    assert store.add_page_bytes(LOG_ID, 0, len(short), log.pages[0][len(short) :]) == 5
    assert store.add_page_bytes(LOG_ID, 0, 0, short) == 0 and store.holes.next_seq_wanted(LOG_ID) == 25
    other = bytearray(short)
    other[-1] ^= 1
    for _ in range(2):
        with pytest.raises(IntegrityError, match="differs"):
            store.add_page_bytes(LOG_ID, 0, 0, bytes(other))
    assert len(store.pages.quarantined(LOG_ID)) == 1
    assert next(store.pages.of(LOG_ID)).data == log.pages[0]
    closed = log.close(log.made)
    assert store.add_page_bytes(LOG_ID, 0, page.FOOTER_AT, closed[page.FOOTER_AT :]) == 0
    assert next(store.pages.of(LOG_ID)).state == "sealed"


def test_a_page_whose_seal_turns_out_wrong_takes_its_records_back() -> None:
    log, store = MadeLog(n=1), store_with_board()
    store.logs.add(LOG_ID, "B01")
    store.add_page_bytes(LOG_ID, 0, 0, log.pages[0])
    assert len(list(store.records.of(LOG_ID))) == 20
    closed = bytearray(log.close(log.made))
    closed[-1] ^= 1
    with pytest.raises(IntegrityError, match="seal does not fit"):
        store.add_page_bytes(LOG_ID, 0, 0, bytes(closed))
    assert not list(store.records.of(LOG_ID)) and store.pages.bad(LOG_ID) == 1


def test_pages_under_an_unknown_key_enter_no_table_until_the_key_comes() -> None:
    log, store = MadeLog(), store_with_board(b"another key" * 3)
    log.into(store)
    assert unused(store, LOG_ID) == (3, {}) and not list(store.records.of(LOG_ID))
    assert store.holes.next_seq_wanted(LOG_ID) == 170
    store.add_board(board(KEY))
    assert [record.seq for record in store.records.of(LOG_ID)] == list(range(170))
    assert store.keys.ring("B01").own == (b"another key" * 3, KEY)


def test_a_page_pulled_before_its_footer_is_asked_for_from_its_own_end_on() -> None:
    log, store = MadeLog(), store_with_board()
    log.into(store)
    waiting = log.pages[150]
    log.turn()
    log.into(store, log.open_seq)
    assert store.holes.next_seq_wanted(LOG_ID) == 170 and store.holes.next_seq_reached(LOG_ID) == 190
    assert store.holes.next_seq_wanted(LOG_ID, oldest_seq=170) == 190
    store.add_page_bytes(LOG_ID, 150, page.FOOTER_AT, log.pages[150][page.FOOTER_AT :])
    assert store.holes.next_seq_wanted(LOG_ID) == 190 and waiting == log.pages[150][: len(waiting)]


def test_migrations_are_numbered_without_a_gap_and_each_has_a_statement() -> None:
    files = migrations.files()
    assert [int(file.name[:4]) for file in files] == list(range(1, len(files) + 1))
    assert all(list(migrations.statements(file)) for file in files)


@pytest.mark.parametrize("kind, fields", [(name, fields) for name, fields in wire_entries.KINDS.values()
                                          if fields])
def test_an_entry_that_lacks_a_number_of_its_kind_is_damaged(
    tmp_path: Path, kind: str, fields: tuple[str, ...],
) -> None:
    for lacking in fields:
        with Store.open(tmp_path / f"{lacking}.db") as store:
            store.entries.add(Entry(UUID(int=1), kind, "P01", "B01", 5, "AB", AT_MS, AT_MS,
                                    {name: 1 for name in fields if name != lacking}))
            with pytest.raises(IntegrityError, match=f"an entry .{kind} of P01. cannot be read"):
                store.entries.all()


@pytest.mark.parametrize("version", range(len(migrations.files())))
def test_a_store_of_any_version_opens_and_is_brought_up_to_date(tmp_path: Path, version: int) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as db:
        db.create_function("pumplog_key_id", 1, lambda key: 1)
        for file in migrations.files()[:version]:
            for statement in migrations.statements(file):
                db.execute(statement)
        db.execute(f"PRAGMA user_version={version}")
    Store.open(path).database.close()
    Store.open(tmp_path / "new.db").database.close()
    columns = ("SELECT m.name, c.name, c.type FROM sqlite_schema m"
               " JOIN pragma_table_info(m.name) c ORDER BY 1, 2")
    with sqlite3.connect(path) as old, sqlite3.connect(tmp_path / "new.db") as new:
        assert list(old.execute(columns)) == list(new.execute(columns))
        assert old.execute("PRAGMA user_version").fetchone() == (len(migrations.files()),)


def test_a_migration_that_fails_leaves_the_version_before_it_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "0002_broken.sql"
    broken.write_text("CREATE TABLE half (a);\nCREATE TABLE half (a);\n")
    files = migrations.files()
    monkeypatch.setattr(migrations, "files", lambda: [files[0], broken])
    with pytest.raises(UsageError, match="cannot be used as a store"):
        Store.open(tmp_path / "a.db")
    with sqlite3.connect(tmp_path / "a.db") as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert not list(db.execute("SELECT 1 FROM sqlite_schema WHERE name='half'"))
    monkeypatch.undo()
    with Store.open(tmp_path / "a.db") as store:
        assert store.logs.all() == []


def test_a_store_that_breaks_while_it_is_used_says_so_in_a_sentence(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.db") as store:
        store.database.connection.execute("DROP TABLE logs")
        with pytest.raises(StoreError, match="a.db cannot be used .*: what was complete is kept"):
            store.logs.add(7, "B01")
        with pytest.raises(StoreError):
            store.logs.all()


def test_fields_that_a_row_was_stored_without_are_read_as_0() -> None:
    """The version that decoded it did not know them: they were added at the end of the kind since."""
    store = store_with_board()
    MadeLog().into(store)
    whole = list(store.records.of(LOG_ID))
    shorten_rows(store, "minute", "presses")
    assert whole and list(store.records.of(LOG_ID)) == whole
    assert [list(record.fields) for record in store.records.of(LOG_ID, "minute")] == [
        ["span_ms", "counts", "presses"]] * 170
    shorten_rows(store, "minute", "counts")
    assert {record.fields["counts"] for record in store.records.of(LOG_ID)} == {0}
