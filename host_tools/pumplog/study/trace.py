"""What one figure rests on: the very records and entries, so that it can be computed by hand.

The records are those of `pumplog events --json`, named by log_id and seq.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..dose import PL_PER_ML, Window
from ..intervals import clip
from ..log import PumpChange, Timeline
from ..patients import MASSES, BolusPart, Observed, Stretch, episode
from ..store import Store
from .cohort import Case, cohort_doses
from .table import ROWS
from .traced import Trace, TracedAnchor, TracedBolus, TracedCalibration, TracedMinutes

_UNITS = {key: unit for key, _, unit in ROWS}
_CONTINUOUS = ("continuous volume = counts x pl_per_count of the minutes (and of RESUMED records for the"
               " end of a boot), less the boluses in them. A minute begins where the last minute ended."
               " A minute that an edge cuts counts pro rata, less its boluses."
               " A bolus = (counts - continuous_milli_counts / 1000) x pl_per_count, cut pro"
               " rata in time. What a minute did not count of it goes to the others that it touches")
_OF_ALL = _CONTINUOUS + ". All boluses count but primes"
_OF_PCIA = "the patient's boluses"
_MASS = "; mg = mL x the bag's mg/mL, bag by bag"
_DAILY = "; per 24 h observed"
FORMULAS = {
    **{f"{mass.name}_mg_day": (_OF_PCIA if mass.pcia else _OF_ALL) + _MASS + _DAILY for mass in MASSES},
    "rate_ml_h": _CONTINUOUS + ". The rate is by the hours that the pump ran",
    "pcia_per_day": "the patient's whole boluses that begin in the window" + _DAILY,
}


def traces(
    store: Store, windows: Mapping[str, Window], key: str, patient: str | None = None,
    unproven: Collection[int] = (),
) -> list[Trace]:
    """Returns a figure's traces at every timepoint, of everybody or of one patient.

    key: of the table's KEYS; patient: a code, a board or a bed. NotFoundError if there is no such
    patient, UsageError if the name means more than one. unproven: as of cohort_doses.
    """
    code = episode(store, patient).patient if patient else None
    cases = cohort_doses(store, windows, unproven)
    if code:
        cases = {code: cases[code]}
    return [trace(case, timepoint, key) for case in cases.values() for timepoint in windows]


def trace(case: Case, timepoint: str, key: str) -> Trace:
    """Returns a figure of one patient with everything that it rests on."""
    found, observed = case.doses[timepoint], case.observed
    window = found.begin_ms, found.end_ms
    stretches = list(observed.stretches_in(*window))
    return Trace(
        patient=case.episode.patient, timepoint=timepoint, key=key, unit=_UNITS[key],
        figure=found.per_day()[key], formula=FORMULAS[key], window=window,
        start_uuid=case.episode.entries[0].uuid,
        observed_ms=found.observed_ms, running_ms=found.running_ms,
        minutes=tuple(_minutes(stretch, *window) for stretch in stretches),
        bracketed=found.bracketed.brackets,
        boluses=tuple(_bolus(part, *window) for part in observed.boluses_in(*window)),
        bags=found.pieces, pump=tuple(_pump(observed, *window)),
        running=tuple(clip(observed.ran, *window)),
        calibrations=_calibrations(stretches), anchors=_anchors(observed, stretches),
        notes=found.notes,
    )


def _minutes(stretch: Stretch, begin_ms: int, end_ms: int) -> TracedMinutes:
    run = stretch.run
    first, behind = stretch.minutes(begin_ms, end_ms)
    return TracedMinutes(
        run.log_id, run.boot, run.seqs[first], run.seqs[behind - 1], behind - first,
        run.totals[behind] - run.totals[first], run.calibration,
        max(begin_ms, stretch.begin_ms), min(end_ms, stretch.end_ms))


def _bolus(part: BolusPart, begin_ms: int, end_ms: int) -> TracedBolus:
    bolus = part.bolus
    starts = begin_ms <= bolus.begin_ms < end_ms and part.begin_ms == bolus.begin_ms
    counted = starts and bolus.source == "patient" and not bolus.in_part
    return TracedBolus(bolus, counted,
                       bolus.volume_pl * part.share(begin_ms, end_ms) / PL_PER_ML)


def _pump(observed: Observed, begin_ms: int, end_ms: int) -> list[PumpChange]:
    found = []
    for view in observed.logs:
        found += [change for change in view.pump_changes if change.at_ms < begin_ms][-1:]
        found += [change for change in view.pump_changes if begin_ms <= change.at_ms < end_ms]
    return found


def _calibrations(stretches: list[Stretch]) -> tuple[TracedCalibration, ...]:
    found = {(s.run.log_id, s.run.calibration.seq): s.run.calibration for s in stretches}
    return tuple(TracedCalibration(log_id, calibration) for (log_id, _), calibration in found.items())


def _anchors(observed: Observed, stretches: list[Stretch]) -> tuple[TracedAnchor, ...]:
    timelines: dict[int, Timeline] = {view.log_id: view.timeline for view in observed.logs}
    boots = sorted({(s.run.log_id, s.run.boot) for s in stretches})
    return tuple(TracedAnchor(log_id, boot, anchor)
                 for log_id, boot in boots for anchor in timelines[log_id].anchors(boot))
