-- Entries that a board was given and did not answer.
CREATE TABLE handed_over (uuid TEXT PRIMARY KEY) WITHOUT ROWID;
