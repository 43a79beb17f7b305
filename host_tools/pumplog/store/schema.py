"""The store's tables, as migrations: each runs once; what is missing runs in one transaction."""

from __future__ import annotations

import sqlite3

from pumpwire import seal

from ..errors import Usage

MIGRATIONS = (
    (
        "first tables",
        """
        CREATE TABLE boards (
            name TEXT PRIMARY KEY, device_key BLOB NOT NULL, pairing_key BLOB NOT NULL,
            check_code INTEGER NOT NULL, pl_per_count INTEGER NOT NULL,
            uncertainty_ppm INTEGER NOT NULL, provisioned_at_ms INTEGER NOT NULL);
        CREATE TABLE logs (log_id INTEGER PRIMARY KEY, board TEXT NOT NULL);
        CREATE TABLE pages (
            log_id INTEGER NOT NULL, first_seq INTEGER NOT NULL, data BLOB NOT NULL,
            closed INTEGER NOT NULL, records INTEGER NOT NULL, error TEXT,
            PRIMARY KEY (log_id, first_seq)) WITHOUT ROWID;
        CREATE TABLE records (
            log_id INTEGER NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL,
            boot INTEGER NOT NULL, uptime_ms INTEGER NOT NULL, fields TEXT NOT NULL,
            PRIMARY KEY (log_id, seq)) WITHOUT ROWID;
        CREATE TABLE entries (
            uuid TEXT PRIMARY KEY, kind TEXT NOT NULL, patient TEXT NOT NULL, board TEXT,
            assignment INTEGER NOT NULL, author TEXT NOT NULL, entered_at_ms INTEGER NOT NULL,
            effective_at_ms INTEGER NOT NULL, fields TEXT NOT NULL, bed TEXT,
            simulated INTEGER NOT NULL, log_id INTEGER, seq INTEGER, check_code INTEGER);
        CREATE TABLE pulls (
            id INTEGER PRIMARY KEY, board TEXT NOT NULL, log_id INTEGER NOT NULL,
            at_ms INTEGER NOT NULL, link TEXT NOT NULL, records INTEGER NOT NULL,
            next_seq INTEGER NOT NULL, outcome TEXT NOT NULL, status TEXT NOT NULL);
        CREATE TABLE quarantine (
            id INTEGER PRIMARY KEY, log_id INTEGER NOT NULL, first_seq INTEGER NOT NULL,
            data BLOB NOT NULL, reason TEXT NOT NULL, at_ms INTEGER NOT NULL);
        """,
    ),
    (
        "keys, seals and attestations",
        """
        CREATE TABLE keys (
            board TEXT NOT NULL, key_id INTEGER NOT NULL, device_key BLOB NOT NULL,
            since_ms INTEGER NOT NULL, PRIMARY KEY (board, device_key)) WITHOUT ROWID;
        INSERT INTO keys
            SELECT name, pumplog_key_id(device_key), device_key, provisioned_at_ms FROM boards;
        ALTER TABLE pages ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE pages ADD COLUMN state TEXT NOT NULL DEFAULT 'unread';
        CREATE TABLE attestations (
            id INTEGER PRIMARY KEY, log_id INTEGER NOT NULL, at_ms INTEGER NOT NULL,
            nonce BLOB NOT NULL, said BLOB NOT NULL)
        """,
    ),
    (
        "entries that were handed over and not answered",
        "CREATE TABLE handed_over (uuid TEXT PRIMARY KEY) WITHOUT ROWID",
    ),
)


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Brings a store up to date; refuses one that a newer pumplog made, untouched.

    The version is read again behind the write lock: another pumplog may be migrating too.
    """
    if _version(connection, path) == len(MIGRATIONS):
        return
    connection.create_function("pumplog_key_id", 1, seal.key_id)
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        for _, script in MIGRATIONS[_version(connection, path):]:
            for statement in script.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version={len(MIGRATIONS)}")


def _version(connection: sqlite3.Connection, path: str) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise Usage(
            f"{path} was made by a newer pumplog (store version {version}, this one knows"
            f" {len(MIGRATIONS)}): update pumplog, or choose another file with --db."
        )
    return version
