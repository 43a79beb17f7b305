"""The certificate: its figures, what it says of a board outside its limit, and when it is due."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

import certificate  # noqa: E402

RUNS = [(400, 10.0), (400, 10.1), (400, 9.9)]


def test_the_volume_a_count_is_the_mean_of_the_runs() -> None:
    result = certificate.work_out(RUNS, 1.0, 0.0)
    assert result.ul_per_count == pytest.approx(25.0)
    assert result.spread_percent == pytest.approx(2.0)


def test_a_denser_fluid_is_less_volume() -> None:
    heavy = certificate.work_out(RUNS, 1.25, 0.0)
    assert heavy.ul_per_count == pytest.approx(20.0)


def test_few_counts_and_a_poor_balance_widen_the_uncertainty() -> None:
    good = certificate.work_out([(4000, 10.0)] * 3, 1.0, 0.0).standard_percent
    few = certificate.work_out([(4, 10.0)] * 3, 1.0, 0.0).standard_percent
    poor = certificate.work_out([(4000, 10.0)] * 3, 1.0, 0.1).standard_percent
    assert few == pytest.approx(100 / 4 / 3)
    assert poor == pytest.approx(1.0, abs=0.001) and good < 0.01


def test_two_runs_or_an_empty_one_are_refused() -> None:
    with pytest.raises(ValueError, match="three runs"):
        certificate.work_out(RUNS[:2], 1.0, 0.0)
    with pytest.raises(ValueError, match="every run"):
        certificate.work_out([*RUNS, (0, 1.0)], 1.0, 0.0)


def test_a_board_outside_its_limit_is_told_and_the_due_date_stands_there() -> None:
    result = certificate.work_out(RUNS, 1.0, 0.0)
    day = datetime.date(2026, 11, 30)
    page = certificate.text("B01", "CADD 7", 24.0, RUNS, result, 2.0, day, 3, 1.0)
    assert "24 uL a count, -4.00 % of what was collected: OUTSIDE the limit of 2 %" in page
    assert "Due again by **2027-02-28**" in page and "As left:** 25 uL a count" in page


def test_a_first_calibration_has_no_error_as_found() -> None:
    result = certificate.work_out(RUNS, 1.0, 0.0)
    page = certificate.text("B01", "CADD 7", 0, RUNS, result, 2.0, datetime.date(2026, 1, 5), 12, 1.0)
    assert "As found:** not calibrated before" in page and "2027-01-05" in page


@pytest.mark.parametrize(("changed", "said"), [
    (["--as-found", "24uL"], "needs a volume with its unit"),
    (["--as-found", "much uL"], "needs a volume with its unit"),
    (["--as-found", "-1 uL"], "needs a volume with its unit"),
    (["--density", "0"], "--density"), (["--density", "nan"], "--density"),
    (["--run", "412:nan"], "--run"), (["--run", "412"], "COUNTS:GRAMS"),
    (["--run", "4:-1"], "every run"),
    (["--months", "0"], "--months"), (["--limit-percent", "0"], "--limit-percent"),
    (["--balance-g", "-1"], "--balance-g"),
])
def test_what_makes_no_certificate_is_one_sentence(
        changed: list[str], said: str, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str]) -> None:
    sound = ["--board", "B01", "--pump", "P", *(["--run", "412:10.02"] * 3)]
    monkeypatch.setattr(sys, "argv", ["certificate.py", *sound, *changed])
    with pytest.raises(SystemExit) as ended:
        certificate.main()
    shown = capsys.readouterr()
    assert ended.value.code == 2 and shown.out == ""
    assert said in shown.err.splitlines()[-1]


def test_runs_that_scatter_are_not_to_be_signed(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    words = "certificate.py --board B01 --pump P --run 400:10 --run 400:10.1 --run 400:11 --as-found"
    monkeypatch.setattr(sys, "argv", [*words.split(), "24 uL"])
    assert certificate.main() == 1
    shown = capsys.readouterr()
    assert "find out why before signing" in shown.err and "As found:** 24 uL" in shown.out
