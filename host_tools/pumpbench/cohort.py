"""Reads the cohort: what was prescribed, and how many boluses each patient got on each day.

Two CSV files: one row a patient and timepoint (regimens), one row a patient, timepoint and
day (daily counts). Other columns are ignored. Every quantity becomes an integer in the unit
of its name, so nothing is rounded on the way in.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from .errors import BenchError

TIMEPOINTS = ("baseline", "followup")
BAG_COLUMN_ML = 250
MAX_WINDOW_DAYS = 60

_REGIMEN_COLUMNS = (
    "patient",
    "timepoint",
    "window_days",
    "morphine_mg_per_250mL",
    "bupivacaine_mg_per_250mL",
    "rate_mL_h",
    "bolus_mL",
    "lockout_min",
)
_DAILY_COLUMNS = ("patient", "timepoint", "day", "pcia_delivered")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)


@dataclass(frozen=True)
class Regimen:
    """What one patient was prescribed for one window, and the deliveries of each of its days."""

    patient: str  #: the patient's code
    timepoint: str  #: "baseline" or "followup"
    window_days: int  #: how many days the window has
    rate_ul_h: int  #: the continuous rate, microlitres an hour
    bolus_ul: int  #: one bolus, microlitres
    lockout_s: int  #: how long a bolus locks out the next, seconds
    morphine_ug_per_bag: int  #: micrograms in a bag of 250 mL
    bupivacaine_ug_per_bag: int  #: micrograms in a bag of 250 mL
    deliveries: tuple[int, ...]  #: boluses that were given on each day of the window

    @property
    def morphine_ug_ml(self) -> Fraction:
        """Morphine concentration; the bag the columns speak of holds 250 mL."""
        return Fraction(self.morphine_ug_per_bag, BAG_COLUMN_ML)

    @property
    def bupivacaine_ug_ml(self) -> Fraction:
        """Bupivacaine concentration; the bag the columns speak of holds 250 mL."""
        return Fraction(self.bupivacaine_ug_per_bag, BAG_COLUMN_ML)


@dataclass(frozen=True)
class Patient:
    """One patient of the cohort with the regimen of each timepoint that was given."""

    code: str  #: the patient's code
    regimens: Mapping[str, Regimen]  #: by timepoint

    def regimen(self, timepoint: str) -> Regimen:
        """Return the regimen at `timepoint`, or raise BenchError if the cohort has none."""
        if timepoint not in self.regimens:
            raise BenchError(f"Patient {self.code} has no {timepoint!r} row",
                             "add the row to the regimens file")
        return self.regimens[timepoint]


@dataclass(frozen=True)
class _Row:
    """One line of a CSV file that knows where it stands, for messages."""

    path: Path
    line: int
    cells: Mapping[str, str]

    def error(self, what: str, do: str) -> BenchError:
        return BenchError(f"{self.path}, line {self.line}: {what}", do)

    def text(self, column: str) -> str:
        text = self.cells[column].strip()
        if not text:
            raise self.error(f"{column} is empty", "fill it in")
        return text

    def timepoint(self) -> str:
        name = self.text("timepoint")
        if name not in TIMEPOINTS:
            raise self.error(f"unknown timepoint {name!r}", f"write {' or '.join(TIMEPOINTS)}")
        return name

    def whole(self, column: str, factor: int = 1) -> int:
        """Return the cell times `factor` as an integer; negative or finer values are refused."""
        text = self.text(column)
        if not _NUMBER.fullmatch(text):
            raise self.error(f"{column} {text!r} is not a number", "write digits, such as 0.25")
        value = Fraction(text) * factor
        if value < 0:
            raise self.error(f"{column} {text!r} is negative", "write zero or more")
        if value.denominator != 1:
            raise self.error(f"{column} {text!r} is finer than 1/{factor}", "use fewer decimals")
        return value.numerator


def read_cohort(regimens: str | Path, daily_counts: str | Path) -> tuple[Patient, ...]:
    """Read both files and return the patients in order of appearance; BenchError if unusable."""
    days = _read_daily_counts(Path(daily_counts))
    found: dict[str, dict[str, Regimen]] = {}
    for row in _rows(Path(regimens), _REGIMEN_COLUMNS):
        regimen = _regimen(row, days, Path(daily_counts))
        windows = found.setdefault(regimen.patient, {})
        if regimen.timepoint in windows:
            raise row.error(f"{regimen.patient} {regimen.timepoint} appears a second time",
                            "keep the right row")
        windows[regimen.timepoint] = regimen
    for (patient, timepoint), rows in days.items():
        if timepoint not in found.get(patient, {}):
            first = next(iter(rows.values()))[0]
            raise first.error(f"{patient} {timepoint} is not in {regimens}", "add it or drop this")
    return tuple(Patient(code, windows) for code, windows in found.items())


_Days = dict[tuple[str, str], dict[int, tuple[_Row, int]]]


def _read_daily_counts(path: Path) -> _Days:
    days: _Days = {}
    for row in _rows(path, _DAILY_COLUMNS):
        rows = days.setdefault((row.text("patient"), row.timepoint()), {})
        day = row.whole("day")
        if day in rows:
            raise row.error(f"day {day} appears a second time", "keep the right row")
        rows[day] = (row, row.whole("pcia_delivered"))
    return days


def _regimen(row: _Row, days: _Days, daily_path: Path) -> Regimen:
    patient, timepoint = row.text("patient"), row.timepoint()
    window_days = row.whole("window_days")
    if not 1 <= window_days <= MAX_WINDOW_DAYS:
        raise row.error(f"window_days {window_days} is not in 1 to {MAX_WINDOW_DAYS}", "correct it")
    daily = days.get((patient, timepoint), {})
    if sorted(daily) != list(range(1, window_days + 1)):
        have = ", ".join(str(day) for day in sorted(daily)) or "none"
        raise row.error(f"{patient} {timepoint} needs daily rows for days 1 to {window_days}, but"
                        f" {daily_path} has {have}", "make window_days and the rows agree")
    regimen = Regimen(
        patient=patient,
        timepoint=timepoint,
        window_days=window_days,
        rate_ul_h=row.whole("rate_mL_h", 1000),
        bolus_ul=row.whole("bolus_mL", 1000),
        lockout_s=row.whole("lockout_min", 60),
        morphine_ug_per_bag=row.whole("morphine_mg_per_250mL", 1000),
        bupivacaine_ug_per_bag=row.whole("bupivacaine_mg_per_250mL", 1000),
        deliveries=tuple(daily[day][1] for day in range(1, window_days + 1)),
    )
    if regimen.bolus_ul == 0 and any(regimen.deliveries):
        raise row.error("bolus_mL is 0 although boluses were delivered", "give the bolus volume")
    return regimen


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[_Row]:
    """Yield the rows of a CSV file that has at least these columns."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise BenchError(f"{path}, line 1: no column {missing[0]}", "add it to the header")
            for cells in reader:
                row = _Row(path, reader.line_num, cells)
                if None in cells or None in cells.values():
                    raise row.error("not as many cells as the header", "complete the line")
                yield row
    except OSError as error:
        raise BenchError(f"{path}: cannot be read ({error.strerror})", "check the path") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BenchError(f"{path}: not a CSV file in UTF-8 ({error})", "export it again") from error
