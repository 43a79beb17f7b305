"""Statistics and print: all 24 published cells, both ways, and the examples."""

from __future__ import annotations

import csv
import json
import locale
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from helpers.paths import ROOT, VECTORS
from pumplog.cli import main
from pumplog.errors import NotFoundError, UsageError
from pumplog.quantities import decimal
from pumplog.study import stats
from pumplog.study.digits import digits_of
from pumplog.study.table import KEYS, TIMEPOINTS, Value, build_table
from pumplog.study.values_csv import read_published, read_values

EXAMPLES = json.loads((VECTORS / "worked_examples.json").read_text())
REGIMENS = ROOT / "host_tools" / "pumpbench" / "cohort_data" / "regimens.csv"
PUBLISHED = ROOT / "host_tools" / "pumplog" / "data" / "published_table4.csv"


@pytest.fixture
def values_csv(tmp_path: Path) -> Path:
    """The exact per-patient values of the cohort, as fractions."""
    path = tmp_path / "values.csv"
    with REGIMENS.open() as source, path.open("w") as out:
        out.write("patient,timepoint,key,value\n")
        for row in csv.DictReader(source):
            per_day = Fraction(row["pcia_delivered_total"]) / int(row["window_days"])
            pcia_ml = per_day * Fraction(row["bolus_mL"])
            total_ml = 24 * Fraction(row["rate_mL_h"]) + pcia_ml
            strength = {drug: Fraction(row[f"{drug}_mg_per_250mL"]) / 250
                        for drug in ("morphine", "bupivacaine")}
            found = {"morphine_mg_day": total_ml * strength["morphine"],
                     "bupivacaine_mg_day": total_ml * strength["bupivacaine"],
                     "pcia_morphine_mg_day": pcia_ml * strength["morphine"],
                     "pcia_bupivacaine_mg_day": pcia_ml * strength["bupivacaine"],
                     "rate_ml_h": Fraction(row["rate_mL_h"]), "pcia_per_day": per_day}
            for key, value in found.items():
                out.write(f"{row['patient']},{row['timepoint']},{key},{value}\n")
    return path


@pytest.mark.parametrize("mode", ["truncate", "half-up"])
def test_all_published_cells_print(
    mode: str, values_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["table", "--values", str(values_csv), "--print", mode]) == 0
    printed = capsys.readouterr().out.splitlines()
    with PUBLISHED.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    for row in rows:
        want = "".join(f"{row[t + '_mean']} ± {row[t + '_se']}" for t in TIMEPOINTS)
        assert any(want in "".join(line.split("  ")).replace("  ", "") or
                   all(f"{row[t + '_mean']} ± {row[t + '_se']}" in line for t in TIMEPOINTS)
                   for line in printed), row["row"]


def test_json_has_the_contract_and_the_p_values(
    values_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["table", "--json", "--values", str(values_csv)]) == 0
    table = json.loads(capsys.readouterr().out)
    assert set(table) == {"rows", "coverage", "excluded", "provenance"}
    assert [row["key"] for row in table["rows"]] == list(KEYS)
    filled = [row for row in table["rows"] if row["baseline"]["n"]]  # those of the file
    assert [row["baseline"]["mean"][:7] for row in filled] == [
        "1.85356", "0.94203", "0.65116", "0.33403", "0.11166", "13.0833"]
    wanted = [3.8e-5, 2.0e-6, 6.6e-5, 3.9e-7, 1.7e-9, 1.1e-6]
    shapiro = [0.231, 0.061, 0.740, 0.068, 0.094, 0.407]
    for row, p, w in zip(filled, wanted, shapiro, strict=True):
        assert float(row["p_paired_t"]) == pytest.approx(p, rel=0.03)
        assert row["p_wilcoxon"] == "0.000488281" and row["n_pairs"] == 12
        assert float(row["shapiro_p"]) == pytest.approx(w, abs=6e-4)


@pytest.mark.parametrize("name", ["E8 freq baseline", "E8 freq followup"])
def test_e8_frequencies(name: str) -> None:
    example = EXAMPLES[name]
    values = [Fraction(x) for x in example["x"]]
    assert round(float(stats.mean(values)), 6) == example["mean"]
    assert round(float(stats.root(stats.variance(values))), 6) == example["sd"]
    assert round(float(stats.standard_error(values)), 6) == example["se"]


def test_e9_paired_tests() -> None:
    example = EXAMPLES["E9 d=1..12"]
    found = stats.paired([Fraction(d) for d in range(1, 13)])
    assert found.p_paired_t == pytest.approx(example["p_t"], rel=1e-5)
    assert found.p_wilcoxon == example["wilcoxon"]["p"]
    assert found.shapiro_p == pytest.approx(example["shapiro_p"], abs=1e-6)
    assert found.test == "paired t"


def test_wilcoxon_mid_ranks_and_zeros() -> None:
    # d = 1, 1, -2, 3, 0: ranks 1.5, 1.5, -3, 4; 16 sign patterns, W- = 3: 5 are as small
    assert stats.wilcoxon_p([Fraction(d) for d in (1, 1, -2, 3, 0)]) == pytest.approx(10 / 16)
    assert stats.wilcoxon_p([Fraction(0)]) is None


@pytest.mark.parametrize("text, says", [
    ("patient,timepoint,key\n", "no column value"),
    ("patient,timepoint,key,value\nP1,baseline,rate_ml_h,-1\n", "line 2"),
    ("patient,timepoint,key,value\nP1,baseline,rate_ml_h,\"0,5\"\n", "not a number"),
    ("patient,timepoint,key,value\nP1,sometime,rate_ml_h,1\n", "not among baseline"),
    ("patient,timepoint,key,value\nP1,baseline,speed,1\n", "not among morphine_mg_day"),
    ("patient,timepoint,key,value\nP1,baseline,rate_ml_h,1\nP1,baseline,rate_ml_h,2\n", "second"),
    ("patient,timepoint,key,value\n", "no values"),
    ("patient,timepoint,key,value\nP1,baseline,rate_ml_h,0.25/3\n", "not a number"),
    ("patient,timepoint,key,value\nP1,baseline,rate_ml_h,1/0\n", "not a number"),
    ("patient,timepoint,key,value\nP1,baseline,rate_ml_h,1e3\n", "not a number"),
    ("patient,timepoint,key,value\nP1,baseline,rate_ml_h,٣\n", "not a number"),
    ("patient,timepoint,key,value\nP1,baseline,rate_ml_h," + "9" * 5000 + "\n", "not a number"),
    ("patient,timepoint,key,value\nP1,baseline,rate_ml_h," + "9" * 40 + "\n", "larger than anything"),
    ("patient;timepoint;key;value\nP1;baseline;rate_ml_h;1\n", "no column patient"),
    ("", "no column patient"),
])
def test_bad_values_are_refused_in_one_sentence(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(UsageError, match=says):
        read_values(path)
    with pytest.raises(NotFoundError, match="cannot be read"):
        read_published(tmp_path / "absent.csv")


def test_windows_line_endings_and_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = tmp_path / "excel.csv"
    path.write_bytes(b"\xef\xbb\xbfpatient,timepoint,key,value\r\nP1,baseline,rate_ml_h,1/3\r\n\r\n")
    (value,) = read_values(path)
    assert (value.patient, value.value) == ("P1", Fraction(1, 3))


def test_a_patient_is_the_same_in_capitals_and_however_composed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    line = f"baseline,{KEYS[0]},1\n"
    for first, second in (("p1", "P1"), ("Zürich", "Zu\u0308rich")):
        path.write_text(f"patient,timepoint,key,value\n{first},{line}{second},{line}", encoding="utf-8")
        with pytest.raises(UsageError, match=f"{first} baseline .* second time"):
            read_values(path)


def test_a_row_published_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.csv"
    line = "Infusion speed,0.11,0.01,0.99,0.05\n"
    path.write_text("row,baseline_mean,baseline_se,followup_mean,followup_se\n" + 2 * line)
    with pytest.raises(UsageError, match="second time"):
        read_published(path)


def test_floats_creep_and_fractions_do_not() -> None:
    third = [Fraction(1, 10) for _ in range(10)]
    assert stats.mean(third) == Fraction(1, 10) and stats.standard_error(third) == 0
    twelve = [Fraction(243, 12)] * 12
    assert digits_of(stats.mean(twelve), 2, "truncate") == "20.25"
    assert digits_of(Fraction("0.005"), 2, "half-up") == "0.01"
    assert digits_of(Fraction("-0.005"), 2, "half-up") == "-0.01"
    assert digits_of(Fraction("-0.004"), 2, "half-up") == "0.00"
    assert digits_of(Fraction("0.999"), 0, "truncate") == "0"
    assert decimal(Fraction(-1, 3)) == "-0.333333333"


def test_differences_below_the_digits_shown_are_ties() -> None:
    noise = [Fraction(1, 10**15), Fraction(0), Fraction(-1, 10**15), Fraction(0)]
    base = [Fraction("0.1"), Fraction("0.1"), Fraction("-0.1"), Fraction("0.3")]
    found = stats.wilcoxon_p([d + n for d, n in zip(base, noise, strict=True)])
    assert found == stats.wilcoxon_p(base)
    assert stats.paired([Fraction(1) + n for n in noise]).test == "Wilcoxon signed-rank, exact"
    assert stats.paired([Fraction(0)] * 4).test == "not tested (no differences)"
    assert stats.paired([Fraction(1), Fraction(2)]).p is None


def test_skewed_differences_are_tested_by_ranks() -> None:
    found = stats.paired([Fraction(d) for d in (1, 1, 1, 1, 1, 2, 1, 1, 2, 400)])
    assert found.shapiro_p < 0.05 and found.p == found.p_wilcoxon == pytest.approx(2 / 1024)
    assert found.p_paired_t > 0.3 and found.test == "Wilcoxon signed-rank, exact"


def test_an_unknown_value_is_in_no_cell_and_bounds_need_everyone() -> None:
    values = [Value("P1", "baseline", "rate_ml_h", None),
              Value("P2", "baseline", "rate_ml_h", Fraction(2)),
              Value("P3", "baseline", "rate_ml_h", Fraction(1), (Fraction(0), Fraction(3)))]
    row = build_table(values).to_json()["rows"][4]
    assert row["baseline"]["n"] == 2 and row["baseline"]["bounds"] is None
    assert row["followup"] == {"n": 0, "mean": None, "se": None, "values": {}, "bounds": None,
                               "doubtful": []}
    empty = build_table([]).to_json()["rows"][0]
    assert empty["n_pairs"] == 0 and empty["baseline"]["mean"] is None


def test_another_locale_prints_the_same(
    values_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["table", "--values", str(values_csv)]) == 0
    plain = capsys.readouterr().out
    before = locale.setlocale(locale.LC_ALL)
    for name in ("de_DE.UTF-8", "C.UTF-8", "C"):
        try:
            locale.setlocale(locale.LC_ALL, name)
        except locale.Error:
            continue
        try:
            assert main(["table", "--values", str(values_csv)]) == 0
            assert capsys.readouterr().out == plain
        finally:
            locale.setlocale(locale.LC_ALL, before)


def test_a_test_without_the_extra_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    with pytest.raises(UsageError, match=r"needs the extra 'study'.*pip install 'pumplog\[study\]'"):
        stats.paired([Fraction(d) for d in range(5)])
    assert stats.paired([Fraction(1)] * 4).p_wilcoxon == 0.125, "ranks need nothing of it"


@pytest.mark.parametrize("offset", [
    "0", "1e-3", "0.1", "1e4", "1e8", "123456789.987654321", "-1e8", "999999999"])
@pytest.mark.parametrize("scale", ["1e-9", "1e-4", "1", "7.3"])
@pytest.mark.parametrize("shape", [(1, 2, 4, 3, 9), (0, 1, 2, 0, 100), (5, 5, 5, 6), tuple(range(12))])
def test_neither_offset_nor_unit_of_the_differences_changes_the_test(
    offset: str, scale: str, shape: tuple[int, ...]
) -> None:
    plain = stats.paired([Fraction(d) for d in shape])
    moved = stats.paired([Fraction(offset) + Fraction(scale) * d for d in shape])
    assert moved.shapiro_p == pytest.approx(plain.shapiro_p, abs=1e-9)
    assert moved.test == plain.test


def test_parts_in_a_milliard_beside_a_hundred_million_choose_the_test(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["patient,timepoint,key,value"]
    for n, part in enumerate((1, 2, 4, 3, 9)):
        lines += [f"P{n},baseline,morphine_mg_day,0",
                  f"P{n},followup,morphine_mg_day,100000000.00000000{part}"]
    (tmp_path / "values.csv").write_text("\n".join(lines) + "\n")
    assert main(["table", "--values", str(tmp_path / "values.csv"), "--json"]) == 0
    row = json.loads(capsys.readouterr().out)["rows"][0]
    assert row["test"] == "paired t" and float(row["shapiro_p"]) == pytest.approx(0.254, abs=1e-3)
