-- Every key that a board ever had, what each page was found to be, and the board's word on its log's end.
CREATE TABLE keys (
    board TEXT NOT NULL, key_id INTEGER NOT NULL, device_key BLOB NOT NULL,
    since_ms INTEGER NOT NULL, PRIMARY KEY (board, device_key)) WITHOUT ROWID;
INSERT INTO keys (board, key_id, device_key, since_ms)
    SELECT name, pumplog_key_id(device_key), device_key, provisioned_at_ms FROM boards;
ALTER TABLE pages ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE pages ADD COLUMN state TEXT NOT NULL DEFAULT 'unread';
CREATE TABLE attestations (
    id INTEGER PRIMARY KEY, log_id INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    nonce BLOB NOT NULL, said BLOB NOT NULL);
