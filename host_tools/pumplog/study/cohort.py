"""The cohort's table from the store: every started patient, two windows from each one's start."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .. import __version__
from ..dose.doses import DAY_MS, Doses, doses
from ..errors import NotFound, Usage
from ..patients.episodes import Episode
from ..patients.observed import Observed
from ..patients.shares import Sight
from ..quantities import decimal
from ..store import Store
from .table import Table, Value, build_table

SYNTHETIC = ("The cohort is synthetic: simulated pumps and patients, run on the real firmware; these"
             " are not a study's data.")
_WINDOW = re.compile(r"([0-9]{1,5})\+([1-9][0-9]{0,4})", re.ASCII)


@dataclass(frozen=True)
class Window:
    """Days [first, first + length) from a patient's start."""

    first_day: int
    length_days: int

    @classmethod
    def parse(cls, text: str, option: str) -> Window:
        """Reads '28+7': start day plus length in days."""
        match = _WINDOW.fullmatch(text)
        if match is None:
            raise Usage(f"{option} {text!r} is not a window: write start day + days, as in 28+7.")
        return cls(int(match[1]), int(match[2]))

    def of(self, one: Episode) -> tuple[int, int]:
        """Returns the window as Unix ms UTC; a day is 24 h of elapsed time."""
        begin = one.start_ms + self.first_day * DAY_MS
        return begin, begin + self.length_days * DAY_MS

    def __str__(self) -> str:
        return f"{self.first_day}+{self.length_days}"


@dataclass(frozen=True)
class Case:
    """One patient of the cohort: what was seen, and the doses at each timepoint."""

    one: Episode
    seen: Observed
    doses: dict[str, Doses]


def cohort_doses(store: Store, windows: dict[str, Window]) -> dict[str, Case]:
    """Returns every patient's doses; each log is read once."""
    sight = Sight(store)
    out = {}
    for code, one in sorted(sight.patients.items()):
        seen = sight.of(one)
        out[code] = Case(one, seen, {name: doses(one, seen, *window.of(one))
                                     for name, window in windows.items()})
    return out


def cohort_table(store: Store, windows: dict[str, Window], cohort: str) -> Table:
    """Builds the table of everyone in the store."""
    cases = cohort_doses(store, windows)
    if not cases:
        raise NotFound("no patients with records in this store: start patients and pull their"
                       " boards, or name another store with --db.")
    values = [
        Value(code, timepoint, key, figure.value, figure.low, figure.high)
        for code, case in cases.items() for timepoint, one in case.doses.items()
        for key, figure in one.per_day().items()
    ]
    coverage = {name: _coverage({code: case.doses[name] for code, case in cases.items()})
                for name in windows}
    minutes = sum(_minutes(case, name) for case in cases.values() for name in windows)
    spans = ", ".join(f"{name} {window}" for name, window in windows.items())
    provenance = [f"From {minutes} minutes recorded of {len(cases)} patients (days from each start:"
                  f" {spans}), pumplog {__version__}; every figure traceable: pumplog table --explain"
                  " KEY --patient CODE."]
    if any(case.one.simulated for case in cases.values()):
        provenance.append(SYNTHETIC)
    return build_table(values, cohort, coverage, _excluded(cases), provenance)


def _minutes(case: Case, name: str) -> int:
    window = case.doses[name].begin_ms, case.doses[name].end_ms
    spans = [s.minutes(*window) for s in case.seen.stretches_in(*window)]
    return sum(behind - first for first, behind in spans)


def _excluded(cases: dict[str, Case]) -> list[dict[str, str]]:
    """Returns who is in no cell of a timepoint, and why."""
    out = []
    for code, case in cases.items():
        for name, found in case.doses.items():
            if not found.observed_ms:
                out.append({"patient": code, "timepoint": name, "reason": _why(case, found, name)})
    return out


def _why(case: Case, found: Doses, name: str) -> str:
    if found.outside_ms == found.end_ms - found.begin_ms:
        how = "withdrew" if case.one.of_kind("patient_withdraw") else "the stay ended"
        return f"{how} before the {name} window"
    if found.withheld_ms:
        return f"nothing certain in the {name} window: {'; '.join(found.notes)}"
    return f"nothing observed in the {name} window: pull the board, or unknown"


def _coverage(found: dict[str, Doses]) -> dict[str, Any]:
    """Returns days observed, running, bracketed, unknown (of which withheld), and presses: all and by
    patient."""
    each = {code: _cover(one) for code, one in found.items()}
    total = {key: sum((cover[key] for cover in each.values()), Fraction(0))
             for key in next(iter(each.values()))}
    return {
        **_json(total),
        "patients": {code: {**_json(cover), "notes": list(found[code].notes)}
                     for code, cover in each.items()},
    }


def _cover(one: Doses) -> dict[str, Fraction]:
    presses = one.presses
    return {
        "observed_days": Fraction(one.observed_ms, DAY_MS),
        "running_days": Fraction(one.running_ms, DAY_MS),
        "bracketed_days": Fraction(one.bracketed.ms, DAY_MS),
        "bracketed_at_most_days": Fraction(one.bracketed.most_ms, DAY_MS),
        "unknown_days": Fraction(one.unknown_ms, DAY_MS),
        "withheld_days": Fraction(one.withheld_ms, DAY_MS),
        "outside_stay_days": Fraction(one.outside_ms, DAY_MS),
        "presses": Fraction(presses.asked), "given": Fraction(presses.given),
        "denied_lockout": Fraction(presses.lockout), "denied_other": Fraction(presses.other),
        "unresolved": Fraction(presses.unresolved),
    }


def _json(cover: dict[str, Fraction]) -> dict[str, Any]:
    return {key: decimal(value) if key.endswith("_days") else int(value)
            for key, value in cover.items()}
