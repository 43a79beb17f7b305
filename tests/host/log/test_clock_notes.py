"""A pull tells whose clock was minutes off, by whom, and what to do; and nothing where clocks agree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.folded import unfolded
from helpers.host.clock_truth import HOUR_MS, T0_MS
from helpers.host.made_log import LOG_ID, store_with_board
from helpers.on_board.page_maker import PageMaker
from pumplog import host
from pumplog.cli import main
from pumpwire import records
from pumpwire.units import EPOCH_2020_S, TICK_MS

ME, CHIP = 1000, 0
FAST_MS = 24 * 60_000
Visit = tuple[int, int, int]  # uptime in h, host, ahead in ms


@pytest.fixture
def pull(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """pull(visits...): pulls a board whose boot heard these; boots before it may be given."""
    monkeypatch.setattr(host, "host_id", lambda: ME)
    db, image = tmp_path / "a.db", tmp_path / "log.flash"
    with store_with_board(path=str(db)) as store:
        store.commit()

    def pulled(*visits: Visit, before: tuple[Visit, ...] = (), words: tuple[str, ...] = ()) -> str:
        made = PageMaker(LOG_ID, 0, 1)
        for of in filter(None, (before, visits)):
            if made.count:
                made.put(records.BOOT, 0, (2, 1, 100))
            for hour, host_id, ahead_ms in of:
                utc_ms = T0_MS + (hour + (20 if of is visits and before else 0)) * HOUR_MS + ahead_ms
                made.put(records.ANCHOR, hour * HOUR_MS // TICK_MS, (
                    utc_ms // 1000 - EPOCH_2020_S, utc_ms % 1000, 60, host_id, 1))
        image.write_bytes(bytes(made.data).ljust(4096, b"\xff"))
        assert main(["pull", "B01", "--db", str(db), "--link", f"file:{image}", *words]) == 0
        return capsys.readouterr().out

    return pulled


def clocks(text: str) -> list[str]:
    return [line.strip() for line in unfolded(text).splitlines() if "CLOCK" in line]


def test_this_laptop_is_told_that_it_is_off(pull) -> None:
    (line,) = clocks(pull((1, 2, 0), (2, 3, 0), (3, ME, FAST_MS)))
    assert line.startswith("CLOCK  this laptop was 24 min fast at ")
    assert ", by laptop 2, laptop 3: check the clock of this laptop, set it right and pull" in line
    assert line.endswith("times around that visit are held as uncertain by 24 min")


def test_an_earlier_laptop_is_named_to_the_one_that_pulls(pull) -> None:
    (line,) = clocks(pull((1, 2, -FAST_MS), (2, ME, 0), (3, 3, 0)))
    assert line.startswith("CLOCK  laptop 2 was 24 min slow at ")
    assert ", by laptop 3, this laptop: check the clock of laptop 2, " in line


def test_of_two_that_differ_nobody_knows_which_is_wrong(pull) -> None:
    (line,) = clocks(pull((1, 2, 0), (2, ME, FAST_MS)))
    assert "this laptop was 24 min fast" in line
    assert "by laptop 2: nobody knows which clock is wrong, check both" in line


def test_the_boards_own_clock_is_evidence(pull) -> None:
    (line,) = clocks(pull((0, CHIP, 0), (1, 2, 0), (2, ME, 2 * FAST_MS)))
    assert "by the board's clock chip, laptop 2: check the clock of this laptop" in line


def test_the_boards_own_clock_is_told_of_itself(pull) -> None:
    (line,) = clocks(pull((0, CHIP, FAST_MS), (1, 2, 0), (2, ME, 0)))
    assert "the board's clock chip was 24 min fast" in line and "have the chip set" in line


def test_a_laptop_that_contradicts_the_order_of_boots(pull) -> None:
    """A visit to the boot before said a later time than this boot's visit does."""
    (line,) = clocks(pull((1, 2, 0), before=((1, 3, 0), (2, 4, 0), (10, ME, 24 * HOUR_MS))))
    assert "this laptop was 24 h 0 min fast" in line


def test_it_is_news_once_and_again_while_it_is_the_last_word(pull) -> None:
    visits = ((1, 2, 0), (2, 3, 0), (3, ME, FAST_MS))
    assert clocks(pull(*visits)) and clocks(pull(*visits))
    assert not clocks(pull(*visits, (4, ME, 0)))


def test_for_a_program(pull) -> None:
    line = json.loads(pull((1, 2, 0), (2, 3, 0), (3, ME, FAST_MS), words=("--json",)))
    (clock,) = line["clocks_off"]
    assert abs(clock["ahead_ms"] - FAST_MS) <= 1 and clock["against_host_ids"] == [2, 3]
    assert clock["this_laptop"] and not clock["own_clock"] and clock["host_id"] == ME
    assert clock["utc"].startswith("2026-01-05T11:00:0") and clock["utc_uncertainty_ms"] >= FAST_MS


@pytest.mark.parametrize("ahead_ms", [0, 59_000, -59_000])
def test_clocks_that_agree_within_a_minute_are_nothing_to_tell(pull, ahead_ms: int) -> None:
    assert not clocks(pull((1, 2, 0), (2, 3, 0), (3, ME, ahead_ms)))


def test_for_a_program_there_is_nothing_either(pull) -> None:
    assert json.loads(pull((1, 2, 0), words=("--json",)))["clocks_off"] == []
