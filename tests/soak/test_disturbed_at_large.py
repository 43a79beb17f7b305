"""Pulls over the air, struck everywhere: more places than `make test` has time for."""

from __future__ import annotations

import random
import signal
import subprocess
from pathlib import Path

import pytest
from helpers.air.disturbing import PATIENT, arrivals, cut_power_at, die_at, in_two_rooms, struck
from helpers.air.ward import (
    TIMEOUT_S,
    Ward,
    command,
    environment,
    holes,
    on_air,
    pumplog,
    run_ward,
    window_records,
)
from helpers.folded import unfolded
from helpers.scale import scaled


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    return run_ward(tmp_path_factory.mktemp("disturbed"), seed=21)


@pytest.fixture(scope="module")
def length(ward: Ward, tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many notifications and indications a pull is."""
    return arrivals(ward, tmp_path_factory.mktemp("counted"))


@pytest.mark.parametrize("kind", ["kill", "drop"])
def test_struck_at_many_places_a_pull_loses_nothing(
    ward: Ward, length: int, tmp_path: Path, kind: str
) -> None:
    struck(kind, ward, length, tmp_path, scaled(40, 150), seed=3)


def test_killed_within_many_of_the_store_s_statements_a_pull_loses_nothing(
    ward: Ward, tmp_path: Path
) -> None:
    places = random.Random(5).sample(range(1, 3000), scaled(16, 100))
    in_two_rooms(ward, tmp_path, [die_at(place) for place in places])


def test_at_any_loss_a_pull_ends_with_the_same_records(ward: Ward, tmp_path: Path) -> None:
    copy = ward.copy(tmp_path / "run")
    quiet = copy.store(tmp_path / "quiet.db")
    with on_air(copy) as air:
        assert pumplog(quiet, "pull", PATIENT, PUMPLOG_AIR=air.address).returncode == 0
        for seed in range(scaled(8, 40)):
            loss = f"{(0.01, 0.05, 0.1, 0.2)[seed % 4]}:{seed}"
            lossy = copy.store(tmp_path / f"lossy{seed}.db")
            done = pumplog(lossy, "pull", PATIENT, PUMPLOG_AIR=air.address, PUMPLOG_AIR_LOSS=loss)
            assert done.returncode == 0, f"{loss}: {done}"
            assert window_records(lossy) == window_records(quiet) and not holes(lossy), loss


def test_the_board_s_power_goes_at_many_places(ward: Ward, length: int, tmp_path: Path) -> None:
    n = scaled(4, 20)
    for k in range(n):
        folder = tmp_path / f"cut{k}"
        folder.mkdir()
        cut_power_at(ward, folder, 40 + k * (length - 60) // n)


def test_a_board_that_hangs_mid_pull_is_one_sentence(ward: Ward, length: int, tmp_path: Path) -> None:
    copy = ward.copy(tmp_path / "run")
    db = copy.store(tmp_path / "hung.db")
    with on_air(copy) as air:
        pull = subprocess.Popen(
            command(db, "pull", PATIENT), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment(db, PUMPLOG_AIR=air.address, PUMPLOG_AIR_FAULT=f"stop@{length // 3}"))
        try:
            while "T (stopped)" not in Path(f"/proc/{pull.pid}/status").read_text():
                assert pull.poll() is None
            air.signal_boards(signal.SIGSTOP)
            pull.send_signal(signal.SIGCONT)
            said, wrong = pull.communicate(timeout=TIMEOUT_S)
        finally:
            air.signal_boards(signal.SIGCONT)
        said = unfolded(said)
        assert pull.returncode == 3 and said.startswith("NOT PULLED") and said.count("\n") == 1
        assert not wrong and window_records(db)
        assert pumplog(db, "pull", PATIENT, PUMPLOG_AIR=air.address).returncode == 0
    assert len(window_records(db)) > 2900 and not holes(db)
