"""The cohort's table from the store: every started patient, two windows from each one's start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .dose import DAY_MS, Doses, doses
from .episodes import Episode, episodes, overlaps, seen_by
from .errors import NotFound, Usage
from .store import Store
from .table import Table, Value, build_table

SYNTHETIC = ("The cohort is synthetic: simulated pumps and patients, run on the real firmware; these"
             " are not a study's data.")


@dataclass(frozen=True)
class Window:
    """Days [first, first + length) from a patient's start."""

    first_day: int
    length_days: int

    @classmethod
    def parse(cls, text: str, option: str) -> Window:
        """Reads '28+7': start day plus length in days."""
        first, plus, length = text.partition("+")
        if not (plus and first.isdecimal() and length.isdecimal() and int(length) > 0):
            raise Usage(f"{option} {text!r} is not a window: write start day + days, as in 28+7.")
        return cls(int(first), int(length))

    def of(self, one: Episode) -> tuple[int, int]:
        """Returns the window as Unix ms UTC; a day is 24 h of elapsed time."""
        begin = one.start_ms + self.first_day * DAY_MS
        return begin, begin + self.length_days * DAY_MS


def cohort_doses(store: Store, windows: dict[str, Window]) -> tuple[
        dict[str, dict[str, Doses]], list[dict[str, str]]]:
    """Returns {patient: {timepoint: Doses}} and the patients left out, each with the reason."""
    known = episodes(store)
    rivals = overlaps(known)
    out: dict[str, dict[str, Doses]] = {}
    excluded = []
    for code, one in sorted(known.items()):
        if code in rivals:
            excluded.append({"patient": code, "reason": f"{rivals[code]} claims the same board at"
                             " the same time: correct one of them"})
            continue
        seen = seen_by(store, one)
        out[code] = {name: doses(one, seen, *window.of(one)) for name, window in windows.items()}
        for name, found in out[code].items():
            if not found.observed_ms:
                excluded.append({"patient": code, "reason": f"nothing observed in the {name}"
                                 " window: pull the board, or unknown"})
    return out, excluded


def cohort_table(store: Store, windows: dict[str, Window], cohort: str) -> Table:
    """Builds the table of everyone in the store."""
    found, excluded = cohort_doses(store, windows)
    if not found:
        raise NotFound("no patients with records in this store: start patients and pull their"
                       " boards, or name another store with --db.")
    values = [
        Value(code, timepoint, key, figure.value, figure.low, figure.high)
        for code, each in found.items() for timepoint, one in each.items()
        for key, figure in one.per_day().items()
    ]
    coverage: dict[str, Any] = {
        timepoint: _coverage([each[timepoint] for each in found.values()]) for timepoint in windows
    }
    rows = sum(last - first + 1 for each in found.values() for one in each.values()
               for _, first, last in one.records)
    provenance = [f"From {rows} records of {len(found)} patients, every figure traceable:"
                  " pumplog table --explain KEY --patient CODE."]
    if any(one.simulated for one in episodes(store).values()):
        provenance.append(SYNTHETIC)
    return build_table(values, cohort, coverage, excluded, provenance)


def _coverage(found: list[Doses]) -> str:
    observed = sum(one.observed_ms for one in found) / DAY_MS
    running = sum(one.running_ms for one in found) / DAY_MS
    unknown = sum(one.unknown_ms for one in found) / DAY_MS
    denied = sum(one.denied for one in found)
    return (f"{observed:.2f} days observed, pump running {running:.2f}, unknown {unknown:.2f};"
            f" {denied} presses denied")
