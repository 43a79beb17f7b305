"""The ward's rounds over the air: boards die, nurses take turns, and nothing is lost or said wrong."""

from __future__ import annotations

from pathlib import Path

from helpers.air.big_ward import make_ward
from helpers.air.rounds import deaths, killed_and_resumed, on_boards
from helpers.air.ward import (
    all_entries,
    entries_on_boards,
    holes,
    on_air,
    pumplog,
    rows,
    without_patient,
)

BAG = ("--bupivacaine", "55 mg", "--volume", "250 mL")


def test_twelve_boards_three_of_them_dying_and_then_with_power_back(tmp_path: Path) -> None:
    """One dies as it answers that it took an entry: it must not have that twice once it is back."""
    ward = make_ward(tmp_path / "run", 12)
    killed_and_resumed(ward, tmp_path, deaths(ward, 3, seed=4))


def test_two_hosts_in_turn_have_all_and_what_contradicts_is_flagged(tmp_path: Path) -> None:
    ward = make_ward(tmp_path / "run", 2)
    hosts, told = {}, []
    for author, morphine in (("AB", "110 mg"), ("CD", "80 mg")):
        (tmp_path / author).mkdir()
        hosts[author] = db = ward.store(tmp_path / author / "nurse.db")
        done = pumplog(db, "bag", "hang", "P01", "--morphine", morphine, *BAG, "--initials", author,
                       "--check", str(ward.check_code("P01")))
        assert done.returncode == 0, done.stdout + done.stderr
    with on_air(ward) as air:
        for author in ("AB", "CD", "AB"):
            done = pumplog(hosts[author], "pull", "--all", PUMPLOG_AIR=air.address)
            assert done.returncode == 0, done.stdout + done.stderr
            told.append(done.stdout)
    assert "differ" not in told[0]  # nobody knew yet of the other's
    for said in told[1:]:
        first, board, conflict, *_ = said.splitlines()
        assert first == "pulled 2 of 2; see first what is said below of bed 1 (P01)."
        assert "P01" in board and "entered by AB and CD: two bags that differ" in conflict
    flash = on_boards(ward, tmp_path / "flash.db")
    copies = [fields for fields, in rows(flash, "SELECT fields FROM records WHERE kind='entry'")]
    assert len(copies) == len(set(copies)) == 2 + 2  # both knew the two starts: on board once
    for db in hosts.values():
        assert not holes(db) and not rows(db, "SELECT 1 FROM quarantine")
        assert not rows(db, "SELECT 1 FROM entries WHERE seq IS NULL")
        for log_id, end in rows(db, "SELECT log_id, MAX(seq) FROM records GROUP BY log_id"):
            upto = f"SELECT * FROM records WHERE log_id={log_id} AND seq <= {end}"
            assert rows(db, upto) == rows(flash, upto) and end > 5000
    assert all_entries(hosts["AB"]) == all_entries(hosts["CD"])
    assert without_patient(all_entries(hosts["AB"])) == entries_on_boards(flash)
