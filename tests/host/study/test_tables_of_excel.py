"""CSV files as Excel, LibreOffice and people leave them: read, or told in words that help.

Reports of other tools name semicolons and decimal commas of European settings, rows and columns that
were emptied, a column named wrongly or twice, UTF-16 of "Unicode text", and files without an end.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import pytest
from helpers.folded import unfolded
from pumplog.cli import main
from pumplog.deploy.provisioning import read_batch
from pumplog.errors import UsageError
from pumplog.study.values_csv import read_published, read_values

VALUES = [["patient", "timepoint", "key", "value"], ["P01", "baseline", "rate_ml_h", "0.25"],
          ["P01", "followup", "rate_ml_h", "1.5"]]
BATCH = [["name", "port", "ul_per_count", "cell_zero"], ["B01", "COM3", "1 uL", "81000"],
         ["B02", "COM4", "1 uL", "82000"]]
PUBLISHED = [["row", "baseline_mean", "baseline_se", "followup_mean", "followup_se"],
             ["Infusion speed", "0.11", "0.01", "0.99", "0.05"], ["Other", "1", "1", "1", "1"]]
KINDS = {"values": (VALUES, read_values), "batch": (BATCH, read_batch),
         "published": (PUBLISHED, read_published)}
kinds = pytest.mark.parametrize("kind", KINDS)


def written(path: Path, rows: list[list[str]], by: str = ",", quote: str = "", end: str = "\r\n",
            encoding: str = "utf-8") -> Path:
    lines = [by.join(f"{quote}{cell}{quote}" for cell in row) for row in rows]
    path.write_bytes((end.join(lines) + end).encode(encoding))
    return path


@kinds
def test_what_excel_leaves_around_a_table_changes_nothing(kind: str, tmp_path: Path) -> None:
    rows, read = KINDS[kind]
    wanted = read(written(tmp_path / "plain.csv", rows))
    shapes = itertools.product(("utf-8", "utf-8-sig"), ("\n", "\r\n", "\r"), ("", '"'), range(5))
    for n, (encoding, end, quote, shape) in enumerate(shapes):
        shaped = {0: rows, 1: [*rows, [""] * 4, [""], [" "] * 6], 2: [rows[0], [""] * 4, *rows[1:]],
                  3: [[*row, "", ""] for row in rows], 4: [rows[0], *[[*row, " "] for row in rows[1:]]]}
        around = "" if quote else " " * (n % 2)
        path = written(tmp_path / f"{n}.csv", [[around + cell + around for cell in row]
                                              for row in shaped[shape]], ",", quote, end, encoding)
        assert read(path) == wanted, path.read_bytes()


@kinds
@pytest.mark.parametrize("by, words", [(";", "semicolons"), ("\t", "tabs")])
@pytest.mark.parametrize("quote", ["", '"'])
def test_other_marks_between_cells_are_told(
    kind: str, by: str, words: str, quote: str, tmp_path: Path
) -> None:
    rows, read = KINDS[kind]
    with pytest.raises(UsageError) as told:
        read(written(tmp_path / "a.csv", rows, by, quote))
    assert f"{words} between its cells" in told.value.do and "commas" in told.value.do


@kinds
def test_a_column_that_is_missing_or_there_twice_is_told(kind: str, tmp_path: Path) -> None:
    rows, read = KINDS[kind]
    for at, name in enumerate(rows[0][:3]):
        left = [[cell for k, cell in enumerate(row) if k != at] for row in rows]
        with pytest.raises(UsageError, match=f"no column {name}"):
            read(written(tmp_path / "a.csv", left))
        twice = [[*row, row[at]] for row in rows]
        with pytest.raises(UsageError, match=f"the column {name} twice"):
            read(written(tmp_path / "a.csv", twice))


@kinds
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1252"])
def test_another_encoding_is_told(kind: str, encoding: str, tmp_path: Path) -> None:
    rows, read = KINDS[kind]
    path = written(tmp_path / "a.csv", [*rows, ["é"] * 4], encoding=encoding)
    with pytest.raises(UsageError) as told:
        read(path)
    assert "is not a CSV file in UTF-8" in told.value.what or "no column" in told.value.what


@pytest.mark.parametrize("name", ["cellzero", "Cell_Zero", "cell_zero_raw", "uncertainty"])
def test_a_column_that_means_nothing_is_no_calibration_passed_over(name: str, tmp_path: Path) -> None:
    rows = [[*BATCH[0][:3], name], *BATCH[1:]]
    with pytest.raises(UsageError, match=f"the column {name} means nothing"):
        read_batch(written(tmp_path / "a.csv", rows))


@kinds
def test_a_row_of_other_length_is_told_by_its_line(kind: str, tmp_path: Path) -> None:
    rows, read = KINDS[kind]
    with pytest.raises(UsageError, match="line 3: not as many cells"):
        read(written(tmp_path / "a.csv", [*rows[:2], [*rows[2], "more"]]))
    for short in range(1, 3):
        with pytest.raises(UsageError, match="line 3: "):
            read(written(tmp_path / "a.csv", [*rows[:2], rows[2][:short]]))


@pytest.mark.parametrize("option", [["table", "--values"], ["provision", "--batch"]])
def test_a_file_without_an_end_is_refused(option: list[str], capsys: pytest.CaptureFixture[str],
                                          tmp_path: Path) -> None:
    assert main([*option, "/dev/zero", "--db", str(tmp_path / "a.db")]) == 2
    assert "is no ordinary file" in unfolded(capsys.readouterr().err)


def test_values_stay_exact(tmp_path: Path) -> None:
    found = read_values(written(tmp_path / "a.csv", VALUES))
    assert [each.value for each in found] == [Fraction(1, 4), Fraction(3, 2)]
