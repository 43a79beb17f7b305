"""One window's two stories, ready to be held against each other: what pumplog reads from the board's
flash, and what really happened. Times in seconds from the window's start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pumplog.patients.episodes import Episode
from pumplog.patients.observed import Observed
from pumplog.patients.shares import Sight
from pumplog.store import Store

from ..bedside.cohort import Patient, Regimen
from ..bedside.window import WindowWorld, build_window
from ..runs.cohort_run import FIRST_START
from ..runs.monte_carlo import WindowResult, WindowSpec, records

START_MS = int(FIRST_START.timestamp()) * 1000


@dataclass(frozen=True)
class Event:
    """A record that the board wrote, at_s as pumplog places it."""

    kind: str
    at_s: float
    boot: int
    uptime_ms: int
    fields: dict[str, Any]


@dataclass(frozen=True)
class Evidence:
    """truth: truth.json; world: what the sensors saw; seen: the patient's share as doses take it."""

    spec: WindowSpec
    truth: dict[str, Any]
    world: WindowWorld
    events: tuple[Event, ...]
    seen: Observed
    episode: Episode

    @property
    def window_s(self) -> int:
        """The window's length."""
        return self.world.window_s

    def of_kind(self, kind: str) -> list[Event]:
        """Returns the records of one kind."""
        return [event for event in self.events if event.kind == kind]

    def true_at(self, name: str, at_s: float) -> float:
        """Returns one of truth["trace"]'s values at a moment; exact on the trace's own moments."""
        trace = self.truth["trace"]
        return float(np.interp(at_s, np.arange(len(trace[name])) * trace["every_s"], trace[name]))

    def contents_ul(self, at_s: float) -> float:
        """Returns what the hung bag held."""
        return float(self.world.contents_ul[round(at_s) + self.world.lead_s])

    def quantum_ul(self, at_s: float) -> float:
        """Returns what a count really was then."""
        first, last = self.truth["true_ul_per_count"], self.truth["true_ul_per_count_at_end"]
        return float(first + (last - first) * at_s / self.window_s)

    def moved_ul(self) -> NDArray[np.floating[Any]]:
        """Returns what the mechanism had moved by each tick, to a quantum."""
        return self.world.counts * float(self.truth["true_ul_per_count"])


def read(result: WindowResult) -> Evidence:
    """Reads what a window's board logged, and builds its world once more."""
    spec = result.spec
    logged = records(result)
    with Store.open(result.folder / "nurse.db") as store:
        sight = Sight(store)
        episode = sight.patients[spec.name]
        seen = sight.of(episode)
    timeline = {view.log_id: view.timeline for view in seen.logs}
    events = []
    for record in logged:
        placed = timeline[record.log_id].utc(record.boot, record.uptime_ms)
        at_s = float("nan") if placed is None else (placed[0] - START_MS) / 1000
        events.append(Event(record.kind, at_s, record.boot, record.uptime_ms, record.fields))
    return Evidence(spec, result.truth, _world(spec), tuple(events), seen, episode)


def _world(spec: WindowSpec) -> WindowWorld:
    regimen = Regimen(spec.name, spec.timepoint, len(spec.deliveries), spec.rate_ul_h, spec.bolus_ul,
                      spec.lockout_s, 100_000, 50_000, spec.deliveries)
    return build_window(Patient(spec.name, {spec.timepoint: regimen}), spec.timepoint, spec.seed,
                        spec.ul_per_count, spec.calibration_error, spec.options, spec.faults)
