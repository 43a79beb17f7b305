"""Holds what pumplog prints of a cohort against what the bench knows really happened."""

from __future__ import annotations

import json
import re
import statistics
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from pumplog.study import KEYS

from helpers.air.ward import by_name, json_lines, pumplog, rows

MEAN_WITHIN, SE_WITHIN = 0.015, 0.05
TIMEPOINTS = ("baseline", "followup")
DAY_MS = 86_400_000
ROUNDING = 1e-8  # decimals in JSON have nine digits
EPOCH_2020_MS = 1_577_836_800_000
START_MS = 1_767_600_000_000  # 2026-01-05T08:00:00Z, the first patient's start on the bench

Truth = dict[str, Any]


def table_of(db: Path, windows: tuple[str, ...] = ()) -> dict[str, Any]:
    """Returns `pumplog table --json`."""
    done = pumplog(db, "table", "--json", *windows, *by_name(db))
    assert done.returncode == 0, done.stderr
    table: dict[str, Any] = json.loads(done.stdout)
    assert [row["key"] for row in table["rows"]] == list(KEYS)
    return table


def _true_values(truth: Truth, timepoint: str, key: str) -> list[float]:
    return [float(each[timepoint][key]) for each in truth.values()]


def check_means(db: Path, truth: Truth, windows: tuple[str, ...] = ()) -> None:
    """At 1 uL a count: means, SEs, every patient's figures, and deliveries per day exactly."""
    for row in table_of(db, windows)["rows"]:
        for timepoint in TIMEPOINTS:
            cell, where = row[timepoint], (row["key"], timepoint)
            true = _true_values(truth, timepoint, row["key"])
            assert cell["n"] == len(truth) and set(cell["values"]) == set(truth), where
            if row["key"] == "pcia_per_day":
                check_deliveries(cell["values"], truth, timepoint)
            mean = statistics.fmean(true)
            assert abs(float(cell["mean"]) - mean) <= MEAN_WITHIN * mean, where
            se = statistics.stdev(true) / len(true) ** 0.5
            assert abs(float(cell["se"]) - se) <= SE_WITHIN * se, where
            low, high = map(float, cell["bounds"])
            assert low - ROUNDING <= mean <= high + ROUNDING, where


def check_deliveries(per_day: dict[str, str], truth: Truth, timepoint: str) -> None:
    """Deliveries a day, printed to nine decimals, are the whole deliveries of the window exactly."""
    for patient, each in truth.items():
        counted = Decimal(per_day[patient]) * each[timepoint]["window_days"]
        assert abs(counted - each[timepoint]["deliveries"]) < Decimal("1e-6"), (patient, timepoint)


def check_bounds(db: Path, truth: Truth, windows: tuple[str, ...] = ()) -> None:
    """At coarse counts: bounds are given, and the truth lies inside, cohort's and every patient's."""
    for row in table_of(db, windows)["rows"]:
        key = row["key"]
        for timepoint in TIMEPOINTS:
            assert row[timepoint]["bounds"], (key, timepoint, "unknown, without bounds")
            low, high = map(float, row[timepoint]["bounds"])
            mean = statistics.fmean(_true_values(truth, timepoint, key))
            assert low - ROUNDING <= mean <= high + ROUNDING, (key, timepoint)
            assert low < high or key == "pcia_per_day", (key, timepoint)
        explained = json_lines(pumplog(db, "table", "--explain", key, "--json", *windows, *by_name(db)))
        told = {(line["patient"], line["timepoint"]): line for line in explained}
        for patient, each in truth.items():
            for timepoint in TIMEPOINTS:
                line = told[patient, timepoint]
                true, low, high = each[timepoint][key], float(line["low"]), float(line["high"])
                assert low - ROUNDING <= true <= high + ROUNDING, (key, line)


def printed_table(db: Path, windows: tuple[str, ...] = (), text: str | None = None) -> None:
    """The table on screen shows the JSON's figures, rounded half-up to two digits."""
    text = text or pumplog(db, "table", *windows, *by_name(db)).stdout
    for row in table_of(db, windows)["rows"]:
        label = row["label"] if len(row["label"]) < 40 else row["label"].split(" in morphine")[0]
        (line,) = [line for line in text.splitlines() if line.startswith(label) and "±" in line]
        shown = re.findall(r"(\d+\.\d\d) ± (\d+\.\d\d)", line)
        assert shown == [(_two_digits(row[timepoint]["mean"]), _two_digits(row[timepoint]["se"]))
                         for timepoint in TIMEPOINTS], line


def _two_digits(number: str) -> str:
    return str(Decimal(number).quantize(Decimal("0.01"), ROUND_HALF_UP))


def deliveries_by_day(
    db: Path, truth: Truth, followup_day: int = 28
) -> dict[tuple[str, str], list[int]]:
    """Counts whole boluses of every patient and day from the stored records and anchors alone."""
    found: dict[tuple[str, str], list[int]] = {}
    boards = {each["board"]: patient for patient, each in truth.items()}
    for board, patient in boards.items():
        log_ids = [log_id for log_id, in rows(db, "SELECT log_id FROM logs WHERE board=?", board)]
        (log_id,) = log_ids
        days = [int((start_ms - START_MS) // DAY_MS) for start_ms in _bolus_starts_ms(db, log_id)]
        first_day = int(board[1:]) - 1  # each patient of the bench starts a day after the last one
        for timepoint, offset in zip(TIMEPOINTS, (0, followup_day), strict=True):
            begin = first_day + offset
            found[patient, timepoint] = [
                days.count(begin + day) for day in range(truth[patient][timepoint]["window_days"])]
    return found


def _bolus_starts_ms(db: Path, log_id: int) -> list[int]:
    records = [(kind, boot, uptime_ms, json.loads(fields)) for kind, boot, uptime_ms, fields in rows(
        db, "SELECT kind, boot, uptime_ms, fields FROM records WHERE log_id=? AND boot < 3"
            " AND kind IN ('anchor', 'bolus') ORDER BY seq", log_id)]
    zero_ms: dict[int, int] = {}  # when each boot was at uptime 0, by its first anchor
    for kind, boot, uptime_ms, fields in records:
        if kind == "anchor":
            said_ms = fields["epoch_s"] * 1000 + fields["epoch_ms"] + EPOCH_2020_MS
            zero_ms.setdefault(boot, said_ms - uptime_ms)
    return [zero_ms[boot] + uptime_ms - fields["ago_ms"] for kind, boot, uptime_ms, fields in records
            if kind == "bolus" and fields["source"] == 1 and not fields["halted"]]
