"""One window's two stories, ready to be held against each other: what pumplog reads from the board's
flash, and what really happened. Times in seconds from the window's start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pumplog.patients import Episode, Observed, Shares
from pumplog.store import Store

from ..bedside import Bedside, build_bedside
from ..cohort import Patient, Regimen
from ..runs import FIRST_START, WindowResult, WindowSpec, records

START_MS = int(FIRST_START.timestamp()) * 1000


@dataclass(frozen=True)
class Event:
    """A record that the board wrote."""

    kind: str  #: the record's kind
    at_s: float  #: as pumplog places it, seconds from the window's start; nan if it cannot
    boot: int  #: which boot of the board
    uptime_ms: int  #: the board's own time
    fields: dict[str, Any]  #: the record's decoded fields


@dataclass(frozen=True)
class Evidence:
    """One window's two stories."""

    spec: WindowSpec  #: what was run
    truth: dict[str, Any]  #: truth.json
    bedside: Bedside  #: what the sensors saw
    events: tuple[Event, ...]  #: what the board logged, in order
    observed: Observed  #: the patient's share of the log, as doses take it
    episode: Episode  #: the patient's stay

    @property
    def window_s(self) -> int:
        """The window's length."""
        return self.bedside.window_s

    def of_kind(self, kind: str) -> list[Event]:
        """Returns the records of one kind."""
        return [event for event in self.events if event.kind == kind]

    def true_at(self, name: str, at_s: float) -> float:
        """Returns one of truth["trace"]'s values at a moment; exact on the trace's own moments."""
        trace = self.truth["trace"]
        return float(np.interp(at_s, np.arange(len(trace[name])) * trace["every_s"], trace[name]))

    def contents_ul(self, at_s: float) -> float:
        """Returns what the hung bag held."""
        return float(self.bedside.contents_ul[round(at_s) + self.bedside.lead_s])

    def quantum_ul(self, at_s: float) -> float:
        """Returns what a count really was then."""
        first, last = self.truth["true_ul_per_count"], self.truth["true_ul_per_count_at_end"]
        return float(first + (last - first) * at_s / self.window_s)

    def moved_ul(self) -> NDArray[np.floating[Any]]:
        """Returns what the mechanism had moved by each tick, to a quantum."""
        return self.bedside.counts * float(self.truth["true_ul_per_count"])


def read(result: WindowResult) -> Evidence:
    """Reads what a window's board logged, and builds its bedside once more."""
    spec = result.spec
    logged = records(result)
    with Store.open(result.folder / "nurse.db") as store:
        shares = Shares(store, [log.log_id for log in store.logs.all()])  # no visit came after the end
        episode = shares.episodes[spec.name]
        observed = shares.of(episode)
    timeline = {view.log_id: view.timeline for view in observed.logs}
    events = []
    for record in logged:
        placed = timeline[record.log_id].utc(record.boot, record.uptime_ms)
        at_s = float("nan") if placed is None else (placed[0] - START_MS) / 1000
        events.append(Event(record.kind, at_s, record.boot, record.uptime_ms, record.fields))
    return Evidence(spec, result.truth, _bedside(spec), tuple(events), observed, episode)


def _bedside(spec: WindowSpec) -> Bedside:
    regimen = Regimen(spec.name, spec.timepoint, len(spec.deliveries), spec.rate_ul_h, spec.bolus_ul,
                      spec.lockout_s, 100_000, 50_000, spec.deliveries)
    return build_bedside(Patient(spec.name, {spec.timepoint: regimen}), spec.timepoint, spec.seed,
                        spec.ul_per_count, spec.calibration_error, spec.options, spec.faults)
