"""A stay that was entered by a clock that ran ahead can be ended, and holds up nobody after it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from helpers.folded import unfolded
from helpers.host.made_log import board
from pumplog import host
from pumplog.cli import main
from pumplog.errors import UsageError
from pumplog.moments import EARLIEST_MS, LATEST_MS
from pumplog.patients import episodes, stays
from pumplog.patients.entering import Authorship
from pumplog.patients.episodes import contests
from pumplog.store import Store

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NOW_MS = 1_796_061_600_000
BY = Authorship("AB")


class Ward:
    """A store, and this computer's clock."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path, self.now_ms = path, NOW_MS
        monkeypatch.setattr(host, "utc_now_ms", lambda: self.now_ms)
        with Store.open(path) as store:
            for name in ("B01", "B02"):
                store.add_board(board(name.encode() * 10 + b"xx", name))
            store.commit()

    def patient(self, *words: str) -> int:
        return main(["patient", *words, "--initials", "AB", "--db", str(self.path)])


@pytest.fixture
def ward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ward:
    return Ward(tmp_path / "a.db", monkeypatch)


@pytest.mark.parametrize("leaving", ["end", "withdraw"])
@pytest.mark.parametrize("ahead_ms", [60_000, 3 * HOUR_MS, 1024 * 7 * DAY_MS])  # GPS's weeks
def test_a_stay_that_begins_ahead_is_asked_about_and_ended(
    ward: Ward, capsys: pytest.CaptureFixture[str], ahead_ms: int, leaving: str
) -> None:
    ward.now_ms += ahead_ms
    assert ward.patient("start", "P09", "--board", "B02", "--bed", "2") == 0
    ward.now_ms -= ahead_ms
    capsys.readouterr()
    assert ward.patient(leaving, "P09") == 2
    told = unfolded(capsys.readouterr().err)
    assert "begins" in told and "ahead of this computer's clock" in told and "--confirm" in told
    assert ward.patient(leaving, "P09", "--confirm") == 0
    assert ward.patient("start", "P10", "--board", "B02", "--bed", "2") == 0
    with Store.open(ward.path) as store:
        known = episodes(store)
        (stay,) = known["P09"].stays
        assert known["P09"].ended and stay.end_ms - stay.begin_ms <= 1000 and contests(known) == {}
        assert known["P10"].stays[0].begin_ms == NOW_MS


def test_an_ago_before_the_stay_began_is_still_refused(
    ward: Ward, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ward.patient("start", "P09", "--board", "B02") == 0
    ward.now_ms += HOUR_MS
    for more in ([], ["--confirm"]):
        assert ward.patient("end", "P09", "--ago", "2 h", *more) == 2
        assert "that is before this stay began" in unfolded(capsys.readouterr().err)


def test_a_stay_that_begins_ahead_is_moved_by_no_clock(
    ward: Ward, capsys: pytest.CaptureFixture[str]
) -> None:
    ward.now_ms += DAY_MS
    assert ward.patient("start", "P09", "--board", "B02") == 0
    ward.now_ms -= DAY_MS
    for more in ([], ["--confirm"]):
        assert ward.patient("move", "P09", "--board", "B01", *more) == 2
        assert "ahead of this computer's clock" in unfolded(capsys.readouterr().err)


def test_whatever_clocks_said_every_board_can_be_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(40):
        dice = random.Random(seed)
        now_ms = [0]
        monkeypatch.setattr(host, "utc_now_ms", lambda now_ms=now_ms: now_ms[0])
        with Store.open(":memory:") as store:
            for name in ("B01", "B02"):
                store.add_board(board(name.encode() * 10 + b"xx", name))
            for _ in range(12):
                now_ms[0] = dice.choice((NOW_MS, dice.randrange(EARLIEST_MS, LATEST_MS)))
                going_on = [each for each in episodes(store).values() if not each.ended]
                try:
                    if going_on and dice.random() < 0.5:
                        new = stays.move_stay(store, dice.choice(going_on).patient,
                                              dice.choice(("B01", "B02")), None, BY)
                    else:
                        new = stays.start_stay(store, None, dice.choice(("B01", "B02")), None, BY)
                except UsageError:
                    continue
                store.entries.add(new.entry)
            now_ms[0] = NOW_MS
            for each in episodes(store).values():
                if not each.ended:
                    store.entries.add(stays.leave(store, each.patient, "end", BY).entry)
            assert all(each.ended for each in episodes(store).values()), seed
            for name in ("B01", "B02"):
                stays.start_stay(store, None, name, None, BY)


def prescribed(ward: Ward, rate: str, bolus: str = "0.5 mL") -> bool:
    return main(["regimen", "set", "P09", "--rate", rate, "--bolus", bolus, "--lockout", "9 min",
                 "--initials", "AB", "--db", str(ward.path)]) == 0


@pytest.mark.parametrize("ahead_ms", [2 * HOUR_MS, 3 * DAY_MS, 1024 * 7 * DAY_MS])
def test_a_prescription_dated_ahead_does_not_outlast_the_next(
    ward: Ward, capsys: pytest.CaptureFixture[str], ahead_ms: int
) -> None:
    assert ward.patient("start", "P09", "--board", "B02") == 0
    ward.now_ms += ahead_ms
    assert prescribed(ward, "0.9 mL/h")
    ward.now_ms -= ahead_ms
    capsys.readouterr()
    assert main(["regimen", "show", "P09", "--db", str(ward.path)]) == 0
    told = unfolded(capsys.readouterr().out)
    assert "0.9 mL/h" in told and "ahead of this computer's clock" in told  # there is no other
    assert prescribed(ward, "0.8 mL/h", "0.4 mL")
    ward.now_ms += HOUR_MS // 2
    capsys.readouterr()
    assert main(["regimen", "show", "P09", "--db", str(ward.path)]) == 0
    assert "0.8 mL/h" in unfolded(capsys.readouterr().out)


def test_two_clocks_that_differ_a_little_show_the_newest_prescription(
    ward: Ward, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ward.patient("start", "P09", "--board", "B02") == 0
    for rate, ahead_ms in (("0.9 mL/h", 0), ("0.8 mL/h", 5 * 60_000)):
        ward.now_ms += ahead_ms
        assert prescribed(ward, rate)
        ward.now_ms -= ahead_ms
    capsys.readouterr()
    assert main(["regimen", "show", "P09", "--db", str(ward.path)]) == 0
    assert "0.8 mL/h" in unfolded(capsys.readouterr().out)


def test_a_bed_dated_ahead_is_told_and_the_stay_ends_for_good(
    ward: Ward, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ward.patient("start", "P09", "--board", "B02", "--bed", "1") == 0
    ward.now_ms += DAY_MS
    assert ward.patient("move", "P09", "--bed", "7") == 0
    ward.now_ms -= DAY_MS // 2
    capsys.readouterr()
    assert ward.patient("move", "P09", "--bed", "8") == 2
    assert "the last move is dated" in unfolded(capsys.readouterr().err)
    assert ward.patient("end", "P09") == 0
    with Store.open(ward.path) as store:
        assert episodes(store)["P09"].ended
    assert ward.patient("start", "P10", "--board", "B02", "--bed", "7") == 0
