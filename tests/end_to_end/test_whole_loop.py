"""From pump pins to table: real firmware under real MicroPython, serial nurse, radio pull."""

from __future__ import annotations

import signal
import subprocess
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from helpers.air.cohort_checks import check_bounds, check_means, printed_table
from helpers.air.traces import sent_pages
from helpers.air.ward import (
    WINDOWS,
    Ward,
    all_entries,
    holes,
    json_lines,
    on_air,
    pull_images,
    pumplog,
    rows,
    run_ward,
    window_records,
)
from pumpwire import page
from pumpwire.units import PAGE_BYTES


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    return run_ward(tmp_path_factory.mktemp("whole"))


def test_scan_pull_status_and_table_agree_with_what_happened(ward: Ward, tmp_path: Path) -> None:
    copy = ward.copy(tmp_path / "run")
    db = copy.store(tmp_path / "a.db")
    with on_air(copy) as air:
        scan = json_lines(pumplog(db, "scan", "--json", PUMPLOG_AIR=air.address))
        assert [line["patient"] for line in scan] == ["P01", "P02"]
        done = pumplog(db, "pull", "--all", "--json", PUMPLOG_AIR=air.address)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(line["records"] > 2900 for line in json_lines(done))
    status = json_lines(pumplog(db, "status", "--json"))[0]
    assert status["patient"] == "P01" and status["stale"] is False
    check_means(db, ward.truth, WINDOWS)
    printed_table(db, WINDOWS)


def test_a_second_pull_moves_no_closed_page_again(ward: Ward, tmp_path: Path) -> None:
    copy = ward.copy(tmp_path / "run")
    db = copy.store(tmp_path / "a.db")
    traces = [tmp_path / "first.trace", tmp_path / "second.trace"]
    with on_air(copy) as air:
        pull = ("pull", "P01", "--json")
        assert pumplog(db, *pull, PUMPLOG_AIR=air.address,
                       PUMPLOG_AIR_TRACE=str(traces[0])).returncode == 0
        before, entries = window_records(db), all_entries(db)
        closed = {first for first, in rows(db, "SELECT first_seq FROM pages WHERE closed")}
        (again,) = json_lines(pumplog(db, *pull, PUMPLOG_AIR=air.address,
                                      PUMPLOG_AIR_TRACE=str(traces[1])))
    assert closed and closed <= {first for first, _ in sent_pages(traces[0])}
    late = {(first, offset) for first, offset in sent_pages(traces[1]) if first in closed}
    assert not late
    assert again["bytes"] < page.FOOTER_AT and again["records"] < 60
    assert window_records(db) == before and all_entries(db) == entries and not holes(db)


def test_a_board_that_runs_takes_the_same_time_from_every_pull(ward: Ward, tmp_path: Path) -> None:
    copy = ward.copy(tmp_path / "run")
    db = copy.store(tmp_path / "a.db")
    with on_air(copy) as air:
        for _ in range(3):
            (told,) = json_lines(pumplog(db, "pull", "P01", "--json", PUMPLOG_AIR=air.address))
            assert told["timed"] and not told["clocks_off"]
    found = json_lines(pumplog(db, "events", "P01", "--json"))
    boot = found[-1]["boot"]
    anchors = [one for one in found if one["kind"] == "anchor" and one["boot"] == boot]
    for one, other in pairwise(anchors):
        ran_ms = other["uptime_ms"] - one["uptime_ms"]
        passed_ms = (other["epoch_s"] - one["epoch_s"]) * 1000 + other["epoch_ms"] - one["epoch_ms"]
        assert abs(passed_ms - ran_ms) <= one["uncertainty_ms"] + other["uncertainty_ms"] + 200
    assert anchors


def test_an_absent_board_is_said_first(ward: Ward, tmp_path: Path) -> None:
    copy = ward.copy(tmp_path / "run")
    db = copy.store(tmp_path / "absent.db")
    with on_air(copy) as air:
        air.signal_boards(signal.SIGKILL)
        done = pumplog(db, "pull", "P01", PUMPLOG_AIR=air.address)
    assert done.returncode == 3 and done.stdout.startswith("NOT PULLED") and not done.stderr
    done = pumplog(db, "pull", "P01", PUMPLOG_AIR=air.address)
    assert done.returncode == 3 and done.stdout.startswith("NOT PULLED") and not done.stderr


def test_a_flash_image_gives_the_same_figures(ward: Ward, tmp_path: Path) -> None:
    db = ward.store(tmp_path / "image.db")
    pull_images(db, ward)
    check_means(db, ward.truth, WINDOWS)


def test_coarse_counts_print_bounds_that_hold_the_truth(tmp_path: Path) -> None:
    ward = run_ward(tmp_path, ul_per_count=Fraction(50))
    db = ward.store(tmp_path / "coarse.db")
    pull_images(db, ward)
    check_bounds(db, ward.truth, WINDOWS)


def damaged(ward: Ward, to: Path) -> tuple[Ward, int, int]:
    """Returns a ward with one bit turned in a closed page of P01, and that page's first and last seq."""
    copy = ward.copy(to)
    image = bytearray(copy.image("P01").read_bytes())
    firsts = sorted((int.from_bytes(image[at + 8 : at + 12], "little"), at)
                    for at in range(0, len(image), 4096)
                    if image[at : at + 2] == page.MAGIC and image[at + 12 : at + 14] == bytes(2))
    first, at = firsts[0]
    image[at + 2000] ^= 4
    copy.image("P01").write_bytes(image)
    return copy, first, firsts[1][0] - 1


def check_damage_shows(db: Path, quiet: Path, first: int, last: int,
                       done: subprocess.CompletedProcess[str]) -> None:
    """All good records are there, nothing but the bad page's end is missing, and it was said."""
    assert done.returncode == 4, done.stdout + done.stderr
    assert "quarantine" in done.stdout and done.stdout.count("\n") == 1 and not done.stderr
    good, held = window_records(quiet), window_records(db)
    missing = [record for record in good if record not in held]
    assert missing and set(held) < set(good)
    seqs = [record[1] for record in missing]
    assert first < seqs[0] and seqs == list(range(seqs[0], last + 1))
    assert len(rows(db, "SELECT reason FROM quarantine")) == 1


def test_a_page_that_does_not_verify_costs_nothing_but_itself(ward: Ward, tmp_path: Path) -> None:
    copy, first, last = damaged(ward, tmp_path / "run")
    db, quiet = copy.store(tmp_path / "bad.db"), ward.store(tmp_path / "quiet.db")
    pumplog(quiet, "pull", "P01", "--link", f"file:{ward.image('P01')}")
    for _ in range(2):
        done = pumplog(db, "pull", "P01", "--link", f"file:{copy.image('P01')}")
        check_damage_shows(db, quiet, first, last, done)


def test_a_board_with_a_bad_page_still_gives_the_rest(ward: Ward, tmp_path: Path) -> None:
    copy, first, last = damaged(ward, tmp_path / "run")
    db, quiet = copy.store(tmp_path / "bad.db"), ward.store(tmp_path / "quiet.db")
    pumplog(quiet, "pull", "P01", "--link", f"file:{ward.image('P01')}")
    with on_air(copy) as air:
        done = pumplog(db, "pull", "P01", PUMPLOG_AIR=air.address)
        check_damage_shows(db, quiet, first, last, done)
        pulls = [json_lines(pumplog(db, "pull", "P01", "--json", PUMPLOG_AIR=air.address))[0]
                 for _ in range(2)]
    for again in pulls:  # the bad page is asked for once more, alone: it may have been bad on its way
        assert again["outcome"] == "complete" and again["bad_pages"] == 1
        assert again["bytes"] < 2 * PAGE_BYTES
