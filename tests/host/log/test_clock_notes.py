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
SYNCED, NOT_SYNCED, NOT_KNOWN = records.SYNCED, records.NOT_SYNCED, records.SYNC_NOT_KNOWN
Visit = tuple[int, ...]  # uptime in h, host, ahead in ms, whether its clock is kept


@pytest.fixture
def pull(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """pull(visits...): pulls a board whose boot heard these; boots before it may be given."""
    monkeypatch.setattr(host, "host_id", lambda: ME)
    db, image = tmp_path / "a.db", tmp_path / "log.flash"
    with store_with_board(path=str(db)) as store:
        store.commit()

    def pulled(*visits: Visit, before: tuple[Visit, ...] = (), words: tuple[str, ...] = (),
               reset_h: int = 0) -> str:
        """reset_h: a quick reset parts the boots, so many hours after the first began; 0: 20 h do, and
        nobody knows how long the board stood."""
        made = PageMaker(LOG_ID, 0, 1)
        for of in filter(None, (before, visits)):
            if made.count:
                made.put(records.BOOT, 0, (2, 1, 100))
                if reset_h:
                    made.put(records.RESUMED, 0, (1, reset_h * 3600, 0, 0, 0, 0, 25_000))
            for hour, host_id, ahead_ms, *synced in of:
                utc_ms = T0_MS + hour * HOUR_MS + ahead_ms
                utc_ms += (reset_h or 20) * HOUR_MS if of is visits and before else 0
                made.put(records.ANCHOR, hour * HOUR_MS // TICK_MS, (
                    utc_ms // 1000 - EPOCH_2020_S, utc_ms % 1000, 60, host_id,
                    *(synced or (SYNCED,))))
        image.write_bytes(bytes(made.data).ljust(4096, b"\xff"))
        # 1: nothing proves that the image is the board's
        assert main(["pull", "B01", "--db", str(db), "--link", f"file:{image}", *words]) == 1
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


@pytest.mark.parametrize("fast_first", [True, False])
@pytest.mark.parametrize("ahead_ms", [FAST_MS, -40 * 24 * HOUR_MS])
@pytest.mark.parametrize("first, second", [(ME, ME), (2, ME), (ME, 2), (2, 2), (CHIP, ME)])
def test_two_visits_that_differ_are_told_at_the_second_whichever_was_right(
    first: int, second: int, ahead_ms: int, fast_first: bool, pull
) -> None:
    visits = [(1, first, ahead_ms if fast_first else 0), (2, second, 0 if fast_first else ahead_ms)]
    assert not clocks(pull(visits[0]))
    (line,) = clocks(pull(*visits))
    for host_id in {first, second}:
        assert {ME: "this laptop", 2: "laptop 2", CHIP: "the board's clock chip"}[host_id] in line
    assert ("fast" in line and "slow" in line) == (first == second)


def test_of_a_laptop_that_contradicts_itself_both_visits_are_named(pull) -> None:
    pull((1, ME, HOUR_MS))
    (line,) = clocks(pull((1, ME, HOUR_MS), (2, ME, 0)))
    assert line.startswith("CLOCK  this laptop was 1 h 0 min ")
    assert ": nobody knows which, check its clock, set it right and pull with it again; " in line
    third = ((1, ME, HOUR_MS), (2, ME, 0), (3, ME, 0))
    (line,) = clocks(pull(*third))  # two against one now
    assert line.startswith("CLOCK  this laptop was 1 h 0 min fast at ")
    assert not clocks(pull(*third, (4, ME, 0)))


@pytest.mark.parametrize("first, second", [(ME, 2), (2, ME), (ME, ME), (2, 3)])
@pytest.mark.parametrize("ahead_ms, behind_ms", [(24 * HOUR_MS, 0), (0, -24 * HOUR_MS)])
def test_visits_of_two_boots_that_differ_are_told_with_both_names(
    ahead_ms: int, behind_ms: int, first: int, second: int, pull
) -> None:
    before = ((10, first, ahead_ms),)
    assert not clocks(pull(*before))
    (line,) = clocks(pull((1, second, behind_ms), before=before))
    for host_id in {first, second}:
        assert "this laptop" if host_id == ME else f"laptop {host_id}" in line
    assert "nobody knows which" in line


@pytest.mark.parametrize("first, second", [(ME, 2), (2, ME), (ME, ME), (2, 3)])
@pytest.mark.parametrize("early_ms, late_ms", [(0, 3 * HOUR_MS), (-2 * 60_000, 0)])
def test_visits_that_make_a_quick_reset_too_long_are_told_with_both_names(
    early_ms: int, late_ms: int, first: int, second: int, pull
) -> None:
    """The timeline gives up on the reset; but a clock may have been wrong."""
    before = ((2, first, early_ms),)
    assert not clocks(pull(*before))
    after = (1, second, late_ms)
    (line,) = clocks(pull(after, before=before, reset_h=4))
    for host_id in {first, second}:
        assert "this laptop" if host_id == ME else f"laptop {host_id}" in line
    assert "nobody knows which" in line and "or the board's restart between them took so long" in line
    assert not clocks(pull(after, (2, second, late_ms), before=before, reset_h=4))


def test_visits_around_a_reset_that_was_as_quick_as_it_says_are_nothing_to_tell(pull) -> None:
    assert not clocks(pull((1, 2, 0), before=((2, ME, 30_000),), reset_h=4))


KEPT = (SYNCED, NOT_KNOWN, NOT_SYNCED)


@pytest.mark.parametrize("kept", KEPT)
@pytest.mark.parametrize("others", KEPT)
@pytest.mark.parametrize("ahead_ms", [3 * HOUR_MS, -2 * 60_000])
def test_a_laptop_that_moves_anothers_visits_is_told_of_whoever_is_right(
    ahead_ms: int, others: int, kept: int, pull
) -> None:
    right = ((1, 2, 0, others), (12, 2, 0, others))
    assert not clocks(pull(*right))
    (line,) = clocks(pull(*right, (24, ME, ahead_ms, kept)))
    assert "this laptop" in line and "laptop 2" in line
    assert "nobody knows which clock is wrong, check both" in line
    assert line.startswith("CLOCK  laptop 2 was") == (KEPT.index(kept) < KEPT.index(others))


def test_what_was_told_is_not_told_again_and_what_turned_is(pull) -> None:
    visits = ((1, 2, 0, NOT_KNOWN), (12, 2, 0, NOT_KNOWN), (24, 3, 3 * HOUR_MS, SYNCED))
    (line,) = clocks(pull(*visits))
    assert line.startswith("CLOCK  laptop 2 was 3 h 0 min slow")
    later = (*visits, (30, 3, 3 * HOUR_MS, SYNCED))
    assert not clocks(pull(*later))
    turned = (*later, *((hour, host_id, 0, SYNCED) for hour, host_id in ((36, 4), (37, 5), (38, 6))))
    (line,) = clocks(pull(*turned))
    assert line.startswith("CLOCK  laptop 3 was 3 h 0 min fast")


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
