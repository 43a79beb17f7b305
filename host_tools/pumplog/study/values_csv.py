"""Reads tables from CSV files: per-patient values, and a published table to compare with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from .. import plain
from ..errors import UsageError
from ..files import read_table
from .table import KEYS, TIMEPOINTS, Value

_NUMBER = re.compile(r"[0-9]{1,60}(\.[0-9]{1,60}|/[1-9][0-9]{0,60})?", re.ASCII)
_LARGEST = 10**9  # no dose, rate or count of a day comes near


@dataclass(frozen=True)
class PublishedRow:
    """A row of a published table, in its own unit."""

    cells: dict[str, tuple[Fraction, Fraction]]  #: {timepoint: (mean, SE)}, as printed


def read_values(path: Path) -> list[Value]:
    """Reads `patient,timepoint,key,value`; a value is decimal digits or a fraction a/b.

    A patient may be written in capitals in some lines, or composed: it is the same patient.
    """
    out: list[Value] = []
    known: set[tuple[str, str, str]] = set()
    spelled: dict[str, str] = {}  # {key: as it was first written}
    for line, row in read_table(path, ("patient", "timepoint", "key", "value")):
        at = f"{path}, line {line}"
        patient = plain.key(row["patient"])
        spelled.setdefault(patient, row["patient"].strip())
        who = (spelled[patient], row["timepoint"].strip(), row["key"].strip())
        if not patient:
            raise UsageError(f"{at}: no patient", "write the patient's code")
        if who[1] not in TIMEPOINTS:
            raise UsageError(f"{at}: timepoint {who[1]!r} is not among {', '.join(TIMEPOINTS)}",
                             "correct it")
        if who[2] not in KEYS:
            raise UsageError(f"{at}: key {who[2]!r} is not among {', '.join(KEYS)}", "correct it")
        if who in known:
            raise UsageError(f"{at}: {' '.join(who)} stands there a second time", "keep one line")
        known.add(who)
        out.append(Value(*who, _number(row["value"], at)))
    if not out:
        raise UsageError(f"{path} has no values", "give one line for each patient, timepoint and key")
    return out


def read_published(path: Path) -> dict[str, PublishedRow]:
    """Reads a published table by the labels of its rows."""
    columns = ("row", "baseline_mean", "baseline_se", "followup_mean", "followup_se")
    out: dict[str, PublishedRow] = {}
    for line, row in read_table(path, columns):
        at, label = f"{path}, line {line}", row["row"].strip()
        if label in out:
            raise UsageError(f"{at}: {label} stands there a second time", "keep one line")
        out[label] = PublishedRow({
            t: (_number(row[f"{t}_mean"], at), _number(row[f"{t}_se"], at)) for t in TIMEPOINTS
        })
    return out


def _number(text: str, at: str) -> Fraction:
    if not _NUMBER.fullmatch(text.strip()):
        raise UsageError(f"{at}: {text[:40]!r} is not a number of zero or more",
                         "write digits, such as 0.25")
    value = Fraction(text.strip())
    if value > _LARGEST:
        raise UsageError(f"{at}: {text[:40]!r} is larger than anything measured here", "correct it")
    return value
