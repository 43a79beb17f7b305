-- Keys on their way to a board: should the cable be pulled before the board's answer came, nobody knows
-- whether it has them. They wait here until it proves them.
CREATE TABLE begun (
    device_key BLOB PRIMARY KEY, name TEXT NOT NULL, pairing_key BLOB NOT NULL,
    check_code INTEGER NOT NULL, pl_per_count INTEGER NOT NULL,
    uncertainty_ppm INTEGER NOT NULL, provisioned_at_ms INTEGER NOT NULL, was TEXT);
