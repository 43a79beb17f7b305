-- What boards sent, and what people entered.
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
