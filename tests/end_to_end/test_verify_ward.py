"""What the firmware sealed and attested over the air, the tool proves; a changed store it does not."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from helpers.air.ward import json_lines, on_air, pumplog, run_ward


def test_a_pull_over_the_air_is_proven_and_a_changed_store_is_not(tmp_path: Path) -> None:
    copy = run_ward(tmp_path)
    db = copy.store(tmp_path / "a.db")
    with on_air(copy) as air:
        (told,) = json_lines(pumplog(db, "pull", "P01", "--json", PUMPLOG_AIR=air.address))
        assert told["attested"] and told["unverified_pages"] == 0 and told["gaps"] == []
        done = pumplog(db, "verify", "P01", "--json")
        (proven,) = json_lines(done)
        assert done.returncode == 0 and proven["findings"] == [], proven
        assert proven["attested_next_seq"] == proven["end_seq"] > 2900
        assert proven["sealed_pages"] == proven["pages"] - 1 > 0
        assert pumplog(db, "pull", "P01", PUMPLOG_AIR=air.address).returncode == 0
    assert pumplog(db, "verify", "P01").stdout.count("\n") == 1
    with sqlite3.connect(db) as connection:
        connection.execute("UPDATE records SET fields=replace(fields, '\"counts\": ', '\"counts\": 1')"
                           " WHERE kind='minute' AND seq BETWEEN 100 AND 110")
    done = pumplog(db, "verify", "P01")
    assert done.returncode == 4 and "changed" in done.stdout and not done.stderr
