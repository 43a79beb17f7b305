"""Faults as a person writes them: read from a TOML file and checked, one sentence if unusable.

    [[fault]]
    patient = "P01"
    timepoint = "followup"     # default "baseline"
    at_s = 7200                # whole seconds from the window's start
    kind = "occlusion"         # see kinds.py, or docs/FAULTS.md
    alarm_ul = 900             # a parameter of that kind; each has a default
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..cohort import TIMEPOINTS, Patient
from ..errors import BenchError
from .kinds import KINDS, Kind, Parameter

_OWN_KEYS = ("patient", "timepoint", "at_s", "kind")


@dataclass(frozen=True)
class Fault:
    """One fault of one window."""

    kind: str  #: a key of KINDS
    at_s: int  #: when it begins, seconds from the window's start
    patient: str = ""  #: the patient's code
    timepoint: str = "baseline"  #: "baseline" or "followup"
    #: every parameter of its kind, numbers as Fractions
    values: Mapping[str, Fraction | str] = field(default_factory=dict)

    def number(self, name: str) -> Fraction:
        """Returns a parameter's number."""
        value = self.values[name]
        assert isinstance(value, Fraction)
        return value

    def text(self, name: str) -> str:
        """Returns a parameter's text."""
        return str(self.values[name])

    def span_s(self, end_s: int) -> tuple[int, int]:
        """Returns when it begins and ends: after its duration, at end_s if that is 0 or later."""
        lasts_s = int(self.number("duration_s"))
        return self.at_s, min(end_s, self.at_s + lasts_s) if lasts_s else end_s


def make_fault(
    kind: str, at_s: int = 0, patient: str = "", timepoint: str = "baseline", **values: Any
) -> Fault:
    """Returns a checked fault; BenchError if a value cannot be used."""
    return _fault({"kind": kind, "at_s": at_s, "patient": patient, "timepoint": timepoint, **values})


def read_faults(path: Path, cohort: Sequence[Patient]) -> tuple[Fault, ...]:
    """Reads a file of faults for these patients; BenchError says what is wrong, and where."""
    try:
        with path.open("rb") as file:
            whole = tomllib.load(file)
    except OSError as error:
        raise BenchError(f"{path}: cannot be read ({error.strerror})", "check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BenchError(f"{path}: not a TOML file ({error})", "correct that line") from error
    tables = whole.get("fault", [])
    if set(whole) - {"fault"} or not isinstance(tables, list):
        raise BenchError(f"{path}: only [[fault]] tables belong here", "begin each with [[fault]]")
    found = []
    for number, table in enumerate(tables, 1):
        try:
            found.append(_of_cohort(_fault(table), cohort))
        except BenchError as error:
            raise BenchError(f"{path}, fault {number}: {error.what}", error.do) from None
    return tuple(found)


def _fault(table: Mapping[str, Any]) -> Fault:
    name = table.get("kind")
    if not isinstance(name, str) or name not in KINDS:
        raise BenchError(f"unknown kind {name!r}", f"choose from {', '.join(KINDS)}")
    kind = KINDS[name]
    for key in table:
        if key not in _OWN_KEYS and key not in kind.parameters:
            known = ", ".join(kind.parameters) or "none"
            raise BenchError(f"{name} has no parameter {key!r}", f"its parameters are {known}")
    values = {key: _value(name, key, parameter, table.get(key, parameter.default))
              for key, parameter in kind.parameters.items()}
    if name == "flash_stall":
        _check_stall(values)
    if name == "load_cell_garbage" and int(values["least_raw"]) > int(values["most_raw"]):
        raise BenchError(f"least_raw {values['least_raw']} of {name} is above its most_raw", "swap them")
    return Fault(name, _at_s(name, kind, table), _text(table, "patient", ""),
                 _text(table, "timepoint", "baseline"), values)


def _at_s(name: str, kind: Kind, table: Mapping[str, Any]) -> int:
    if kind.at_start:
        if table.get("at_s", 0) != 0:
            raise BenchError(f"{name} holds for the whole window", "leave at_s out")
        return 0
    at_s = table.get("at_s")
    if not isinstance(at_s, int) or isinstance(at_s, bool) or at_s < 0:
        raise BenchError(f"at_s {at_s!r} of {name}",
                         "write whole seconds from the window's start, zero or more")
    return at_s


def _text(table: Mapping[str, Any], key: str, default: str) -> str:
    text = table.get(key, default)
    if not isinstance(text, str):
        raise BenchError(f"{key} {text!r}", "write it in quotation marks")
    return text


def _value(kind: str, key: str, parameter: Parameter, given: Any) -> Fraction | str:
    if isinstance(parameter.default, str):
        return _text({key: given}, key, "")
    if isinstance(given, bool) or not isinstance(given, int | float | Fraction):
        raise BenchError(f"{key} {given!r} of {kind}", "write a number")
    limits = f"{parameter.low:g} to {parameter.high:g}"
    if not parameter.low <= given <= parameter.high:  # also refuses nan
        raise BenchError(f"{key} {given} of {kind} is not in {limits}", "correct it")
    value = Fraction(str(given))
    if parameter.whole and value.denominator != 1:
        raise BenchError(f"{key} {given} of {kind} is not a whole number", "correct it")
    return value


def _check_stall(values: Mapping[str, Fraction | str]) -> None:
    stall_ms, every_ms = int(values["stall_ms"]), int(values["every_ms"])
    if stall_ms % 100 or every_ms % 100:
        raise BenchError(f"flash_stall: stall_ms {stall_ms} or every_ms {every_ms} is not in whole ticks"
                         " of 100 ms", "correct it")
    if stall_ms >= every_ms:
        raise BenchError(f"flash_stall: stall_ms {stall_ms} leaves nothing of every_ms {every_ms}",
                         "make it shorter")


def _of_cohort(fault: Fault, cohort: Sequence[Patient]) -> Fault:
    """Checks the fault against who is there and for how long; fills in who else it names."""
    codes = [patient.code for patient in cohort]
    if fault.patient not in codes:
        raise BenchError(f"no patient {fault.patient!r}", f"choose from {', '.join(codes)}")
    if fault.timepoint not in TIMEPOINTS:
        raise BenchError(f"unknown timepoint {fault.timepoint!r}", f"write {' or '.join(TIMEPOINTS)}")
    patient = cohort[codes.index(fault.patient)]
    window_s = patient.regimen(fault.timepoint).window_days * 86_400
    if fault.at_s >= window_s:
        raise BenchError(f"at_s {fault.at_s} is past the window of {window_s} s", "make it smaller")
    if "named" not in fault.values:
        return fault
    other = fault.text("named") or codes[(codes.index(fault.patient) + 1) % len(codes)]
    if other not in codes or other == fault.patient:
        raise BenchError(f"{fault.kind} needs another patient, not {other!r}",
                         "name a patient of the cohort")
    return replace(fault, values={**fault.values, "named": other})
