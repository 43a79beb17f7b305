"""The cohort's table from records: worked examples E8 and E9, who is missing, what it covers."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from helpers.host.bedside import Bedside
from helpers.paths import VECTORS
from pumplog.cli import main
from pumplog.dose import Window
from pumplog.errors import UsageError
from pumplog.store import Store
from pumplog.study import KEYS, TIMEPOINTS, Table, cohort_doses, cohort_table
from pumplog.study.trace import FORMULAS

EXAMPLES = json.loads((VECTORS / "worked_examples.json").read_text())
HOUR, DAY = 3600, 86400
WINDOWS = {"baseline": Window(0, 1), "followup": Window(1, 1)}


def ward(store: Store, baseline: list[int], followup: list[int | None]) -> None:
    """One patient a board: so many boluses on the first day, so many on the second (None: the
    board was never pulled again)."""
    for k, (first, second) in enumerate(zip(baseline, followup, strict=True)):
        bed = Bedside(store, patient=f"P{k + 1:02}", board=f"B{k + 1:02}", log_id=100 + k, minute_s=1800)
        bed.bag(0, "0.40", "0.20")
        days = 1 if second is None else 2
        bed.infuse(0, days * DAY, "0.5")
        for day, n in ((0, first), (1, second or 0)):
            for i in range(n):
                bed.bolus(day * DAY + 1800 * (i + 1), "0.1")
                bed.add(day * DAY + 1800 * (i + 1), "demand", 0, 1, 0, 0)
        bed.add(HOUR, "demand", 0, 2, 1, 1)
        bed.write(days * DAY)


def row_of(table: Table, key: str) -> Any:
    return next(row for row in table.rows if row.key == key)


def test_e8_frequencies_from_records() -> None:
    store = Store.open(":memory:")
    baseline, followup = EXAMPLES["E8 freq baseline"], EXAMPLES["E8 freq followup"]
    ward(store, baseline["x"], followup["x"])
    row = row_of(cohort_table(store, WINDOWS, "available"), "pcia_per_day")
    for timepoint, example in (("baseline", baseline), ("followup", followup)):
        assert round(float(row.cells[timepoint].mean), 6) == example["mean"]
        assert round(float(row.cells[timepoint].se), 6) == example["se"]
    assert row.cells["followup"].mean == Fraction(81, 4)


def test_e9_paired_tests_from_records() -> None:
    store = Store.open(":memory:")
    ward(store, [3] * 12, [3 + d for d in range(1, 13)])
    row = row_of(cohort_table(store, WINDOWS, "available"), "pcia_per_day")
    example = EXAMPLES["E9 d=1..12"]
    assert row.tests.test == "paired t" and row.n_pairs == 12
    assert row.tests.p_paired_t == pytest.approx(example["p_t"], rel=1e-5)
    assert row.tests.p_wilcoxon == example["wilcoxon"]["p"]
    assert row.tests.shapiro_p == pytest.approx(example["shapiro_p"], abs=1e-6)


def test_missing_followups_are_paired_out_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db = tmp_path / "a.db"
    with Store.open(db) as store:
        ward(store, [3, 4, 5, 6], [4, 6, None, 9])
    arguments = ["table", "--db", str(db), "--baseline", "0+1", "--followup", "1+1"]
    assert main([*arguments, "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    rows = {row["key"]: row for row in table["rows"]}
    row = rows["pcia_per_day"]
    assert set(row) == {"key", "label", "unit", "n_pairs", "baseline", "followup", "test", "p",
                        "p_paired_t", "p_wilcoxon", "shapiro_p"}
    assert set(row["baseline"]) == {"n", "mean", "se", "values", "bounds", "doubtful"}
    assert (row["n_pairs"], row["baseline"]["n"], row["followup"]["n"]) == (3, 4, 3)
    assert row["baseline"]["mean"] == "4.5" and "P03" not in row["followup"]["values"]
    low, high = (Fraction(bound) for bound in row["baseline"]["bounds"])
    assert low <= Fraction("4.5") <= high
    assert table["excluded"] == [{"patient": "P03", "timepoint": "followup", "reason":
                                  "nothing observed in the followup window: pull the board, or unknown"}]
    cover = table["coverage"]["followup"]
    assert (cover["observed_days"], cover["running_days"], cover["unknown_days"]) == ("3", "3", "1")
    assert cover["patients"]["P03"]["unknown_days"] == "1"
    assert table["coverage"]["baseline"]["denied_lockout"] == 4
    assert table["coverage"]["baseline"]["presses"] == 22
    assert all(isinstance(line, str) for line in table["provenance"])
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "no followup value: P03" in printed
    assert "followup: 3.00 days observed, pump running 3.00, unknown 1.00" in printed
    assert "presses: asked 22, given 18, during lockout 4" in printed
    assert main([*arguments, "--json", "--cohort", "paired"]) == 0
    paired = json.loads(capsys.readouterr().out)["rows"][5]
    assert paired["baseline"]["n"] == paired["followup"]["n"] == 3


def test_one_patient_has_a_mean_and_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    db = tmp_path / "a.db"
    with Store.open(db) as store:
        ward(store, [3], [4])
    arguments = ["table", "--db", str(db), "--baseline", "0+1", "--followup", "1+1"]
    assert main([*arguments, "--json"]) == 0
    row = json.loads(capsys.readouterr().out)["rows"][5]
    assert row["baseline"]["mean"] == "3" and row["baseline"]["se"] is None
    assert row["p"] is None and "fewer than three" in row["test"]
    assert main(arguments) == 0
    assert "not tested" in capsys.readouterr().out


def test_same_difference_in_everyone_is_ranked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db = tmp_path / "a.db"
    with Store.open(db) as store:
        ward(store, [3, 4, 5, 6], [5, 6, 7, 8])
    arguments = ["table", "--db", str(db), "--baseline", "0+1", "--followup", "1+1"]
    assert main([*arguments, "--json"]) == 0
    row = json.loads(capsys.readouterr().out)["rows"][5]
    assert row["p"] == row["p_wilcoxon"] == "0.125" and row["p_paired_t"] is None
    assert row["test"] == "Wilcoxon signed-rank, exact" and row["shapiro_p"] is None
    assert main(arguments) == 0
    assert "paired t not possible, Wilcoxon 0.12" in capsys.readouterr().out


def test_doses_say_what_they_cover(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    db = tmp_path / "a.db"
    with Store.open(db) as store:
        ward(store, [3], [None])
    arguments = ["doses", "P01", "--window", "0+2", "--db", str(db)]
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["observed_s"], told["running_s"], told["unknown_s"]) == ("86400", "86400", "86400")
    assert (told["presses"], told["given"], told["denied_lockout"], told["unresolved"]) == (4, 3, 1, 0)
    assert told["rate_wall_ml_h"]["value"] == told["rate_last_ml_h"]["value"] == "0.5"
    assert told["mean_with_boluses_ml_h"]["value"] == "0.5125" and told["notes"] == []
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "observed 1 days, pump running 1, unknown 1" in printed
    assert "asked 4, given 3, during lockout 1" in printed and "rate_last_ml_h" in printed


@pytest.mark.parametrize("text", ["0+999999999999", "0+0", "-1+3", "1+", "٣+٣", "1.5+2"])
def test_windows_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match="is not a window"):
        Window.parse(text, "--baseline")


def test_all_timepoints_are_covered() -> None:
    assert tuple(WINDOWS) == TIMEPOINTS


def test_each_row_of_the_table_has_its_figure_and_its_formula() -> None:
    with Store.open(":memory:") as store:
        ward(store, [1], [1])
        doses = cohort_doses(store, WINDOWS)["P01"].doses["baseline"]
    assert KEYS == tuple(doses.per_day()) == tuple(FORMULAS)


def test_a_table_says_which_logs_are_not_proven(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db = tmp_path / "a.db"
    with Store.open(db) as store:
        ward(store, [3, 4], [5, 6])
        store.database.connection.execute("DELETE FROM attestations")
        store.commit()
    arguments = ["table", "--db", str(db), "--baseline", "0+1", "--followup", "1+1"]
    assert main(arguments) == 0
    (partly,) = [line for line in capsys.readouterr().out.splitlines() if "verify" in line]
    assert "not all proven yet; pumplog verify says what." in partly and "NOT AS" not in partly
    with Store.open(db) as store:
        store.database.connection.execute(
            "UPDATE records SET fields=json_set(fields, '$.counts', 7) WHERE kind='minute' AND seq=20")
        store.commit()
    assert main([*arguments, "--json"]) == 0
    told = [line for line in json.loads(capsys.readouterr().out)["provenance"] if "verify" in line]
    assert any("NOT AS THE BOARD WROTE IT" in line for line in told)
