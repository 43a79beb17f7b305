"""Whatever befalls a pull, one more clean pull ends with the records and entries of a quiet one."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.air.disturbing import PATIENT, arrivals, cut_power_at, die_at, in_two_rooms, struck
from helpers.air.ward import (
    Ward,
    all_entries,
    holes,
    json_lines,
    on_air,
    pumplog,
    run_ward,
    window_records,
)


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    return run_ward(tmp_path_factory.mktemp("disturbed"))


@pytest.fixture(scope="module")
def length(ward: Ward, tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many notifications and indications a pull is."""
    found = arrivals(ward, tmp_path_factory.mktemp("counted"))
    assert found > 50
    return found


@pytest.mark.parametrize(("kind", "seed"), [("kill", 1), ("drop", 2)])
def test_struck_at_twenty_places_a_pull_loses_nothing(
    ward: Ward, length: int, tmp_path: Path, kind: str, seed: int
) -> None:
    struck(kind, ward, length, tmp_path, 20, seed)


def test_killed_within_the_store_s_own_statements_a_pull_loses_nothing(
    ward: Ward, tmp_path: Path
) -> None:
    jobs = [die_at(statement) for statement in (2, 4, 7, 9, 12, 200, 1500, 2500)]
    in_two_rooms(ward, tmp_path, jobs)


@pytest.mark.parametrize("seed", [4, 5])
def test_a_twentieth_of_the_notifications_lost_changes_nothing(
    ward: Ward, tmp_path: Path, seed: int
) -> None:
    copy = ward.copy(tmp_path / "run")
    with on_air(copy) as air:
        lossy, quiet = copy.store(tmp_path / "lossy.db"), copy.store(tmp_path / "quiet.db")
        done = pumplog(lossy, "pull", "--all", "--json", PUMPLOG_AIR=air.address,
                       PUMPLOG_AIR_LOSS=f"0.05:{seed}")
        assert done.returncode == 0, done.stdout + done.stderr
        assert sum(line["repaired"] for line in json_lines(done)) > 0
        assert pumplog(quiet, "pull", "--all", PUMPLOG_AIR=air.address).returncode == 0
    assert window_records(lossy) == window_records(quiet) and not holes(lossy)
    assert all_entries(lossy) == all_entries(quiet)


def test_a_board_whose_power_goes_mid_pull_is_one_sentence_and_what_came_is_kept(
    ward: Ward, length: int, tmp_path: Path
) -> None:
    cut_power_at(ward, tmp_path, length // 2)


def test_with_json_a_pull_that_broke_says_so_too(ward: Ward, length: int, tmp_path: Path) -> None:
    copy = ward.copy(tmp_path / "run")
    db = copy.store(tmp_path / "json.db")
    with on_air(copy) as air:
        done = pumplog(db, "pull", PATIENT, "--json", PUMPLOG_AIR=air.address,
                       PUMPLOG_AIR_FAULT=f"drop@{length - 20}")
    (line,) = json_lines(done)
    assert done.returncode == 3 and line["outcome"] == "failed" and line["reason"]
    assert window_records(db)
